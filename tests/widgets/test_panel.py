"""What JupyterLab's panel asks of a kernel: stores without secrets, widgets by ticket, no trace."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jupyter_client.manager import KernelManager

from dj_objectstore.spec import configuration
from dj_objectstore.spec.models import SPECS
from dj_objectstore.widgets import panel
from project_folder import project

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from project_folder import Project

__all__ = ["project"]

CANARY = "canary-93bd1f-sings"
WAIT = 60


def use(monkeypatch: pytest.MonkeyPatch, config: Any) -> None:
    monkeypatch.setattr(configuration, "_provider", lambda: config)


def result_of(reply: panel.Reply) -> Any:
    """Return a result after the travel to the page."""
    content = json.loads(json.dumps(reply.content))
    assert content["ok"], content
    return content["result"]


def error_of(reply: panel.Reply) -> Any:
    content = json.loads(json.dumps(reply.content))
    assert not content["ok"], content
    return content["error"]


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    yield
    for ticket in list(panel._shown):
        panel.close(ticket)
    panel._of_file.clear()


@pytest.fixture
def stores(config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    use(monkeypatch, config)
    stores: dict[str, Any] = config["stores"]
    return stores


def test_stores_are_listed_with_their_place_their_use_and_their_problems(stores: dict[str, Any]) -> None:
    place = stores["main"]["location"]
    stores |= {
        "default": "main",
        "filepath_default": "cloud",
        "cloud": {"protocol": "s3", "bucket": "lab", "endpoint": "minio.lab.org:9000", "location": "p"},
        "odd": {"protocol": "s3", "bucket": "lab", "accesskey": CANARY},
        "wrong": "text",
    }
    result = result_of(panel.list_stores())
    listed = {store.pop("name"): store for store in result["stores"]}
    assert list(listed) == ["main", "cloud", "odd", "wrong"]
    assert listed["main"] == {
        "protocol": "file",
        "place": place,
        "is_default": True,
        "is_filepath_default": False,
        "problems": [],
    }
    assert listed["cloud"]["place"] == "s3://lab/p at minio.lab.org:9000"
    assert listed["cloud"]["is_filepath_default"]
    assert listed["odd"]["problems"] == [
        {"message": "there is no key 'accesskey'", "hint": "did you mean 'access_key'?"}
    ]
    assert listed["wrong"]["problems"]


def test_a_store_that_is_called_default_is_the_default(stores: dict[str, Any]) -> None:
    stores["default"] = stores.pop("main")
    (store,) = result_of(panel.list_stores())["stores"]
    assert (store["name"], store["is_default"]) == ("default", True)


SECRET = st.builds(lambda head, tail: head + CANARY + tail, st.text(max_size=5), st.text(max_size=5))
SECRET_FIELDS = (
    "access_key",
    "secret_key",
    "session_token",
    "token",
    "account_key",
    "sas_token",
    "connection_string",
    "proxy_server",
)
OPTIONS = st.dictionaries(st.sampled_from(["key", "secret", "client_kwargs"]), SECRET)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    protocol=st.sampled_from([*SPECS]),
    secrets=st.dictionaries(
        st.sampled_from(SECRET_FIELDS), SECRET | st.lists(SECRET) | st.none(), min_size=1
    ),
    plain=st.dictionaries(
        st.sampled_from(["bucket", "container", "location", "account_name"]), st.just("lab")
    ),
    options=OPTIONS,
)
def test_no_secret_is_ever_told(
    protocol: str,
    secrets: Mapping[str, Any],
    plain: Mapping[str, Any],
    options: Mapping[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = {"protocol": protocol, **plain, **secrets, "storage_options": dict(options)}
    use(monkeypatch, {"stores": {"default": "main", "main": store}})
    reply = panel.list_stores()
    assert reply.content["ok"]
    assert CANARY not in json.dumps(reply._repr_mimebundle_())
    assert CANARY not in json.dumps(panel.show_store("main", "t1").content)
    panel.close("t1")


def test_what_was_written_since_the_kernel_started_counts_when_it_is_reread(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(**stores: Any) -> None:
        project.write(json.dumps({"stores": stores}))

    def names(*, reread: bool) -> dict[str, str]:
        return {each["name"]: each["place"] for each in result_of(panel.list_stores(reread=reread))["stores"]}

    use(monkeypatch, project.config())
    assert names(reread=True) == {}
    write(main={"protocol": "memory"}, default="main")
    assert names(reread=False) == {}
    assert names(reread=True) == {"main": "memory://main"}
    configuration.current_configuration()["stores"]["mine"] = {"protocol": "memory"}
    write(main={"protocol": "memory", "location": "b"}, other={"protocol": "memory"}, default="other")
    assert names(reread=True) == {
        "main": "memory://main/b",
        "mine": "memory://mine",
        "other": "memory://other",
    }
    write(other={"protocol": "memory"})
    assert names(reread=True) == {"mine": "memory://mine", "other": "memory://other"}
    assert "default" not in configuration.current_configuration()["stores"]
    project.write("{ no json", name="datajoint.json")
    assert names(reread=True) == {
        "mine": "memory://mine",
        "other": "memory://other",
    }  # as it was, till mended
    (project.folder / "datajoint.json").unlink()
    assert names(reread=True) == {"mine": "memory://mine"}


def test_a_file_does_not_count_against_the_environment(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJ_STORES", json.dumps({"env": {"protocol": "memory"}}))
    use(monkeypatch, project.config())
    project.write(json.dumps({"stores": {"main": {"protocol": "memory"}}}))
    assert [each["name"] for each in result_of(panel.list_stores(reread=True))["stores"]] == ["env"]


@pytest.mark.parametrize("text", ['{"main": }', "[]", f'{{"main": "{CANARY}'])
def test_an_environment_with_which_datajoint_fails_is_told_with_the_remedy(text: str, tmp_path: Path) -> None:
    program = (
        "import json; from dj_objectstore.widgets.panel import list_stores; "
        "print(json.dumps(list_stores().content))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={"DJ_STORES": text},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    error = json.loads(run.stdout)["error"]
    assert error["message"].startswith("DJ_STORES ")
    assert "unset it" in error["hint"]
    assert CANARY not in run.stdout + run.stderr


def test_a_widget_is_kept_until_its_ticket_is_closed(stores: dict[str, Any]) -> None:
    del stores
    model = result_of(panel.show_store("main", "t1"))["model"]
    widget = panel._shown["t1"]
    assert model == widget.model_id
    assert result_of(panel.close("t1")) == {}
    assert (panel._shown, widget.comm) == ({}, None)
    assert result_of(panel.close("t1")) == {}


def test_of_very_many_widgets_the_oldest_goes(
    stores: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    del stores
    monkeypatch.setattr(panel, "MAX_SHOWN", 3)
    for number in range(5):
        panel.show_wizard(f"t{number}")
    assert [*panel._shown] == ["t2", "t3", "t4"]


def test_a_store_that_is_not_there_is_told_in_words(stores: dict[str, Any]) -> None:
    del stores
    error = error_of(panel.show_store("nowhere", "t1"))
    assert error["code"] == "store-not-configured"
    assert "nowhere" in error["message"]
    assert error["hint"]


def test_an_unknown_link_is_told_in_words(stores: dict[str, Any]) -> None:
    del stores
    error = error_of(panel.show_object("0f" * 16, "t1"))
    assert error["code"] != "unexpected"
    assert error["hint"]


def test_an_unexpected_error_tells_nothing_of_its_own(
    stores: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    del stores

    def fail() -> Any:
        raise KeyError(CANARY)

    monkeypatch.setattr(configuration, "_provider", fail)
    assert CANARY not in json.dumps(error_of(panel.list_stores()))


@given(st.text())
def test_a_text_of_jsons_is_one_of_pythons_too(text: str) -> None:
    assert ast.literal_eval(json.dumps(text, ensure_ascii=False)) == text


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_real_kernel_answers_and_nothing_is_left_in_its_namespace_and_history(tmp_path: Path) -> None:
    manager = KernelManager()
    manager.start_kernel(cwd=str(tmp_path))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=WAIT)

        def evaluate(expression: str, *, silent: bool = True) -> Any:
            client.execute("", silent=silent, store_history=False, user_expressions={"answer": expression})
            reply: Any = client.get_shell_msg(timeout=WAIT)
            return reply["content"]["user_expressions"]["answer"]["data"]

        look = "{'names': sorted(globals()), 'in': len(In), 'out': len(Out)}"
        before = evaluate(look)["text/plain"]
        module = '__import__("dj_objectstore.widgets.panel", fromlist=["panel"])'
        listed = evaluate(f"{module}.list_stores(reread=True)")["application/json"]
        shown = evaluate(f'{module}.show_wizard("t1")')["application/json"]
        assert listed["result"]["folder"] == str(tmp_path)
        assert shown["result"]["model"]
        assert evaluate(look)["text/plain"] == before
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)

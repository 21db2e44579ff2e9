"""A store knows which project it belongs to."""

from __future__ import annotations

import io
import json
import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.exceptions import ConfigurationError, FormatError
from dj_objectstore.spec import configuration
from dj_objectstore.spec.configuration import Client
from dj_objectstore.spec.models import parse_spec
from dj_objectstore.store.identity import KEY, build_identity, parse_identity
from dj_objectstore.store.store import Store


@pytest.fixture
def settings():
    return {"protocol": "memory", "location": uuid.uuid4().hex}


@pytest.fixture
def client():
    before = configuration._describe_client
    configuration.set_client(lambda: Client("2.3.5", "db.example.com", "lab"))
    yield
    configuration.set_client(before)


def open_as(settings, project):
    """Open the store as a client of a project that has just started."""
    return Store(parse_spec("main", settings | ({"project_name": project} if project else {})))


@pytest.mark.usefixtures("client")
def test_the_first_write_makes_the_file(settings):
    store = open_as(settings, "my_project")
    assert list(store.list()) == []
    store.put("a", b"1")
    made = json.loads(store.get(KEY))
    assert datetime.fromisoformat(made.pop("created")) <= datetime.now(UTC)
    assert made == {
        "project_name": "my_project",
        "format_version": "1.0",
        "datajoint_version": "2.3.5",
        "database_host": "db.example.com",
        "database_name": "lab",
    }


@pytest.mark.parametrize(
    "write",
    [
        lambda store, _: store.put_stream("a", io.BytesIO(b"1")),
        lambda store, folder: store.put_folder("a", folder),
        lambda store, _: store.fs.recording("a").pipe_file("a/b", b"1"),
    ],
)
def test_every_way_of_writing_makes_the_file(settings, tmp_path, write):
    (tmp_path / "f").write_bytes(b"1")
    store = open_as(settings, "mine")
    write(store, tmp_path)
    assert store.exists(KEY)


def test_a_client_that_only_reads_never_makes_it(settings):
    open_as(settings, None).put("a", b"1")
    store = open_as(settings, "mine")
    assert store.get("a") == b"1"
    store.delete(["a"])
    assert list(store.list()) == []


def test_without_a_project_name_nothing_is_made_and_nothing_compared(settings):
    open_as(settings, "theirs").put("a", b"1")
    assert open_as(settings, None).get("a") == b"1"


@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.get("a"),
        lambda store: store.put("b", b"1"),
        lambda store: list(store.list()),
        lambda store: store.fs.ls(""),
        lambda store: store.delete(["a"]),
    ],
)
def test_another_project_is_refused_with_both_names_and_the_setting(settings, use):
    open_as(settings, "theirs").put("a", b"1")
    with pytest.raises(ConfigurationError, match=r"belongs to the project 'theirs', .* for 'mine'") as told:
        use(open_as(settings, "mine"))
    assert "stores.main.project_name" in told.value.hint


def test_two_that_write_first_at_once_agree_on_one_file(settings, monkeypatch):
    slow, quick = open_as(settings, "mine"), open_as(settings, "theirs")
    make = slow._connection.identity._make
    monkeypatch.setattr(slow._connection.identity, "_make", lambda: quick.put("b", b"1") and make())
    with pytest.raises(ConfigurationError, match="'theirs'"):
        slow.put("a", b"1")
    assert not quick.exists("a")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"{", "is not JSON"),
        (b"[]", "names no project_name"),
        (b'{"project_name": "mine", "format_version": "2.0"}', "must be of format_version '1.0', got '2.0'"),
        (b'{"project_name": "mine"}', "got None"),
    ],
)
def test_a_file_that_is_not_understood_is_an_error(settings, data, problem):
    open_as(settings, None).put(KEY, data)
    with pytest.raises(FormatError, match=problem):
        open_as(settings, "mine").get("a")


@given(st.text(max_size=20), st.none() | st.text(max_size=9), st.datetimes(timezones=st.just(UTC)))
def test_what_is_built_is_parsed(project, host, created):
    data = build_identity(project, Client("2.3.5", host), created=created)
    found = parse_identity(data, where="here")
    assert (found["project_name"], found.get("database_host")) == (project, host)
    assert datetime.fromisoformat(found["created"]) == created.replace(microsecond=0)

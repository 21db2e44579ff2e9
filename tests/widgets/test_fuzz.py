"""Whatever a page sends is answered or refused, and touches nothing: thousands of broken messages.

Each begins as a message that a page would send, of the fixture or drawn from the protocol's models, and is
bent: other types, sizes, paths, numbers, methods.
`make stress` sends more than ten thousand.
"""

from __future__ import annotations

import copy
import itertools
import json
import os
import queue
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import datajoint as dj
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dj_objectstore.store.local import LocalBackend
from dj_objectstore.widgets.browser import browse
from dj_objectstore.widgets.messages.protocol import ProtocolError, parse_message
from dj_objectstore.widgets.scrubber import scrub
from dj_objectstore.widgets.wizard import Wizard
from drawn_messages import drawn_messages, messages_of, methods, models

FIXTURE = json.loads((Path(__file__).parents[1] / "fixtures" / "messages.json").read_text(encoding="utf-8"))
WIDGETS = ("scrubber", "object", "rows", "store", "wizard")
WAIT = 60.0
LEAST = 20
"""Messages that each outcome must be seen for, or the test has tested nothing."""
NOBODY = "127.0.0.1:9"
DRAFT = {"kind": "s3", "name": "main", "values": {"endpoint": NOBODY, "bucket": "lab", "secure": False}}
CHANGES = {
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.link",
    "os.symlink",
    "os.chmod",
    "os.truncate",
}
NEVER = {"subprocess.Popen", "os.system", "os.exec", "os.putenv", "os.unsetenv", "pickle.find_class"}
STORE_WRITES = ("write", "upload", "copy", "delete", "folder", "delete_folders")

HOSTILE = (
    "../../etc/passwd",
    "/etc/passwd",
    "file:///etc/passwd",
    "n1/../..",
    "..",
    "%2e%2e%2f",
    "<img src=x onerror=alert(1)>",
    "'; DROP TABLE scan; --",
    "scan_id = 1) OR (1 = 1",
    "{0.__class__}",
    "\x00",
    "x" * 100_000,
    -1,
    2**31,
    2**53,
    2**64,
    10**400,
    1e308,
    float("nan"),
    float("inf"),
    True,
    None,
    [],
    {},
    [[[[[[[[]]]]]]]],
    {"a": {"a": {"a": {"a": {}}}}},
    [0] * 10_000,
)
values = st.integers(0, len(HOSTILE) - 1).map(lambda n: copy.deepcopy(HOSTILE[n])) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def paths_in(value, path=()):
    """Every place in a message, those inside of lists and dicts too."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in inside:
        yield (*path, name)
        yield from paths_in(inner, (*path, name))


@st.composite
def bent_messages(draw):
    """A message as it would be, or bent in up to three places."""
    message = copy.deepcopy(draw(st.sampled_from(FIXTURE["to_kernel"]) | drawn_messages()))
    if message.get("method") == "setup_test":
        message["params"] = copy.deepcopy(DRAFT)
    for _ in range(draw(st.sampled_from([0, 1, 1, 2, 3]))):
        places = [path for path in paths_in(message) if path not in {("id",), ("view",)}]
        if not places:
            break
        *above, last = draw(st.sampled_from(places))
        holder = message
        for name in above:
            holder = holder[name]
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                holder[last] = draw(values)
            case "remove":
                del holder[last]
            case "add" if isinstance(holder, dict):
                holder[draw(st.text(max_size=8) | st.sampled_from(["path", "__proto__", "store"]))] = draw(
                    values
                )
    return message


anything = st.tuples(st.integers(0, 99), st.one_of(*[bent_messages()] * 4, values))
"""Who is spoken to, and the message."""
one_of_each = st.tuples(*map(messages_of, models()))


class Watch:
    """What the process did to files, processes and pickles while it was on."""

    def __init__(self, allowed):
        self.on = False
        self.seen = []
        self._allowed = str(allowed)
        sys.addaudithook(self._hear)

    def _hear(self, event, args):
        if not self.on:
            return
        if event in NEVER:
            self.seen.append((event, str(args)))
        elif event == "open" and isinstance(args[0], (str, bytes)):
            written = os.O_WRONLY | os.O_RDWR | os.O_CREAT
            if (isinstance(args[2], int) and args[2] & written) or set(args[1] or "r") & set("wax+"):
                self._note(event, args[0])
        elif event in CHANGES:
            self._note(event, args[0])

    def _note(self, event, path):
        path = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
        where = os.path.realpath(path)
        is_ours = where == self._allowed or where.startswith(f"{self._allowed}/")
        if not (is_ours or "__pycache__" in where or where == os.devnull):
            self.seen.append((event, path))


class Stage:
    """One widget of each kind, and what they answer."""

    def __init__(self, widgets):
        self.widgets = widgets
        self.inbox = queue.Queue()
        self._ids = itertools.count(1000)
        for widget in widgets.values():
            widget._channel._post = self.post

    def post(self, message, buffers):
        json.dumps(message)
        self.inbox.put((message, [bytes(buffer) for buffer in buffers]))

    def send(self, name, message):
        """Send a message; return the key of the answer that must come, if one must."""
        if isinstance(message, dict) and isinstance(message.get("id"), int):
            message["id"] = next(self._ids)
        expected = _expected(message)
        if expected != "skip":
            self.widgets[name]._channel.receive(None, message, [])
        return expected

    def choose(self, who, message):
        """Return the name of a widget, mostly one that has the method that is asked for."""
        method = message.get("method") if isinstance(message, dict) else None
        fitting = [name for name in WIDGETS if self.has(name, method)]
        names = fitting if fitting and who % 4 else WIDGETS
        return names[who // 4 % len(names)]

    def has(self, name, method):
        known = self.widgets[name]._channel._methods
        return isinstance(method, str) and (method in known or method == "frame")

    def asked(self, name, message):
        """Return which of its methods a widget is asked for within the bounds; None for anything else."""
        with suppress(ProtocolError):
            method = getattr(parse_message(message), "method", None)
            return method if self.has(name, method) else None

    def hear(self, expected):
        """Return the answers, each of which must come once."""
        answers, deadline = {}, time.monotonic() + WAIT
        while expected - answers.keys():
            try:
                message, _ = self.inbox.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no answer to {expected - answers.keys()}") from None
            if message["kind"] == "response":
                key = (message["view"], message["id"])
                assert key not in answers, message
                answers[key] = message
        return answers


def _expected(message):
    """Return whether and under which key a message must be answered; "skip" for one that may leave here."""
    fields = message if isinstance(message, dict) else {}
    try:
        parsed = parse_message(message)
    except ProtocolError:
        view, request = fields.get("view"), fields.get("id")
        has_address = isinstance(view, str) and isinstance(request, int) and len(view) <= 64
        return (view, request) if has_address else None
    if parsed.kind not in {"request", "play"}:
        return None
    if getattr(parsed, "method", "") == "setup_test" and parsed.params.values != DRAFT["values"]:
        return "skip"  # a test that was asked for may write where the user says
    return parsed.view, parsed.id


@pytest.fixture
def scan(dj_schema, dj_store, tmp_path):
    del dj_store
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "<b>a.txt").write_bytes(b"first")

    class Scan(dj.Manual):
        definition = """
        scan_id : int32
        ---
        note : varchar(80)
        files = null : <object@main>
        """

    table = dj_schema(Scan)
    table.insert({"scan_id": n, "note": "<script>", "files": tmp_path / "one"} for n in range(3))
    return table


@pytest.fixture
def stage(movie, files, store, scan, tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    (tmp_path / "project" / ".git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "home")
    widgets = {
        "scrubber": scrub(movie),
        "object": browse(files),
        "rows": browse(scan),
        "store": browse(store),
        "wizard": Wizard(tmp_path / "project"),
    }
    stage = Stage(widgets)
    for name in ("object", "rows", "store"):  # so that the ids of the messages are those of something
        stage.hear({stage.send(name, _ask("rows" if name == "rows" else "list"))})
    yield stage
    for widget in widgets.values():
        widget.close()


def _ask(method):
    params = {"rows": {}, "list": {"node": ""}}[method]
    return {"kind": "request", "view": "b1", "id": 1, "method": method, "params": params}


@pytest.fixture
def written(monkeypatch):
    """The calls that write to a store."""
    calls = []
    for name in STORE_WRITES:
        real = getattr(LocalBackend, name)

        def record(self, *args, _name=name, _real=real, **options):
            calls.append((_name, args))
            return _real(self, *args, **options)

        monkeypatch.setattr(LocalBackend, name, record)
    return calls


def snapshot(folder):
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "downloads" not in path.parts
    }


def test_no_message_of_a_page_breaks_or_touches_anything(stage, written, tmp_path):
    watch = Watch(tmp_path / "home" / "downloads")
    files, environment = snapshot(tmp_path), dict(os.environ)
    written.clear()
    codes, done, asked = set(), Counter(), set()

    @settings(suppress_health_check=list(HealthCheck))
    @given(st.lists(anything, min_size=5, max_size=20), st.integers(0, 99), one_of_each)
    def send(messages, first, whole):
        messages += enumerate(whole, first)
        messages = [(stage.choose(who, message), message) for who, message in messages]
        watch.on = True
        try:
            expected = {stage.send(name, message) for name, message in messages}
            done["sent"] += len(messages)
            asked.update(method for name, message in messages if (method := stage.asked(name, message)))
            answers = stage.hear(expected - {None, "skip"})
        finally:
            watch.on = False
        done["answered"] += sum(answer["ok"] for answer in answers.values())
        done["refused"] += sum(not answer["ok"] for answer in answers.values())
        failed = [answer["error"] for answer in answers.values() if not answer["ok"]]
        codes.update(error["code"] for error in failed)
        assert [error for error in failed if error["code"] in {"unexpected", "memory"}] == []
        assert watch.seen == []

    send()
    assert written == []
    assert snapshot(tmp_path) == files
    assert dict(os.environ) == environment
    assert {"protocol", "value-refused"} <= codes
    assert min(done.values()) > LEAST
    assert asked == methods(), "every method was asked for, of a widget that has it"
    print(f"{done['sent']:,} messages, {done['answered']:,} answered, {done['refused']:,} refused")


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
@given(data=st.data())
@settings(max_examples=10)
def test_what_is_drawn_is_within_the_bounds_of_the_protocol(model, data):
    assert isinstance(parse_message(data.draw(messages_of(model))), model)


def test_what_would_be_touched_is_noticed(written, store, tmp_path):
    (tmp_path / "allowed").mkdir()
    watch = Watch(tmp_path / "allowed")
    watch.on = True
    (tmp_path / "allowed" / "a").write_bytes(b"")
    (tmp_path / "b").write_bytes(b"")
    (tmp_path / "b").unlink()
    store.put("c", b"")
    watch.on = False
    (tmp_path / "d").write_bytes(b"")
    assert [event for event, path in watch.seen if path == str(tmp_path / "b")] == ["open", "os.remove"]
    assert {Path(path).parent for _, path in watch.seen} <= {
        tmp_path,
        *(tmp_path / "store").rglob("*"),
        tmp_path / "store",
    }
    assert "write" in {name for name, _ in written}

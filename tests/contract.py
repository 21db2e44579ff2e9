"""What the stores of every protocol promise: the tests of each subclass this with their fixtures."""

from __future__ import annotations

import io
import pickle
import socket
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import xxhash

from dj_objectstore.exceptions import (
    ObjectExistsError,
    ObjectNotFoundError,
    StoreUnavailableError,
    UnsafePathError,
    ValueRefusedError,
)
from dj_objectstore.paths.layout import RESERVED_PREFIX
from dj_objectstore.spec.models import parse_spec
from dj_objectstore.store.backend import PAGE, PART
from dj_objectstore.store.store import open_store
from object_servers import free_port

MIB = 2**20
LARGE = bytes(range(256)) * (PART // 256) * 2 + b"tail"


class StoreContract:
    def test_gives_back_what_was_put(self, store):
        written = store.put("a/b.bin", b"hello")
        assert store.get("a/b.bin") == b"hello"
        assert written == (5, xxhash.xxh3_128_hexdigest(b"hello"))

    def test_ranges_are_those_of_a_slice(self, store):
        data = bytes(range(100))
        store.put("r", data)
        for start, end in [
            (0, 10),
            (90, None),
            (-7, None),
            (5, 5),
            (50, 1000),
            (100, None),
            (200, 300),
            (3, -3),
        ]:
            assert store.get("r", start, end) == data[start:end], (start, end)

    def test_never_overwrites_unless_told(self, store):
        store.put("k", b"one")
        with pytest.raises(ObjectExistsError, match="'k'"):
            store.put("k", b"two")
        store.put("k", b"three", overwrite=True)
        assert store.get("k") == b"three"

    def test_of_many_that_create_a_key_at_once_one_succeeds(self, store):
        def create(number):
            try:
                store.put("raced", b"%d" % number)
            except ObjectExistsError:
                return None
            return number

        with ThreadPoolExecutor(6) as pool:
            winners = [number for number in pool.map(create, range(6)) if number is not None]
        assert [b"%d" % number for number in winners] == [store.get("raced")]

    def test_an_empty_file_is_a_file(self, store):
        store.put("empty", b"")
        assert store.get("empty") == b""
        assert [(entry.key, entry.size) for entry in store.list()] == [("empty", 0)]
        with pytest.raises(ObjectExistsError):
            store.put_stream("empty", io.BytesIO(b""))

    def test_what_is_missing_is_named(self, store):
        for ask in (store.get, store.open, store.info, store.children):
            with pytest.raises(ObjectNotFoundError, match="no/such"):
                ask("no/such")
        assert not store.exists("no/such")
        assert list(store.list("no/such")) == []

    def test_a_folder_is_no_file(self, store):
        store.put("folder/a", b"1")
        assert not store.exists("folder")
        assert store.info("folder").is_dir
        with pytest.raises(ObjectNotFoundError):
            store.open("folder")
        with pytest.raises(ObjectNotFoundError):
            store.children("folder/a")

    def test_lists_files_with_sizes_and_times_sorted_by_key(self, store):
        for key in ("b/x", "b.txt", "a", "b/c/y", "ba"):
            store.put(key, key.encode())
        found = list(store.list())
        assert [entry.key for entry in found] == ["a", "b.txt", "b/c/y", "b/x", "ba"]
        assert [entry.size for entry in found] == [1, 5, 5, 3, 2]
        assert all(abs(datetime.now(UTC) - entry.modified) < timedelta(minutes=5) for entry in found)
        assert [entry.key for entry in store.list("b")] == ["b/c/y", "b/x"]
        assert [entry.key for entry in store.list("b/")] == ["b/c/y", "b/x"]
        assert [entry.key for entry in store.list("b.txt")] == ["b.txt"]
        assert list(store.list("b.txt/")) == []

    def test_children_are_one_level_and_never_from_a_cache(self, store):
        store.put("f/a.txt", b"12")
        store.put("f/sub/deep/b", b"3")
        assert [(c.name, c.is_dir, c.size) for c in store.children("f")] == [
            ("a.txt", False, 2),
            ("sub", True, None),
        ]
        store.put("f/later", b"")
        assert [c.name for c in store.children("f")] == ["a.txt", "later", "sub"]
        assert [c.name for c in store.children() if c.name != RESERVED_PREFIX] == ["f"]

    def test_an_empty_store_has_no_children(self, store):
        assert store.children() == []
        assert list(store.list()) == []

    def test_deletes_what_is_there_and_ignores_what_is_not(self, store):
        store.put("d/a", b"1")
        store.put("d/b", b"2")
        store.delete(["d/a", "d/nothing", "neither"])
        assert [entry.key for entry in store.list()] == ["d/b"]

    def test_deletes_a_tree_and_not_its_neighbours(self, store):
        for key in ("t/a", "t/b/c", "t.json", "ta"):
            store.put(key, b"1")
        assert store.delete_tree("t") == 2
        assert [entry.key for entry in store.list()] == ["t.json", "ta"]
        assert store.delete_tree("t") == 0
        assert store.delete_tree("ta") == 1
        with pytest.raises(UnsafePathError):
            store.delete_tree("")

    @pytest.mark.parametrize(
        "path", ["../x", "a/../b", "/etc/passwd", "a//b", "./a", "a/.", "a\\b", "a\0b", "..", "\udc80"]
    )
    def test_nothing_outside_can_be_named(self, store, path):
        for ask in (store.get, store.exists, store.url, store.delete_tree, store.open, store.children):
            with pytest.raises(UnsafePathError):
                ask(path)
        with pytest.raises(UnsafePathError):
            store.put(path, b"")
        with pytest.raises(UnsafePathError):
            list(store.list(path))

    def test_names_that_look_like_patterns_or_escapes_are_plain_names(self, store):
        for name in ("a[1].txt", "b*", "c?d", "%2E%2E", "e f", "x=ü~", "#g", "h:i", "'q'"):
            store.put(f"odd/{name}", name.encode())
            assert store.get(f"odd/{name}") == name.encode()
            assert store.fs.cat(f"odd/{name}") == name.encode()
        assert len(list(store.list("odd"))) == 9
        store.delete(entry.key for entry in store.list("odd"))
        assert list(store.list("odd")) == []

    def test_reads_a_file_like_a_file(self, store):
        store.put("lines", b"one\ntwo\nthree")
        with store.open("lines") as file:
            assert file.readline() == b"one\n"
            assert file.seek(-5, io.SEEK_END) == 8
            assert file.read() == b"three"
            file.seek(4)
            assert file.read(3) == b"two"
            assert file.read(0) == b""

    def test_a_large_file_goes_through_in_parts(self, store, tmp_path):
        path = tmp_path / "large.bin"
        path.write_bytes(LARGE)
        told = []
        written = store.put_file("large", path, progress=lambda done, total: told.append((done, total)))
        assert written == (len(LARGE), xxhash.xxh3_128_hexdigest(LARGE))
        assert told[-1] == (len(LARGE), len(LARGE))
        assert store.get("large", PART - 2, PART + 2) == LARGE[PART - 2 : PART + 2]
        with store.open("large") as file:
            assert xxhash.xxh3_128_hexdigest(file.read()) == written.digest
        with pytest.raises(ObjectExistsError):
            store.put_file("large", path)
        assert store.get("large", -4) == b"tail"

    @pytest.mark.parametrize("sent", [b"short", LARGE])
    def test_a_failed_write_leaves_nothing(self, store, sent):
        class Breaks(io.BytesIO):
            def read(self, size=-1):
                if self.tell() >= len(sent):
                    raise ConnectionResetError("the line went dead")
                return super().read(size)

        with pytest.raises(ConnectionResetError):
            store.put_stream("broken", Breaks(sent))
        assert list(store.list()) == []

    def test_a_writer_that_nobody_closed_leaves_nothing(self, store):
        writer = store.writer("dropped")
        writer.write(LARGE)
        del writer
        assert list(store.list()) == []

    def test_a_stream_of_text_is_refused(self, store):
        with pytest.raises(ValueRefusedError, match="rb"):
            store.put_stream("text", io.StringIO("text"))
        assert list(store.list()) == []

    def test_stores_a_folder_with_sizes_and_digests(self, store, tmp_path):
        (tmp_path / "sub").mkdir()
        files = {"a.txt": b"a", "sub/b.bin": b"bb", "sub/empty": b""}
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
        told = []
        found = store.put_folder("obj", tmp_path, progress=lambda done, total: told.append((done, total)))
        assert found == [(n, len(d), xxhash.xxh3_128_hexdigest(d)) for n, d in sorted(files.items())]
        assert told[-1] == (3, 3)
        assert {entry.key: store.get(entry.key) for entry in store.list()} == {
            f"obj/{name}": data for name, data in files.items()
        }
        with pytest.raises(ObjectExistsError):
            store.put_folder("obj", tmp_path)

    def test_pickles_small_to_the_same_store(self, store):
        store.put("kept", b"1")
        data = pickle.dumps(store)
        assert len(data) < 600
        assert pickle.loads(data).get("kept") == b"1"

    @pytest.fixture
    def is_in_this_process(self):
        """Whether the server's own memory counts as ours."""
        return False

    def test_a_large_stream_is_sent_in_memory_that_does_not_grow(self, store, full_size, is_in_this_process):
        if is_in_this_process:
            pytest.skip("the server keeps its data in the memory of this process")
        size = (200 if full_size else 100) * MIB
        tracemalloc.start()
        try:
            written = store.put_stream("large", Zeros(size))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert written.size == store.info("large").size == size
        assert peak < 9 * PART
        assert store.get("large", size - 3, size) == bytes(3)

    @pytest.fixture
    def cuts_pages(self):
        """Whether the server gives pages of the size that it is asked for."""
        return True

    def test_lists_page_by_page(self, store, full_size, cuts_pages):
        count = 5000 if full_size else 130
        size = PAGE if full_size else 50
        store._backend.page_size = size
        keys = [f"many/{number:05}" for number in range(count)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: store.put(key, b""), keys))
        pages = list(store.pages("many"))
        assert [entry.key for page in pages for entry in page] == keys
        assert [entry.key for entry in store.list("many")] == keys
        names = [[child.name for child in page] for page in store.child_pages("many")]
        assert [f"many/{name}" for page in names for name in page] == keys
        if cuts_pages:
            assert max(map(len, pages)) == max(map(len, names)) == size
        assert store.delete_tree("many") == count
        assert list(store.pages()) == []

    def test_pages_of_children_hold_each_file_and_folder_once(self, store, cuts_pages):
        store._backend.page_size = 2
        for name in ("a", "b/1", "b/2", "b/3", "c", "d/deep/1", "e.txt", "e/1"):
            store.put(f"f/{name}", b"12")
        pages = list(store.child_pages("f"))
        found = sorted((child.name, child.is_dir, child.size) for page in pages for child in page)
        folders = [(name, True, None) for name in ("b", "d", "e")]
        assert found == sorted([*folders, *((name, False, 2) for name in ("a", "c", "e.txt"))])
        assert all(1 <= len(page) <= 2 for page in pages) or not cuts_pages
        with pytest.raises(ObjectNotFoundError, match="no/such"):
            next(store.child_pages("no/such"))
        assert [entry.key for entry in next(store.pages("f/c"))] == ["f/c"]


class Zeros(io.RawIOBase):
    """A stream of zeros that holds none of them."""

    def __init__(self, size):
        self.left = size

    def read(self, size=-1):
        count = min(self.left, size)
        self.left -= count
        return bytes(count)


ASK = {
    "get": lambda store: store.get("a"),
    "open": lambda store: store.open("a"),
    "list": lambda store: list(store.list()),
    "children": lambda store: store.children("folder"),
    "exists": lambda store: store.exists("a"),
    "put": lambda store: store.put("a", b"1"),
    "stream": lambda store: store.put_stream("a", io.BytesIO(LARGE)),
    "delete": lambda store: store.delete(["a"]),
}


class ServerContract(StoreContract):
    """What a store on a server promises besides: `server` is an `ObjectServer`."""

    read_seconds = ""  # where the time-out of the protocol is kept

    @pytest.fixture
    def settings(self, server):
        return server.settings()

    @pytest.fixture
    def store(self, settings):
        return open_store(parse_spec("cloud", settings))

    @pytest.mark.parametrize("ask", ASK)
    def test_a_missing_bucket_is_a_missing_location(self, settings, ask):
        store = open_store(parse_spec("cloud", settings | {"bucket": "no-such-bucket"}))
        with pytest.raises(
            StoreUnavailableError, match=r"store 'cloud' does not exist: .*no-such-bucket"
        ) as told:
            ASK[ask](store)
        assert "correct the location (or bucket)" in told.value.hint

    def test_an_endpoint_where_nobody_listens_is_told(self, server, settings):
        store = open_store(parse_spec("far", settings | server.at(f"127.0.0.1:{free_port()}")))
        with pytest.raises(StoreUnavailableError, match=r"store 'far' .* did not answer for 'a'") as told:
            store.get("a")
        assert "Check the endpoint and the network" in told.value.hint

    def test_an_endpoint_that_does_not_answer_is_told(self, server, settings, monkeypatch):
        monkeypatch.setattr(self.read_seconds, 0.2)
        with silent_server() as endpoint:
            store = open_store(parse_spec("slow", settings | server.at(endpoint)))
            with pytest.raises(StoreUnavailableError, match=r"store 'slow' .* did not answer for 'a'"):
                store.get("a")

    @pytest.fixture
    def wrong(self):
        """Settings that are refused, each with what the message must say and what the hint must."""
        return {}

    def test_wrong_credentials_are_told_with_what_to_correct(self, settings, wrong):
        for name, (setting, message, hint) in wrong.items():
            store = open_store(parse_spec(name, settings | setting))
            for ask in ("get", "list", "exists", "put"):
                with pytest.raises(StoreUnavailableError, match=f"store '{name}' .* refuses access") as told:
                    ASK[ask](store)
                if ask not in ("exists", "get"):  # some services answer a HEAD without saying why
                    assert message in told.value.message
                    assert hint in told.value.hint


@contextmanager
def silent_server():
    """Take every connection, and never answer."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        taken = []

        def take():
            while True:
                try:
                    taken.append(listener.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield "{}:{}".format(*listener.getsockname())
        listener.shutdown(socket.SHUT_RDWR)
        for line in taken:
            line.close()

"""A fetched object that is inserted again is copied by the server, where the server can."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datajoint as dj
import pytest

import dj_objectstore as djo
from dj_objectstore.objects.manifest import manifest_key, parse_manifest
from dj_objectstore.store import s3_copy

KEY = {"i": 1}
DEFINITION = """
i : int32
---
files = null : <object@main>
elsewhere = null : <object@other>
note = null : <file@main>
"""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the requests that are sent to S3."""
    from aiobotocore.client import AioBaseClient

    names: list[str] = []
    send = AioBaseClient._make_api_call

    async def counted(self: Any, name: str, parameters: Any) -> Any:
        names.append(name)
        return await send(self, name, parameters)

    monkeypatch.setattr(AioBaseClient, "_make_api_call", counted)
    return names


@pytest.fixture(params=["file", "moto_server", "azurite_server", "gcs_server"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """The settings of a store of each protocol."""
    if request.param == "file":
        (tmp_path / "store").mkdir()
        return {"protocol": "file", "location": str(tmp_path / "store")}
    found: dict[str, Any] = request.getfixturevalue(request.param).settings()
    return found


def declared(dj_schema: Any, main: dict[str, Any], other: dict[str, Any]) -> Iterator[Any]:
    before = dict(dj.config.stores)
    dj.config.stores = {"default": "main", "main": main, "other": other}
    try:
        yield dj_schema(type("Scan", (dj.Manual,), {"definition": DEFINITION}))
    finally:
        dj.config.stores = before


@pytest.fixture
def scan(dj_schema: Any, settings: dict[str, Any]) -> Iterator[Any]:
    """A table on two stores of one service, which differ in their location."""
    other = {**settings, "location": f"{settings['location']}/other"}
    if settings["protocol"] == "file":
        Path(other["location"]).mkdir()
    yield from declared(dj_schema, settings, other)


@pytest.fixture
def bucket_scan(dj_schema: Any, moto_server: Any) -> Iterator[Any]:
    """A table on two buckets of S3."""
    yield from declared(dj_schema, moto_server.settings(), moto_server.settings())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "session"
    (root / "sub").mkdir(parents=True)
    (root / "notes.txt").write_text("a quiet mouse")
    (root / "sub" / "empty.bin").write_bytes(b"")
    (root / "sub" / "größe +%20.csv").write_text("a,b\n1,2\n")
    return root


@pytest.mark.parametrize("field", ["files", "elsewhere"])
def test_a_copy_is_whole_and_another_object(scan: Any, folder: Path, field: str) -> None:
    scan.insert1({**KEY, "files": folder})
    ref = (scan & KEY).fetch1("files")
    scan.insert1({"i": 2, field: ref})
    copy = (scan & {"i": 2}).fetch1(field)
    assert (copy.path, copy.size, copy.item_count) == (copy.path, ref.size, ref.item_count)
    assert copy.path != ref.path
    assert sorted(copy.find()) == sorted(ref.find())
    assert copy.read("sub/größe +%20.csv") == b"a,b\n1,2\n"
    assert copy.verify(read_data=True)
    files = [parse_manifest(one.opened.get(manifest_key(one.path))).files for one in (ref, copy)]
    assert files[0] == files[1]
    ref.opened.delete_tree(ref.path)
    assert copy.verify(read_data=True)


def test_on_disk_a_copy_shares_nothing_with_its_source(
    dj_schema: Any, dj_store: djo.Store, folder: Path
) -> None:
    del dj_store
    scan = dj_schema(type("Scan", (dj.Manual,), {"definition": "i : int32\n---\nfiles : <object@main>"}))
    scan.insert1({**KEY, "files": folder / "notes.txt"})
    ref = scan.fetch1("files")
    scan.insert1({"i": 2, "files": ref})
    copy = (scan & {"i": 2}).fetch1("files")
    first, second = Path(ref.full_path), Path(copy.full_path)
    assert first.stat().st_ino != second.stat().st_ino
    assert second.stat().st_nlink == 1
    first.write_text("a loud mouse!")
    assert copy.read() == b"a quiet mouse"


@pytest.mark.parametrize("field", ["files", "elsewhere"])
def test_no_byte_is_downloaded(bucket_scan: Any, folder: Path, sent: list[str], field: str) -> None:
    bucket_scan.insert1({**KEY, "files": folder})
    ref = bucket_scan.fetch1("files")
    sent.clear()
    bucket_scan.insert1({"i": 2, field: ref})
    assert sent.count("CopyObject") == 3
    assert sent.count("GetObject") <= 2  # the manifest alone
    assert sent.count("PutObject") == 2  # a marker and the manifest
    copy = (bucket_scan & {"i": 2}).fetch1(field)
    assert copy.verify(read_data=True)


def test_a_file_keeps_its_name_and_its_hash_without_being_read(
    bucket_scan: Any, folder: Path, sent: list[str]
) -> None:
    bucket_scan.insert1({**KEY, "note": folder / "notes.txt"})
    ref = bucket_scan.fetch1("note")
    sent.clear()
    bucket_scan.insert1({"i": 2, "note": ref, "files": ref})
    assert "GetObject" not in sent
    row = (bucket_scan & {"i": 2}).fetch1()
    assert (row["note"].original_name, row["note"].hash) == ("notes.txt", ref.hash)
    assert row["note"].digest == row["files"].digest == ref.digest
    assert row["note"].verify(read_data=True)
    assert row["files"].verify(read_data=True)


def test_a_hash_that_is_not_known_is_taken_by_reading(
    bucket_scan: Any, folder: Path, sent: list[str]
) -> None:
    bucket_scan.insert1({**KEY, "files": folder / "notes.txt"})
    ref = bucket_scan.fetch1("files")
    sent.clear()
    bucket_scan.insert1({"i": 2, "note": ref, "files": djo.Source(ref, hash="md5")})
    assert "CopyObject" not in sent
    row = (bucket_scan & {"i": 2}).fetch1()
    assert row["note"].hash.startswith("sha256:")
    assert row["files"].hash.startswith("md5:")


def test_between_services_the_bytes_pass_through(
    dj_schema: Any, dj_store: djo.Store, moto_server: Any, folder: Path, sent: list[str]
) -> None:
    for scan in declared(dj_schema, moto_server.settings(), dj.config.stores["main"]):
        scan.insert1({**KEY, "files": folder})
        scan.insert1({"i": 2, "elsewhere": scan.fetch1("files")})
        copy = (scan & {"i": 2}).fetch1("elsewhere")
        assert copy.opened.spec.location == dj_store.spec.location
        assert copy.verify(read_data=True)
        scan.insert1({"i": 3, "files": copy})
        assert (scan & {"i": 3}).fetch1("files").verify(read_data=True)
        assert "CopyObject" not in sent


def test_other_credentials_are_not_used_for_a_copy(
    dj_schema: Any, moto_server: Any, folder: Path, sent: list[str]
) -> None:
    main = moto_server.settings()
    other = {**main, "location": "elsewhere", "access_key": "AKIASOMEBODYELSE"}
    for scan in declared(dj_schema, main, other):
        scan.insert1({**KEY, "files": folder})
        scan.insert1({"i": 2, "elsewhere": scan.fetch1("files")})
        assert "CopyObject" not in sent
        assert (scan & {"i": 2}).fetch1("elsewhere").verify(read_data=True)


def test_a_large_file_is_copied_in_parts(
    bucket_scan: Any, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_copy, "PART", 5 * 2**20)
    data = bytes(range(256)) * 50_000
    bucket_scan.insert1({**KEY, "files": data})
    ref = bucket_scan.fetch1("files")
    sent.clear()
    bucket_scan.insert1({"i": 2, "elsewhere": ref})
    assert sent.count("UploadPartCopy") == 3
    assert "GetObject" not in sent
    copy = (bucket_scan & {"i": 2}).fetch1("elsewhere")
    assert copy.digest == ref.digest
    assert copy.verify(read_data=True)


def test_what_the_server_can_not_copy_is_read_and_written(
    bucket_scan: Any, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_copy, "PART", 5 * 2**20)
    bucket_scan.insert1({**KEY, "files": b"x" * (11 * 2**20)})
    ref = bucket_scan.fetch1("files")
    monkeypatch.setattr(s3_copy, "parts", lambda _: iter([(1, 0, 5 * 2**20 - 1), ("no number", 0, 1)]))
    sent.clear()
    bucket_scan.insert1({"i": 2, "elsewhere": ref})
    assert "AbortMultipartUpload" in sent
    assert (bucket_scan & {"i": 2}).fetch1("elsewhere").verify(read_data=True)


def test_a_copy_of_another_size_is_refused_and_leaves_nothing(
    bucket_scan: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_copy, "PART", 5 * 2**20)
    bucket_scan.insert1({**KEY, "files": b"x" * (11 * 2**20)})
    monkeypatch.setattr(s3_copy, "parts", lambda _: iter([(1, 0, 5 * 2**20 - 1)]))
    with pytest.raises(djo.IntegrityError, match="to another size"):
        bucket_scan.insert1({"i": 2, "elsewhere": bucket_scan.fetch1("files")})
    assert len(bucket_scan()) == 1
    assert list(djo.open_store("other").list()) == []


def test_a_damaged_object_is_not_copied_as_if_it_were_whole(scan: Any, folder: Path) -> None:
    scan.insert1({**KEY, "files": folder})
    ref = scan.fetch1("files")
    ref.opened.delete([f"{ref.path}/notes.txt"])
    with pytest.raises(djo.IntegrityError, match=r"notes\.txt: missing"):
        scan.insert1({"i": 2, "files": ref})
    ref.opened.delete_tree(ref.path)
    with pytest.raises(djo.ObjectNotFoundError, match="is not in store 'main'"):
        scan.insert1({"i": 2, "files": ref})
    assert len(scan & {"i": 2}) == 0


def test_a_file_of_the_users_own_is_copied_as_it_is_now(bucket_scan: Any, sent: list[str]) -> None:
    store = djo.open_store("main")
    store.put("raw/a.bin", b"abc")
    ref = djo.ObjectRef.from_json({"path": "raw/a.bin", "store": "main", "size": 3, "is_dir": False})
    store.put("raw/a.bin", b"abcdef", overwrite=True)  # still being recorded
    bucket_scan.insert1({**KEY, "files": ref})
    assert "CopyObject" in sent
    copy = bucket_scan.fetch1("files")
    assert (copy.size, copy.read()) == (6, b"abcdef")

from __future__ import annotations

from pathlib import Path
from typing import Any

import datajoint as dj
import pytest

import dj_objectstore as djo
from dj_objectstore.maintenance.verify import verify
from dj_objectstore.objects.verify import UnverifiableWarning

ON_BOTH = pytest.mark.parametrize("dj_store", ["file", "s3"], indirect=True)


def found(report: Any) -> set[tuple[str, str]]:
    return {(problem.code, problem.where) for problem in report.problems}


@pytest.fixture
def three(scan: Any, make_folder: Any) -> Any:
    """Rows with a folder, a file and nothing."""
    folder = make_folder("session", {"a.txt": b"quiet", "sub/größe.csv": b"1,2\n", "sub/empty": b""})
    scan.insert1({"subject_id": "M1", "scan_id": 1, "files": folder, "notes": folder / "a.txt"})
    scan.insert1({"subject_id": "M1", "scan_id": 2, "more": (".bin", b"0123")})
    scan.insert1({"subject_id": "M2", "scan_id": 1})
    return scan


@ON_BOTH
def test_every_way_to_name_what_is_to_be_verified(three: Any, dj_store: Any) -> None:
    refs = [ref for ref in three.to_arrays("files") if ref is not None]
    schema = three.database
    for target, objects in [
        (refs[0], 1),
        (refs, 1),
        ((three & "scan_id = 2").fetch1(), 1),
        (three.to_dicts(), 3),
        (three, 3),
        (three(), 3),
        (three & "scan_id = 2", 1),
        (three.proj("notes"), 1),
        (f"{schema}.scan", 3),
        (schema, 3),
        (dj.Schema(schema), 3),
        (dj_store, 3),
        ("main", 3),
    ]:
        report = verify(target, read_data=True)
        assert (report.ok, report.status, report.objects) == (True, "ok", objects), report
    assert isinstance(report, djo.Report)
    assert (report.files, report.size) == (5, 5 + 4 + 5 + 4)
    assert "no problems" in str(report)


@pytest.mark.parametrize(
    "target", [12, "nowhere", [b"abc"], {"path": "x"}, [{"path": "x"}, 3], "nowhere.scan"]
)
def test_a_target_of_another_kind_is_refused(three: Any, target: Any) -> None:
    del three
    with pytest.raises(djo.ValueRefusedError):
        verify(target)


@ON_BOTH
def test_one_changed_bit_in_each_of_a_hundred_objects_is_named(
    scan: Any, make_folder: Any, dj_store: Any
) -> None:
    folder = make_folder("session", {"a.bin": b"\x00" * 999, "b.bin": b"\xff" * 1000})
    rows = [{"subject_id": "M1", "scan_id": number, "files": folder} for number in range(100)]
    scan.insert(rows)
    scan.update1({"subject_id": "M1", "scan_id": 0, "notes": folder / "a.bin"})
    paths = [ref.path for ref in scan.to_arrays("files", order_by="scan_id")]
    changed = [f"{path}/{'ab'[number % 2]}.bin" for number, path in enumerate(paths)]
    for number, key in enumerate(changed):
        data = bytearray(dj_store.get(key))
        data[number * 9] ^= 1 << (number % 8)
        dj_store.put(key, bytes(data), overwrite=True)
    assert verify(scan).ok
    dj_store.delete([f"{paths[0]}/b.bin"])
    dj_store.put(f"{paths[1]}/new/extra.bin", b"?")
    dj_store.put(f"{paths[2]}/b.bin", b"\xff" * 999, overwrite=True)
    notes = scan.to_arrays("notes", order_by="scan_id")[0].path
    dj_store.put(notes, b"longer" * 999, overwrite=True)
    others = {
        ("missing", f"main:{paths[0]}/b.bin"),
        ("extra", f"main:{paths[1]}/new/extra.bin"),
        ("shorter", f"main:{paths[2]}/b.bin"),
        ("longer", f"main:{notes}"),
    }
    assert found(verify(scan)) == others
    report = verify(scan, read_data=True, jobs=3)
    assert found(report) == others | {("changed", f"main:{key}") for key in changed}
    assert report.status == "damaged"
    assert all(problem.where in str(report) for problem in report.problems)
    assert f"{scan.database}.scan (subject_id=M1, scan_id=7) files" in str(report)


@pytest.mark.parametrize("dj_store", ["s3"], indirect=True)
def test_one_listing_of_their_folder_serves_many_objects(
    scan: Any, make_folder: Any, requests: list[str]
) -> None:
    folder = make_folder("session", {f"{number}.txt": b"x" for number in range(3)})
    scan.insert({"subject_id": "M1", "scan_id": n, "files": folder, "more": b"12"} for n in range(20))
    requests.clear()
    assert verify(scan).objects == 40
    assert requests.count("ListObjectsV2") == 1
    assert len(requests) == 21  # and one manifest for each folder
    requests.clear()
    assert verify(scan & "scan_id = 3").ok
    assert len(requests) <= 4
    requests.clear()
    assert (scan & "scan_id = 3").fetch1("files").verify()
    assert len(requests) == 2


def test_many_objects_of_others_do_not_make_a_small_query_expensive(
    scan: Any, dj_store: Any, monkeypatch: Any
) -> None:
    from dj_objectstore.objects import listing

    monkeypatch.setattr(listing, "_PAGE", 5)
    scan.insert({"subject_id": f"M{number % 10}", "scan_id": number, "files": b"1"} for number in range(100))
    seen = []
    original = dj_store.list

    def counting(prefix: str) -> Any:
        for entry in original(prefix):
            seen.append(entry.key)
            yield entry

    monkeypatch.setattr(dj_store, "list", counting)
    assert verify(scan & "scan_id in (1, 91, 95)").objects == 3
    assert len(seen) <= 3 * 5 + 3 * 2


def test_a_row_whose_store_or_codec_is_missing_does_not_hide_the_others(three: Any, dj_store: Any) -> None:
    path = (three & "subject_id = 'M1' and scan_id = 1").fetch1("files").path
    connection = three.connection
    connection.query(
        f"""UPDATE "{three.database}"."scan" SET files = '{{"path": "x/y", "store": "lost", "size": 3}}'
        WHERE subject_id = 'M2'"""
    )
    connection.query(
        f"""UPDATE "{three.database}"."scan" SET more = '{{"nothing": 1}}' WHERE subject_id = 'M2'"""
    )
    connection.query(f"""COMMENT ON COLUMN "{three.database}"."scan"."notes" IS ':<unheard_of@main>:'""")
    dj_store.delete([f"{path}/a.txt"])
    report = verify(three.database)
    assert {problem.code for problem in report.problems} == {
        "missing",
        "store-not-configured",
        "row",
        "codec",
    }
    for said in ("lost", "unheard_of", "(subject_id=M2, scan_id=1) more", f"main:{path}/a.txt: missing"):
        assert said in str(report)
    assert report.objects == 2


def test_a_table_that_can_not_be_read_does_not_hide_the_others(three: Any, dj_schema: Any) -> None:
    @dj_schema
    class Broken(dj.Manual):
        definition = """
        i : int32
        ---
        files : <object@main>
        """

    Broken.insert1({"i": 1, "files": b"1"})
    three.connection.query(f'ALTER TABLE "{three.database}"."broken" RENAME COLUMN files TO files_old')
    three.connection.query(f"""COMMENT ON COLUMN "{three.database}"."broken".files_old IS ':<object>:'""")
    report = verify(three.database)
    assert [(problem.code, problem.where) for problem in report.problems] == [
        ("table", f"{three.database}.broken")
    ]
    assert report.objects == 3


def test_an_object_without_a_record_is_unverifiable_and_one_that_is_gone_is_not(
    three: Any, dj_store: Any
) -> None:
    ref = (three & "subject_id = 'M1' and scan_id = 1").fetch1("files")
    dj_store.delete([f"{ref.path}.manifest.json"])
    report = verify(three)
    assert (report.ok, report.status) == (True, "unverifiable")
    assert [note.where for note in report.unverifiable] == [f"main:{ref.path}"]
    with pytest.warns(UnverifiableWarning, match="nothing was recorded"):
        assert ref.verify()
    dj_store.delete([f"{ref.path}/a.txt"])
    assert "2 files instead of 3" in str(verify(ref))
    dj_store.delete_tree(ref.path)
    assert found(verify(ref)) == {("gone", f"main:{ref.path}")}
    with pytest.raises(djo.ObjectNotFoundError):
        ref.verify()


def test_a_damaged_manifest_is_told(three: Any, dj_store: Any) -> None:
    ref = (three & "subject_id = 'M1' and scan_id = 1").fetch1("files")
    dj_store.put(f"{ref.path}.manifest.json", b"{", overwrite=True)
    assert found(verify(three)) == {("manifest", f"main:{ref.path}.manifest.json")}
    with pytest.raises(djo.IntegrityError, match=r"manifest\.json"):
        ref.verify()


def test_a_store_that_is_gone_is_one_problem(three: Any, dj_store: Any, tmp_path: Path) -> None:
    Path(dj_store.spec.location).rename(tmp_path / "moved")
    (problem,) = verify(three).problems
    assert problem.code == "store-unavailable"
    assert "3 objects" in problem.message
    (tmp_path / "moved").rename(dj_store.spec.location)


def test_datajoints_own_codecs_are_verified_too(dj_schema: Any, dj_store: Any) -> None:
    @dj_schema
    class Own(dj.Manual):
        definition = """
        i : int32
        ---
        data : <blob@main>
        inside : <blob>
        """

    Own.insert({"i": i, "data": [1, 2, 3], "inside": [1]} for i in range(3))
    report = verify(Own, read_data=True)
    assert (report.status, report.objects) == ("ok", 1)
    (entry,) = dj_store.list("_hash")
    data = dj_store.get(entry.key)
    dj_store.put(entry.key, data[:-1] + bytes([data[-1] ^ 1]), overwrite=True)
    report = verify(Own, read_data=True)
    assert found(report) == {("changed", f"main:{entry.key}")}
    assert "and 2 other rows" in str(report)


def test_rows_of_plain_datajoint_are_verified(scan: Any, make_folder: Any, dj_store: Any) -> None:
    folder = make_folder("session", {"a.txt": b"quiet", "b/c.txt": b"mouse"})
    djo.disable()
    try:
        scan.insert1({"subject_id": "M1", "scan_id": 1, "files": str(folder)})
    finally:
        djo.enable()
    report = verify(scan)
    assert (report.status, report.files) == ("ok", 2)
    assert verify(scan, read_data=True).status == "unverifiable"
    path = scan.fetch1("files").path
    dj_store.put(f"{path}/b/c.txt", b"mice", overwrite=True)
    assert found(verify(scan)) == {("shorter", f"main:{path}/b/c.txt")}


def test_the_workers_of_a_dask_client_read_the_data(three: Any, dj_store: Any) -> None:
    from distributed import Client, LocalCluster

    path = (three & "subject_id = 'M1' and scan_id = 1").fetch1("files").path
    dj_store.put(f"{path}/a.txt", b"quieT", overwrite=True)
    with (
        LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        report = verify(three, read_data=True, client=client)
    assert found(report) == {("changed", f"main:{path}/a.txt")}

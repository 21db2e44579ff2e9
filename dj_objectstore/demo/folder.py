"""The folder that holds a demo: what lies where, whose it is, and how it is removed.

A marker file says that the demo made the folder; without it, nothing there is touched.
"""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dj_objectstore.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MARKER = ".dj-objectstore-demo.json"
#: in the order in which they are read; the first one is opened
NOTEBOOKS = ("01_quickstart.ipynb", "02_photon_movies.ipynb")


@dataclass(frozen=True)
class DemoFolder:
    """Paths of a demo; making one touches nothing on disk.

    Parameters
    ----------
    path
        The folder, absolute.
    """

    path: Path

    @property
    def database(self) -> Path:
        """PostgreSQL's own folder."""
        return self.path / "database"

    @property
    def store(self) -> Path:
        """Location of the ``file`` store."""
        return self.path / "store"

    @property
    def session(self) -> Path:
        """The example folder that is inserted into ``files``."""
        return self.path / "session"

    @property
    def configuration(self) -> Path:
        """DataJoint's configuration, found by every notebook in the folder."""
        return self.path / "datajoint.json"

    @property
    def secrets(self) -> Path:
        """DataJoint's folder of credentials; used by the S3 store alone."""
        return self.path / ".secrets"

    @property
    def notebook(self) -> Path:
        """The first notebook."""
        return self.notebooks[0]

    @property
    def notebooks(self) -> tuple[Path, ...]:
        """All notebooks, in the order in which they are read."""
        return tuple(self.path / name for name in NOTEBOOKS)

    @property
    def log(self) -> Path:
        """What JupyterLab says."""
        return self.path / "jupyterlab.log"

    @property
    def lab_process(self) -> Path:
        """Which process JupyterLab is, while it runs."""
        return self.path / ".jupyterlab.json"

    @property
    def lock(self) -> Path:
        """Held while a demo runs in the folder."""
        return self.path / ".lock"

    @property
    def marker(self) -> Path:
        """Says that the demo made the folder."""
        return self.path / MARKER

    def existing(self) -> list[Path]:
        """Return what the demo made here and is still there, the marker last."""
        made = (
            *self.notebooks,
            self.configuration,
            self.secrets,
            self.session,
            self.store,
            self.database,
            self.log,
            self.lab_process,
            self.lock,
            self.marker,
        )
        return [path for path in made if path.exists()]

    def prepare(self) -> None:
        """Make the folder and mark it, unless the demo made it before.

        Raises
        ------
        ConfigurationError
            When the folder holds something else already, or can't be made.
        """
        if self.marker.is_file():
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            occupied = any(self.path.iterdir())
        except OSError as err:
            raise ConfigurationError(
                f"the demo's folder {self.path} can't be made: {err.strerror}",
                hint="Choose another one with --dir.",
            ) from err
        if occupied:
            raise ConfigurationError(
                f"the demo needs a folder of its own, and {self.path} holds something else",
                hint="Choose a new folder with --dir.",
            )
        self.marker.write_text(json.dumps({"made_by": "dj-objectstore demo"}) + "\n")

    def remove(self) -> None:
        """Remove what the demo made, and the folder itself when nothing else is in it.

        Raises
        ------
        ConfigurationError
            When the demo did not make this folder.
        """
        if not self.path.exists():
            return
        if not self.marker.is_file():
            raise ConfigurationError(
                f"{self.path} was not made by the demo (it has no {MARKER}), so nothing was removed",
                hint="Name the demo's folder with --dir, or remove this one yourself.",
            )
        for path in self.existing():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if not any(self.path.iterdir()):
            self.path.rmdir()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder: two demos at once would share one database.

        Raises
        ------
        ConfigurationError
            When another demo runs here.
        """
        import fasteners

        lock = fasteners.InterProcessLock(self.lock)
        if not lock.acquire(blocking=False):
            raise ConfigurationError(
                f"a demo is running in {self.path} already",
                hint="Stop it with Ctrl-C in its terminal, or choose another folder with --dir.",
            )
        try:
            yield
        finally:
            lock.release()

"""A demo that is up: its database and store run, and its recording is inserted."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dj_objectstore.demo.configuration import STORE, write_configuration, write_secrets
from dj_objectstore.demo.folder import DemoFolder
from dj_objectstore.demo.pipeline import connect, declare_recording, insert_recording, is_complete
from dj_objectstore.exceptions import ConfigurationError
from dj_objectstore.servers import CREDENTIALS, running_postgres, running_s3, runs_as_root

if TYPE_CHECKING:
    import datajoint as dj

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Demo:
    """A running demo.

    Attributes
    ----------
    folder
        Where it lies.
    recording
        Its table.
    inserted
        Whether the recording was inserted now; False when an earlier run had done it.
    """

    folder: DemoFolder
    recording: type[dj.Manual]
    inserted: bool


@contextmanager
def open_demo(
    path: Path, *, store: Literal["file", "s3"] = "file", tell: Tell | None = None
) -> Iterator[Demo]:
    """Start the demo's database and store in a folder, insert its recording, and stop both at the end.

    Parameters
    ----------
    path
        The demo's folder; made when it does not exist.
    store
        ``"file"`` keeps the objects in the folder; ``"s3"`` in the memory of an S3 server, for this run.
    tell
        Called with a line of text before each step; by default nothing is said.

    Raises
    ------
    ConfigurationError
        When the folder holds something else, or a demo runs there already.
    """
    tell = tell or (lambda _: None)
    folder = DemoFolder(path.absolute())
    folder.prepare()
    with ExitStack() as running:
        running.enter_context(folder.locked())
        tell("Starting PostgreSQL" if folder.database.exists() else "Making a PostgreSQL database (once)")
        if runs_as_root():
            tell("  as the system user 'pgserver', as you are root; the folders above become readable")
        host = running.enter_context(running_postgres(folder.database))
        settings = start_store(folder, store, running, tell)
        credentials = CREDENTIALS if store == "s3" else {}
        instance = connect(host, {"default": STORE, STORE: {**settings, **credentials}})
        running.callback(instance.connection.close)
        recording = declare_recording(instance)
        inserted = not is_complete(recording, instance)
        if inserted:
            tell("Inserting a real two-photon movie and the folder of its session")
            insert_recording(recording, folder.session)
        else:
            tell("The recording of an earlier run is there")
        write_configuration(folder.configuration, host=host, store=settings)
        copy_notebooks(folder)
        yield Demo(folder, recording, inserted)


def start_store(folder: DemoFolder, kind: str, running: ExitStack, tell: Tell) -> dict[str, Any]:
    """Make the store, or start its server, and return its settings without credentials."""
    if kind == "s3":
        tell("Starting an S3 server; it keeps its data in memory, so the recording is inserted at each start")
        write_secrets(folder.secrets, CREDENTIALS)
        return running.enter_context(running_s3())
    shutil.rmtree(folder.secrets, ignore_errors=True)  # of a run with S3: a file store refuses credentials
    folder.store.mkdir(exist_ok=True)
    return {"protocol": "file", "location": str(folder.store)}


def copy_notebooks(folder: DemoFolder) -> None:
    """Copy the notebooks, except those that are there: they may hold the user's own changes."""
    for destination in folder.notebooks:
        if not destination.exists():
            shutil.copyfile(find_notebook(destination.name), destination)


def find_notebook(name: str) -> Path:
    """Return a notebook: inside an installed package, or beside it in a checkout.

    Raises
    ------
    ConfigurationError
        When it is in neither place.
    """
    package = Path(__file__).parents[1]
    places = (package / "demo" / "notebooks" / name, package.parent / "notebooks" / name)
    for place in places:
        if place.is_file():
            return place
    raise ConfigurationError(
        f"the notebook {name} is missing from the installation ({places[0]})",
        hint="Install dj-objectstore again: pip install --force-reinstall dj-objectstore",
    )

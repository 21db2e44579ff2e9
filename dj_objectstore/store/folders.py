"""Folders that are being written: file by file under keys of their own, or on a disk all at once."""

# pathlib would rewrite a key's text, and costs more than the calls themselves
# ruff: noqa: PTH103, PTH104, PTH118, PTH120, PTH123

from __future__ import annotations

import errno
import os
import secrets
import shutil
from functools import partial
from typing import IO, TYPE_CHECKING, Self

from dj_objectstore.store.files import GuardedUpload, StoreWriter
from dj_objectstore.store.ledger import Written

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from dj_objectstore.store.backend import Backend, FolderUpload, Upload

_ATTEMPTS = 50
# how systems answer when a folder gets a name that is taken
_TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)


class KeyedFolder:
    """A folder of a service that knows only files: each has its key as soon as it is written."""

    at_once = 8

    def __init__(self, backend: Backend, key: str) -> None:
        self._backend = backend
        self._key = key

    def write(self, name: str, data: bytes) -> None:
        """Write a whole file."""
        self._backend.write(f"{self._key}/{name}", data, create=True)

    def upload(self, name: str) -> Upload:
        """Begin a file that is written in parts."""
        return self._backend.upload(f"{self._key}/{name}", create=True)

    def make_folder(self, name: str) -> None:
        """Do nothing: there are only files."""

    def commit(self) -> None:
        """Do nothing: the files are there."""

    def abort(self) -> None:
        """Leave what is there to whoever began the folder: only its whole tree can be told from others."""


class DiskFolder:
    """A folder on disk that is written under a temporary name: it is there with all its files, or not at all.

    Parameters
    ----------
    path
        Where it is to lie.
    temporary
        A folder for what is not complete, on the same disk.
    """

    at_once = 4

    def __init__(self, path: str, temporary: str) -> None:
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        self._path = path
        self._temporary = os.path.join(temporary, secrets.token_hex(12))
        os.makedirs(self._temporary)
        self._made = {""}

    def write(self, name: str, data: bytes) -> None:
        """Write a whole file."""
        upload = self.upload(name)
        upload.write(data)
        upload.commit()

    def upload(self, name: str) -> DiskFile:
        """Begin a file that is written in parts."""
        folder = name.rpartition("/")[0]
        if folder not in self._made:
            self.make_folder(folder)
        return DiskFile(os.path.join(self._temporary, name))

    def make_folder(self, name: str) -> None:
        """Make a folder in it."""
        os.makedirs(os.path.join(self._temporary, name), exist_ok=True)
        self._made.add(name)

    def commit(self) -> None:
        """Give the folder its name."""
        for attempt in range(_ATTEMPTS):
            try:
                os.makedirs(os.path.dirname(self._path), exist_ok=True)
                os.rename(self._temporary, self._path)
            except FileNotFoundError:
                # whoever removed the last file of the folder above removed that too, just now
                if attempt == _ATTEMPTS - 1:
                    raise
            except OSError as err:
                if err.errno in _TAKEN:
                    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), self._path) from err
                raise
            else:
                return

    def abort(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self._temporary, ignore_errors=True)


class DiskFile:
    """A new file in a folder that has no name yet, and goes with it."""

    def __init__(self, path: str) -> None:
        self._file: IO[bytes] = open(path, "xb", buffering=0)  # noqa: SIM115 - closed below

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write more bytes, all of them."""
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except BaseException:
            self.abort()
            raise

    def commit(self) -> None:
        """Close the file."""
        self._file.close()

    def abort(self) -> None:
        """Close the file."""
        self._file.close()


class GuardedFolder:
    """A folder that is being written, whose errors are ours.

    Parameters
    ----------
    folder
        The protocol's side.
    access
        Gives, for a name in the folder, what translates the errors of a block.
    """

    def __init__(self, folder: FolderUpload, access: Callable[[str], AbstractContextManager[None]]) -> None:
        self.at_once = folder.at_once
        self._folder = folder
        self._access = access

    def write(self, name: str, data: bytes) -> Written:
        """Write a whole file."""
        with self._access(name):
            self._folder.write(name, data)
        return Written.of(data)

    def writer(self, name: str) -> StoreWriter:
        """Open a file for writing."""

        def begin() -> GuardedUpload:
            with self._access(name):
                return GuardedUpload(self._folder.upload(name), partial(self._access, name))

        return StoreWriter(begin, partial(self.write, name), name=name)

    def make_folder(self, name: str) -> None:
        """Make a folder in it, where there are folders."""
        with self._access(name):
            self._folder.make_folder(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                with self._access(""):
                    self._folder.commit()
        finally:
            self._folder.abort()

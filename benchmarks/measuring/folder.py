"""The files of a movie in a folder, as the writer and the reader take them."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from pathlib import Path


class FolderFiles(MutableMapping[str, bytes]):
    """A folder as a mapping of bytes, without more safety than zarr-python's own store has."""

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)

    def __getitem__(self, key: str) -> bytes:
        try:
            return (self._folder / key).read_bytes()
        except FileNotFoundError as err:
            raise KeyError(key) from err

    def __setitem__(self, key: str, value: bytes) -> None:
        (self._folder / key).write_bytes(value)

    def __delitem__(self, key: str) -> None:
        (self._folder / key).unlink()

    def __iter__(self) -> Iterator[str]:
        return (path.name for path in self._folder.iterdir())

    def __len__(self) -> int:
        return sum(1 for _ in self)

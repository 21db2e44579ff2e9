"""File objects of a store: reading in blocks, and writing that is whole or not there."""

from __future__ import annotations

import io
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

import xxhash
from fsspec.asyn import iothread
from fsspec.caching import ReadAheadCache

from dj_objectstore.exceptions import StoreAccessError
from dj_objectstore.store.backend import PART
from dj_objectstore.store.ledger import Written
from dj_objectstore.store.uninterrupted import uninterrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from types import TracebackType

    from dj_objectstore.store.backend import Upload

    ReadRange = Callable[[int, int], bytes]
    WriteWhole = Callable[[bytes], object]

_BLOCK = 4 * 2**20
# an upload may have 10,000 parts: they grow, so that any size fits
_PARTS_OF_A_SIZE = 1000


class StoreReader(io.RawIOBase):
    """A file that is read in ranges, with read-ahead; seekable.

    Parameters
    ----------
    read
        Gives the bytes from a start up to an end.
    size
        Bytes of the file.
    name
        The file's key.
    block
        Bytes that are read ahead: few, where what is looked for lies here and there.
    """

    def __init__(self, read: ReadRange, size: int, *, name: str, block: int = _BLOCK) -> None:
        super().__init__()
        self.name = name
        self.size = size
        self._cache = ReadAheadCache(block, read, size)
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to another position, and return it."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError(f"a position must not lie before the file, got {start + offset}")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` from the position, and return how many bytes there were."""
        view = memoryview(buffer).cast("B")
        stop = min(self.size, self._at + len(view))
        data = self._fetch(stop)
        view[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        """Return everything from the position on."""
        return self._fetch(self.size)

    def _fetch(self, stop: int) -> bytes:
        data = self._cache._fetch(self._at, stop) if stop > self._at else b""  # noqa: SLF001 - fsspec's interface
        self._at += len(data)
        return bytes(data)


class StoreWriter(io.RawIOBase):
    """A file that gets its name when it is closed without an error, and is never there in part.

    Leaving a ``with`` block by an exception, `abort`, or dropping the file unclosed leave nothing behind.

    Parameters
    ----------
    begin
        Begins an upload in parts; asked when the file is larger than one part.
    write_whole
        Writes a file that is not.
    name
        The file's key.
    done
        Told the size and the digest once the file is there.
    """

    def __init__(
        self,
        begin: Callable[[], Upload],
        write_whole: WriteWhole,
        *,
        name: str,
        done: Callable[[Written], None] | None = None,
    ) -> None:
        super().__init__()
        self.name = name
        self.written: Written | None = None
        self._begin = begin
        self._write_whole = write_whole
        self._done = done
        self._buffer = bytearray()
        self._part_size = PART
        self._parts = 0
        self._upload: Upload | None = None
        self._size = 0
        self._hasher = xxhash.xxh3_128()
        self._settled = False

    def writable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return how many bytes have been written."""
        return self._size

    def write(self, data: Any) -> int:
        """Take more bytes."""
        if self.closed:
            raise ValueError("write to closed file")
        view = memoryview(data).cast("B")
        self._hasher.update(view)
        self._size += len(view)
        if isinstance(data, bytes) and len(data) >= self._part_size and not self._buffer:
            self._send(data)  # as it is: a copy would double the memory that it takes
            return len(data)
        self._buffer += view
        if len(self._buffer) >= self._part_size:
            self._send(self._taken())
        return len(view)

    def _taken(self) -> bytearray:
        """Return what has been collected, and collect anew: what is sent may be held for a while."""
        taken, self._buffer = self._buffer, bytearray()
        return taken

    def _send(self, part: bytes | bytearray) -> None:
        with self._given_up():
            if self._upload is None:
                self._upload = self._begin()
            self._upload.write(part)
        self._parts += 1
        if self._parts % _PARTS_OF_A_SIZE == 0:
            self._part_size *= 2

    def close(self) -> None:
        """Send what is left and give the file its name."""
        if self.closed or self._settled:
            super().close()
            return
        with self._given_up():
            self._commit()
        self._settled = True
        super().close()
        self.written = Written(self._size, self._hasher.hexdigest())
        if self._done:
            self._done(self.written)

    def _commit(self) -> None:
        if self._upload is None:
            self._write_whole(bytes(self._taken()))
            return
        if self._buffer:
            self._upload.write(self._taken())
        self._upload.commit()

    @contextmanager
    def _given_up(self) -> Iterator[None]:
        """Abort when the block fails; what failed is told, and not what the abort met."""
        try:
            yield
        except BaseException:
            self._abort_quietly()
            raise

    def abort(self) -> None:
        """Close the file and leave nothing behind."""
        if self._settled:
            return
        self._settled = True
        self._buffer = bytearray()
        super().close()
        if self._upload is not None:
            self._upload.abort()

    def discard(self) -> None:
        """Abort, by fsspec's name."""
        self.abort()

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
            return
        self._abort_quietly()

    def __del__(self) -> None:
        # a file that nobody closed is not finished: io.RawIOBase would close it, which commits
        if getattr(self, "_settled", True):
            return
        if threading.current_thread() is iothread[0]:
            # collected on the thread that runs the connections, which can't wait for itself
            threading.Thread(target=self._abort_quietly, name="abort").start()
        else:
            self._abort_quietly()

    def _abort_quietly(self) -> None:
        with suppress(StoreAccessError):
            self.abort()


class GuardedUpload:
    """An upload whose errors are ours."""

    def __init__(self, upload: Upload, access: Callable[[], AbstractContextManager[None]]) -> None:
        self._upload = upload
        self._access = access

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send more bytes."""
        with self._access():
            uninterrupted(lambda: self._upload.write(data))

    def commit(self) -> None:
        """Give the object its name."""
        with self._access():
            uninterrupted(self._upload.commit)

    def abort(self) -> None:
        """Leave nothing behind."""
        with self._access():
            self._upload.abort()


class TextWriter(io.TextIOWrapper):
    """Text over a `StoreWriter`, with its rule about exceptions."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            with suppress(StoreAccessError):
                self._writer.abort()
        self.close()

    def __del__(self) -> None:
        with suppress(StoreAccessError):
            self._writer.abort()

    @property
    def _writer(self) -> StoreWriter:
        writer: Any = self.buffer
        return writer  # type: ignore[no-any-return]

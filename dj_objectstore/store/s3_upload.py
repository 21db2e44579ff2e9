"""An upload to S3 in parts, a few of which are on their way at a time."""

from __future__ import annotations

import asyncio
import io
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Finish = Callable[[Callable[[str], None]], None]

# more would hold more of the file in memory: each of them does so twice, once in the connection's own buffer
_AT_ONCE = 3
# a server may copy all the parts before it answers, which takes much longer than any other request
_SECONDS_TO_PUT_TOGETHER = 60
_PUTTING_TOGETHER = "before-call.s3.CompleteMultipartUpload"


class S3Upload:
    """An upload in parts; `write` returns while its part is still on its way.

    Parameters
    ----------
    fs
        The s3fs filesystem.
    place
        ``Bucket`` and ``Key``.
    options
        More arguments of the request that begins it, such as ``StorageClass``.
    finish
        Calls what it is given with ``"create"`` or ``"overwrite"``, as the server can.
    """

    def __init__(
        self, fs: Any, place: Mapping[str, str], options: Mapping[str, str], *, finish: Finish
    ) -> None:
        self._fs = fs
        self._place = dict(place)
        self._options = options
        self._finish = finish
        self._parts: list[Future[dict[str, Any]]] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send a part; an error may be that of one before."""
        if "UploadId" not in self._place:
            begun = self._fs.call_s3("create_multipart_upload", **self._place, **self._options)
            self._place["UploadId"] = begun["UploadId"]
        if len(self._parts) >= _AT_ONCE:
            self._parts[-_AT_ONCE].result()
        number = len(self._parts) + 1
        request = self._fs._call_s3("upload_part", **self._place, PartNumber=number, Body=io.BytesIO(data))  # noqa: SLF001 - `call_s3` waits
        self._parts.append(asyncio.run_coroutine_threadsafe(request, self._fs.loop))

    def commit(self) -> None:
        """Put the parts together."""
        self._finish(self._put_together)

    def abort(self) -> None:
        """Forget the parts, once none is on its way: one that came later would stay."""
        wait(self._parts)
        if "UploadId" in self._place:
            self._fs.call_s3("abort_multipart_upload", **self._place)

    def _put_together(self, mode: str) -> None:
        condition = {"IfNoneMatch": "*"} if mode == "create" else {}
        parts = [
            {"PartNumber": number, "ETag": part.result()["ETag"]}
            for number, part in enumerate(self._parts, 1)
        ]
        self._fs.s3.meta.events.register(_PUTTING_TOGETHER, _wait_longer, unique_id=_PUTTING_TOGETHER)
        self._fs.call_s3(
            "complete_multipart_upload", **self._place, MultipartUpload={"Parts": parts}, **condition
        )


def _wait_longer(context: dict[str, Any], **_: Any) -> None:
    context["read_timeout"] = _SECONDS_TO_PUT_TOGETHER

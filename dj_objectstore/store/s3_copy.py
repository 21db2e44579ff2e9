"""Copying inside S3: the server does it, and no byte passes through this machine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# what is larger is copied in parts, so that every answer comes before the time-out
PART = 128 * 2**20
_MOST_PARTS = 10_000
_THREADS = 4


def copy_in_s3(
    fs: Any, source: Mapping[str, str], place: Mapping[str, str], options: Mapping[str, str], size: int
) -> None:
    """Copy a file to a new key.

    Parameters
    ----------
    fs
        The s3fs filesystem.
    source, place
        ``Bucket`` and ``Key`` of the file, and of where it goes.
    options
        More arguments of the request that makes the file, such as ``StorageClass``.
    size
        Bytes of the file.
    """
    if size <= PART:
        fs.call_s3("copy_object", **place, CopySource=dict(source), **options)
        return
    upload = {**place, "UploadId": fs.call_s3("create_multipart_upload", **place, **options)["UploadId"]}
    try:
        _copy_parts(fs, source, upload, size)
    except BaseException:
        with suppress(Exception):
            fs.call_s3("abort_multipart_upload", **upload)
        raise


def _copy_parts(fs: Any, source: Mapping[str, str], upload: Mapping[str, str], size: int) -> None:
    def copy(number: int, first: int, last: int) -> dict[str, Any]:
        answer = fs.call_s3(
            "upload_part_copy",
            **upload,
            PartNumber=number,
            CopySource=dict(source),
            CopySourceRange=f"bytes={first}-{last}",
        )
        return {"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]}

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="copy") as pool:
        futures = [pool.submit(partial(copy, *part)) for part in parts(size)]
        try:
            done = [future.result() for future in futures]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    fs.call_s3("complete_multipart_upload", **upload, MultipartUpload={"Parts": done})


def parts(size: int) -> Iterator[tuple[int, int, int]]:
    """Give the number of each part, its first byte and its last."""
    length = max(PART, -(-size // _MOST_PARTS))
    for number, first in enumerate(range(0, size, length), 1):
        yield number, first, min(first + length, size) - 1

"""Requests that write end before Ctrl-C does: what is still on its way could arrive after the clean-up.

fsspec and zarr wait in the main thread for what their own threads do. Ctrl-C ends the waiting and not the
request, which would leave a file that nobody knows of.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    Result = TypeVar("Result")


def uninterrupted(call: Callable[[], Result]) -> Result:
    """Return what one request gives; Ctrl-C is raised once the request has ended."""
    if threading.current_thread() is not threading.main_thread():
        return call()  # only the main thread is interrupted
    with ThreadPoolExecutor(1, thread_name_prefix="request") as pool:
        return pool.submit(call).result()

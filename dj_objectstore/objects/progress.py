"""A progress bar on anything that takes longer than two seconds."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS_BEFORE_SHOWN = 2.0


@contextmanager
def progress_bar(title: str, *, unit: str = "B") -> Iterator[Callable[[int, int], None]]:
    """Give a function of (done, total) that draws a bar once two seconds have passed."""
    from tqdm.auto import tqdm

    with tqdm(
        desc=title,
        unit=unit,
        unit_scale=unit == "B",
        unit_divisor=1024,
        delay=SECONDS_BEFORE_SHOWN,
        leave=False,
    ) as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield advance

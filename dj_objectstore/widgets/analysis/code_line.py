"""The line of Python that shows a movie as it is seen now.

>>> code_line([3], {"fps": 15.0}, names={})
'djo.scrub(3, fps=15.0)'
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import traitlets

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.messages.answers import Answer, Code
from dj_objectstore.widgets.scrubber_state import STATE_NAMES, ScrubberState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dj_objectstore.widgets.channel import Job
    from dj_objectstore.widgets.messages.protocol import CodeParams
    from dj_objectstore.widgets.movies.rate import OwnRate

MAX_TEXT = 2000
RATE_SECONDS = 1.0
"""The line waits no longer for the movie's own rate, which a slow store may give late."""


@dataclass(frozen=True, eq=False)
class Call:
    """How a scrubber was made: what `scrub` was given, and how fast the movie plays by itself."""

    movies: tuple[Any, ...]
    options: Mapping[str, Any]
    rate: OwnRate

    def line(self, state: ScrubberState) -> str:
        """Return the line that shows the movie as `state` says."""
        return code_line(
            self.movies, {**self.options, **state.changes(fps=self.rate.get(seconds=RATE_SECONDS))}
        )

    def answer(self, params: CodeParams, _job: Job) -> Answer:
        """Return the line for what a page shows, which may be ahead of what Python has heard of it.

        Raises
        ------
        ValueRefusedError
            When it is nothing that a scrubber can show.
        """
        if unknown := params.look.keys() - STATE_NAMES:
            raise ValueRefusedError(f"a scrubber has no attribute {', '.join(sorted(unknown))}")
        try:
            state = ScrubberState(**params.look)
        except traitlets.TraitError as err:
            raise ValueRefusedError(f"a scrubber can't show this: {err}") from err
        return Answer(Code(line=self.line(state)))


def code_line(
    movies: Sequence[Any], options: Mapping[str, Any], *, names: Mapping[str, Any] | None = None
) -> str:
    """Return a call of `scrub`.

    Parameters
    ----------
    movies
        What was shown.
    options
        Its keyword arguments.
    names
        Variables to name objects by, instead of those of the notebook. What has no name is written out where
        that is short, and else called by what it is for.
    """
    known = _notebook_names() if names is None else names
    fallbacks = ["movie"] if len(movies) == 1 else [f"movie_{n}" for n in range(1, len(movies) + 1)]
    parts = [_write(movie, name, known) for movie, name in zip(movies, fallbacks, strict=True)]
    parts += [f"{name}={_write(value, name, known)}" for name, value in options.items()]
    return f"djo.scrub({', '.join(parts)})"


def _notebook_names() -> Mapping[str, Any]:
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    names: Mapping[str, Any] = getattr(get_ipython(), "user_ns", {})
    return names


def _write(value: Any, fallback: str, names: Mapping[str, Any]) -> str:
    plain = _is_plain(value)
    if not plain:
        found = (name for name, named in list(names.items()) if named is value and not name.startswith("_"))
        return next(found, fallback)
    text = repr(value)
    return text if len(text) <= MAX_TEXT else fallback


def _is_plain(value: Any) -> bool:
    """Return whether `repr` gives back the value."""
    if isinstance(value, Mapping):
        return all(_is_plain(part) for item in value.items() for part in item)
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or type(value) in (bool, int, float, str)

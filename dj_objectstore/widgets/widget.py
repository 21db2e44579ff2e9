"""What all widgets of this package share: the browser side from a bundle, a channel, a clean end."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from dj_objectstore.exceptions import ConfigurationError
from dj_objectstore.widgets.channel import Channel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_objectstore.widgets.channel import Method, Post
    from dj_objectstore.widgets.frames.targets import Targets
    from dj_objectstore.widgets.messages.answers import Buffer

STATIC = Path(__file__).parent / "static"
OF_THE_PAGE = {"sync": True, "echo_update": False}
"""Tags of a trait that the page moves: its own value, sent back late, would undo what was done meanwhile."""


def read_bundle(name: str) -> str:
    """Return a built file of the browser side.

    Raises
    ------
    ConfigurationError
        When it was not built.
    """
    try:
        return (STATIC / name).read_text(encoding="utf-8")
    except FileNotFoundError as err:
        raise ConfigurationError(
            f"the browser side of the widgets must be built, {name!r} is not in {STATIC}",
            hint="In a checkout run 'npm run build'; elsewhere install dj-objectstore again.",
        ) from err


class ObjectStoreWidget(anywidget.AnyWidget):
    """A widget whose data travel as custom messages; its traits hold only what a page may remember.

    Subclasses name their `bundle` and call `connect` once.
    """

    bundle = ""

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)

    _channel: Channel | None = None

    @traitlets.default("_esm")
    def _read_esm(self) -> str:
        return read_bundle(f"{self.bundle}.js")

    @traitlets.default("_css")
    def _read_css(self) -> str:
        return read_bundle(f"{self.bundle}.css")

    def connect(self, targets: Targets, methods: Mapping[str, Method] | None = None) -> None:
        """Begin to answer messages."""
        self._channel = Channel(post=_weak_post(self), targets=targets, methods=methods)
        _answer_beside_cells(self.comm)
        self.on_msg(self._channel.receive)

    def close(self) -> None:
        """Stop what plays, and take the widget off the page."""
        if self._channel is not None:
            self._channel.close()
        super().close()


def _weak_post(widget: ObjectStoreWidget) -> Post:
    """Return how to send to the views of `widget`, without keeping it alive."""
    reference = weakref.ref(widget)

    def post(message: dict[str, Any], buffers: list[Buffer]) -> None:
        target = reference()
        if target is None or target.comm is None:
            raise ConnectionError("the widget is closed")
        target.send(message, buffers)

    return post


def _answer_beside_cells(comm: Any) -> None:
    """Let messages be answered while a cell runs, on the subshell that the page chose.

    From 7.4 on ipykernel hands a comm's messages to the shell that last sent on it: after a cell has made or
    moved the widget that is the main one, where they would wait for the cell.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = None  # noqa: SLF001 - there is no other switch

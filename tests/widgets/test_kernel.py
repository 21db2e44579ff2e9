"""The widget in a real kernel, spoken to as JupyterLab does: over a comm, on a subshell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from jupyter_client.manager import KernelManager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WAIT = 30
CELL = """
import numpy
from dj_objectstore.widgets.scrubber import scrub
widget = scrub(numpy.arange(40 * 64 * 64, dtype="u2").reshape(40, 64, 64))
print(widget.comm.comm_id)
"""
BUSY = """
import time, pathlib
while not pathlib.Path({moved!r}).exists(): time.sleep(0.02)
widget.position = 5
while not pathlib.Path({done!r}).exists(): time.sleep(0.02)
"""

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Lab:
    """A page that is connected to a kernel."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.comm = ""
        self.subshell: str | None = None

    def run(self, code: str) -> str:
        """Run a cell to its end, and return what it printed."""
        request, printed = self.client.execute(code), ""
        while True:
            message = self.client.get_iopub_msg(timeout=WAIT)
            if message["parent_header"].get("msg_id") != request:
                continue
            assert message["msg_type"] != "error", message["content"]
            if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
                printed += message["content"]["text"]
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return printed

    def begin(self, code: str) -> None:
        """Run a cell without waiting for its end."""
        self.client.execute(code)
        self.hear(lambda message: message["msg_type"] == "execute_input")

    def open_subshell(self) -> None:
        self.client.control_channel.send(self.client.session.msg("create_subshell_request"))
        self.subshell = self.client.get_control_msg(timeout=WAIT)["content"]["subshell_id"]

    def send(self, **content: Any) -> None:
        data = {"method": "custom", "content": {"view": "a1", **content}}
        message = self.client.session.msg("comm_msg", {"comm_id": self.comm, "data": data})
        message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def set_trait(self, name: str, value: object) -> None:
        data = {"method": "update", "state": {name: value}, "buffer_paths": []}
        self.client.shell_channel.send(
            self.client.session.msg("comm_msg", {"comm_id": self.comm, "data": data})
        )

    def hear(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = self.client.get_iopub_msg(timeout=WAIT)
            if is_it(message):
                return message

    def answer(self, request: int) -> dict[str, Any]:
        def is_it(message: dict[str, Any]) -> bool:
            content = message["content"].get("data", {}).get("content", {})
            return message["msg_type"] == "comm_msg" and content.get("id") == request

        return self.hear(is_it)

    def frame(self, request: int, index: int) -> np.ndarray:
        self.send(kind="request", id=request, method="frame", params={"index": index})
        message = self.answer(request)
        result = message["content"]["data"]["content"]["result"]
        return np.frombuffer(message["buffers"][0], result["dtype"]).reshape(result["shape"])


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    manager = KernelManager()
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=WAIT)
    try:
        yield Lab(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_frames_come_as_bytes_and_also_while_a_cell_runs(lab: Lab, tmp_path: Path) -> None:
    expected = np.arange(40 * 64 * 64, dtype="u2").reshape(40, 64, 64)
    lab.comm = lab.run(CELL).split()[-1]
    np.testing.assert_array_equal(lab.frame(1, 7), expected[7])
    lab.open_subshell()
    # the cell ends only after all frames have come; if they waited for it, none would
    lab.begin(BUSY.format(moved=str(tmp_path / "moved"), done=str(tmp_path / "done")))
    for request in range(2, 6):
        np.testing.assert_array_equal(lab.frame(request, request), expected[request])
    (tmp_path / "moved").touch()
    lab.hear(lambda message: message["content"].get("data", {}).get("state", {}).get("position") == 5)
    for request in range(6, 10):
        np.testing.assert_array_equal(lab.frame(request, request), expected[request])
    (tmp_path / "done").touch()


def test_a_position_that_the_page_sets_reaches_python_and_is_not_sent_back(lab: Lab) -> None:
    lab.comm = lab.run(CELL).split()[-1]
    lab.set_trait("position", 9)
    sent_back: list[str] = []

    def is_answer(message: dict[str, Any]) -> bool:
        data = message["content"].get("data", {})
        sent_back.extend(data.get("state", {}) if message["msg_type"] == "comm_msg" else ())
        return data.get("content", {}).get("id") == 77

    lab.send(kind="request", id=77, method="frame", params={"index": 9})
    lab.hear(is_answer)
    assert sent_back == []
    assert lab.run("print(widget.position)").strip() == "9"

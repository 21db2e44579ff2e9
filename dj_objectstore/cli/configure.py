"""``dj-objectstore configure``: set a store up by questions, try it, show the changes, and write them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dj_objectstore.cli.configuration import load_configuration

if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
Set up a store: choose its kind, fill in its fields, try it, look at the changes to datajoint.json and
.secrets, and write them. On a terminal it asks; in a script give --kind, --name, --set and --yes.
Exit code 0: written, or there was nothing to write; 1: the store did not pass its test, or nothing was
written; 2: it could not run.
"""


def add_parser(commands: Any) -> None:
    """Add ``configure`` to the commands."""
    parser = commands.add_parser(
        "configure", help="set up, change or remove a store by questions", description=DESCRIPTION
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--edit", metavar="NAME", help="change a configured store")
    what.add_argument("--remove", metavar="NAME", help="take a store out of the configuration; its data stay")
    parser.add_argument("--kind", help="the kind of store: folder, aws, s3, gcs or azure")
    parser.add_argument("--name", help="the store's name")
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="fill in a field; may be repeated"
    )
    parser.add_argument(
        "--secret-from",
        action="append",
        default=[],
        metavar="FIELD=VARIABLE",
        help="take a secret from a variable of the environment; may be repeated",
    )
    parser.add_argument("--default", action="store_true", help="make it the default store")
    parser.add_argument(
        "--file", type=Path, help="the configuration file (default: the one that counts here)"
    )
    parser.add_argument("--no-test", action="store_true", help="do not try the store")
    parser.add_argument("--yes", action="store_true", help="ask nothing, write what is given")
    parser.add_argument("--environment", action="store_true", help="print a DJ_STORES line and write no file")
    parser.add_argument("--json", action="store_true", help="print JSON; asks nothing")
    parser.set_defaults(run=run, remedy="pip install 'dj-objectstore[s3]'")


def run(args: argparse.Namespace) -> int:
    """Set up a store, and return the exit code."""
    load_configuration()  # first: what DataJoint warns of at its import is what is mended here
    from dj_objectstore.cli.setting_up import set_up

    return set_up(args)

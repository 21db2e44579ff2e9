"""What the commands about stored objects share: getting ready, naming a target, telling problems."""

from __future__ import annotations

import dataclasses
import logging
import re
import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from dj_objectstore.report import Problem

REMEDY = "Install what the store or the database needs, for example: pip install 'dj-objectstore[s3]'"
_COUNT = re.compile(r"[1-9][0-9]*")


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add the options that these commands share."""
    parser.add_argument("--json", action="store_true", help="print JSON to standard output")
    parser.set_defaults(remedy=REMEDY)


def jobs(text: str) -> int:
    """Read the number after ``--jobs``."""
    if not _COUNT.fullmatch(text):
        raise ValueError(text)
    return int(text)


def get_ready() -> None:
    """Load DataJoint with the configuration of this folder, and this package's codecs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what DataJoint says at its import, nothing is for this command
        import dj_objectstore

        dj_objectstore.enable()
    for handler in logging.getLogger("datajoint").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(_StandardError())


class _StandardError:
    """Where DataJoint's log goes, so that standard output holds the answer alone; whatever stderr is then."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def connect() -> None:
    """Connect to the database, whose drivers have errors of their own for what fails.

    Raises
    ------
    ObjectStoreError
        When it can't be reached, or refuses.
    """
    import datajoint as dj

    from dj_objectstore.exceptions import ObjectStoreError

    try:
        dj.conn()
    except ObjectStoreError:
        raise
    except Exception as err:
        told = str(err).strip().partition("\n")[0] or type(err).__name__
        raise ObjectStoreError(
            f"the database at {dj.config.database.host} can't be used: {told}",
            hint="Check the database block of datajoint.json, and the user and password.",
        ) from err


def open_table(name: str) -> Any:
    """Return the table that ``schema.table`` names."""
    from dj_objectstore.maintenance.references import find_table

    connect()
    return find_table(name)


def open_target(name: str, where: str | None) -> Any:
    """Return the store, schema or query that a name and a condition mean.

    Raises
    ------
    ValueRefusedError
        When it means nothing, or a condition is given for something else than a table.
    """
    from datajoint.expression import QueryExpression

    from dj_objectstore.exceptions import ValueRefusedError
    from dj_objectstore.maintenance.targets import find_target

    connect()
    target = find_target(name)
    if where is None:
        return target
    if not isinstance(target, QueryExpression):
        raise ValueRefusedError(f"--where restricts a table, and {name!r} is none", hint="Name schema.table.")
    return target & where


def problem_json(problem: Problem) -> dict[str, str]:
    """Return a problem for ``--json``."""
    return dataclasses.asdict(problem)

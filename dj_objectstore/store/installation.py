"""Checks of what all stores share: DataJoint's version, the names of codecs, and ``.secrets``."""

from __future__ import annotations

from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING, Any

from dj_objectstore.spec.gathering import gather_stores
from dj_objectstore.spec.secrets import check_secrets, find_placeholders
from dj_objectstore.store.steps import Finding, StepResult, take_step

if TYPE_CHECKING:
    from collections.abc import Iterator

DATAJOINT = ((2, 3, 5), (2, 4))
_INSTALL = "pip install 'datajoint>=2.3.5,<2.4'"


def check_installation(config: Any = None) -> Iterator[StepResult]:
    """Check what all stores share; asks no store.

    Parameters
    ----------
    config
        DataJoint's configuration; by default that of this process.

    Yields
    ------
    StepResult
        ``datajoint``, ``codecs``, ``secrets``.
    """
    yield take_step("datajoint", _check_datajoint)
    yield take_step("codecs", _check_codecs)
    yield take_step("secrets", partial(_check_secrets, config))


def _check_datajoint() -> Finding:
    try:
        version = metadata.version("datajoint")
    except metadata.PackageNotFoundError:
        return "failed", "datajoint is not installed", _INSTALL
    numbers = tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
    if DATAJOINT[0] <= numbers < DATAJOINT[1]:
        return "ok", version, ""
    return "failed", f"DataJoint must be 2.3.5 or a later 2.3, and is {version}", _INSTALL


def _check_codecs() -> Finding:
    """Look whether two packages serve the same codec: which of them is loaded is then a matter of luck."""
    homes: dict[str, set[str]] = {}
    for entry in metadata.entry_points(group="datajoint.codecs"):
        homes.setdefault(entry.name, set()).add(entry.value)
    doubled = {name: sorted(values) for name, values in homes.items() if len(values) > 1}
    if not doubled:
        return "ok", ", ".join(f"<{name}@>" for name in sorted(homes)), ""
    told = "; ".join(f"<{name}@> by {' and '.join(values)}" for name, values in doubled.items())
    return "failed", f"a codec must be served by one package, got {told}", "Uninstall one of the packages."


def _check_secrets(config: Any) -> Finding:
    gathered = gather_stores(config)
    folder = gathered.places.secrets
    if folder is None:
        return "skipped", "there is no .secrets", ""
    problems = list(check_secrets(folder))
    if problems:
        told = "; ".join(f"{problem.where} {problem.message}" for problem in problems)
        return "failed", told, "; ".join(problem.hint for problem in problems)
    notes = [f"{name} is empty: fill it in or remove it" for name in find_placeholders(folder)]
    notes += [f"{name} belongs to no store" for name in gathered.unused]
    return "ok", "; ".join([str(folder), *notes]), ""

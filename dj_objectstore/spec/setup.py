"""Setting up a store: a draft is filled in, checked, shown as changes to the configuration, and written.

>>> draft = Draft(kind="folder", name="main", values={"location": "/data/lab"})
>>> draft.form().spec.place, draft.python().splitlines()[0]
('/data/lab', 'import datajoint as dj, dj_objectstore as djo')
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import AddressError, ConfigurationError, StoreNotConfiguredError
from dj_objectstore.paths.schema_path import build_schema_path
from dj_objectstore.spec.changes import Changes, FileChange
from dj_objectstore.spec.environment import STORES
from dj_objectstore.spec.files import (
    BLOCK,
    CONFIGURATION,
    SECRETS,
    find_project_places,
    read_json,
    stores_of,
    table_of,
)
from dj_objectstore.spec.forms import Form, check_form, find_kind, kind_of
from dj_objectstore.spec.gathering import DEFAULTS, gather_project, names_of
from dj_objectstore.spec.secrets import SECRET_KEYS, read_secrets, settle_secrets
from dj_objectstore.spec.templates import credentials_of, format_content, merge_stores, split_stores

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_objectstore.spec.layout import Layout

_EXAMPLE_KEY = {"subject_id": 7, "session_date": "2026-03-14", "recording_id": 2}
_EXAMPLE_TOKEN = "Ab3kX9pQ2mZ7tR5w"  # noqa: S105 - only for show


@dataclass(frozen=True)
class Target:
    """A configuration file that may be written.

    Parameters
    ----------
    path
        The file.
    exists
        Whether it is there already.
    is_elsewhere
        Whether it lies above the working folder, and so may belong to others too.
    """

    path: Path
    exists: bool
    is_elsewhere: bool


@dataclass(frozen=True)
class Draft:
    """A store that is being set up.

    Parameters
    ----------
    kind, name
        Its kind (see `forms`) and its name.
    values
        What was typed in, by field; without secrets.
    secrets
        The secrets by field; an empty one removes what is there.
    is_default, is_filepath_default
        Whether it becomes the default of the project, and that of ``<filepath@>``.
    edits
        Name of the store that is edited; None for a new one.
    """

    kind: str
    name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_default: bool = False
    is_filepath_default: bool = False
    edits: str | None = None

    def form(self, folder: Path | None = None) -> Form:
        """Return the checked form; `folder` is where the store that is edited is configured."""
        kept = self._kept(folder) if self.edits else {}
        given = {key: value for key, value in self.secrets.items() if value}
        return check_form(self.kind, self.name, {**self.values, **given}, kept=kept)

    def settings(self, folder: Path | None = None) -> dict[str, Any]:
        """Return the settings with their secrets.

        Raises
        ------
        ConfigurationError
            When the form has problems; names them all.
        """
        form = self.form(folder)
        if form.problems:
            raise ConfigurationError(
                "; ".join(problem.message for problem in form.problems), hint="Correct these fields."
            )
        return dict(form.settings)

    def environment(self, folder: Path | None = None) -> str:
        """Return a line of shell that sets the store up without a file, and without its secrets."""
        plain, extra = split_stores({self.name: self.settings(folder)})
        stores = {self.name: {**plain.get(self.name, {}), **extra.get(self.name, {})}}
        defaults = {name: self.name for name, wanted in self.defaults() if wanted}
        text = json.dumps(defaults | stores, ensure_ascii=False).replace("'", "'\\''")
        return f"export {STORES}='{text}'"

    def python(self, file: Path | None = None) -> str:
        """Return the lines of Python that use the store, and a table to begin with.

        Parameters
        ----------
        file
            The configuration file, for a session that has begun before the file was written.
        """
        store = "" if self.is_default else self.name
        load = [f'dj.config.load("{file.as_posix()}")'] if file else []
        return "\n".join(
            (
                "import datajoint as dj, dj_objectstore as djo",
                *load,
                "djo.enable()",
                "",
                'schema = dj.Schema("lab_imaging")',
                "",
                "@schema",
                "class Recording(dj.Manual):",
                '    definition = """',
                "    subject_id : int32",
                "    ---",
                f"    movie : <photon@{store}>   # a movie at its shot-noise limit",
                f"    files : <object@{store}>   # a folder, a file or a Zarr array",
                '    """',
            )
        )

    def defaults(self) -> tuple[tuple[str, bool], ...]:
        """Return the two settings that name a default store, and whether they are to name this one."""
        return ("default", self.is_default), ("filepath_default", self.is_filepath_default)

    def _kept(self, folder: Path | None) -> dict[str, Any]:
        """Return what stays of the store that is edited: its other settings, and the secrets not given."""
        old = find_settings(self.edits or "", folder)
        shown = {each.name for each in find_kind(self.kind).fields}
        kept = {key: value for key, value in old.items() if key not in shown and key != "protocol"}
        unchanged = {key: value for key, value in old.items() if key in SECRET_KEYS and key in shown}
        return kept | {key: value for key, value in unchanged.items() if key not in self.secrets}


def find_targets(folder: Path | None = None) -> list[Target]:
    """Return the files that may be written: the one that counts here, then one in the working folder."""
    here = (folder or Path.cwd()).absolute()
    found = find_project_places(here).configuration
    own = here / CONFIGURATION
    targets = [Target(found, exists=True, is_elsewhere=found.parent != here.resolve())] if found else []
    if not any(target.path.resolve() == own.resolve() for target in targets):
        targets.append(Target(own, exists=own.is_file(), is_elsewhere=False))
    return targets


def finish_interrupted(folder: Path | None = None) -> str:
    """Finish what a process that died was writing; return what to tell of it, ``""`` for nothing.

    Whatever had begun to count gets its place, and what had not is dropped.
    """
    told = []
    for target in find_targets(folder):
        match settle_secrets(target.path.parent / SECRETS):
            case "counts":
                told.append(f"an interrupted write of {target.path} was finished")
            case "unclear":
                told.append(
                    f"a write of {target.path} was interrupted, and the file was changed since: "
                    "its secrets may be older than its settings; give them again"
                )
    return "; ".join(told)


def find_settings(name: str, folder: Path | None = None) -> dict[str, Any]:
    """Return the settings of a configured store, with its secrets.

    Raises
    ------
    StoreNotConfiguredError
        When the files have no such store.
    """
    places = find_project_places((folder or Path.cwd()).absolute())
    stores = gather_project(places).stores
    if name not in names_of(stores):
        raise StoreNotConfiguredError(
            f"store {name!r} is not configured in the files of this project",
            hint="It may be set in Python or in DJ_STORES: change it there.",
        )
    return dict(table_of(stores[name]))


def open_draft(name: str, folder: Path | None = None) -> Draft:
    """Return the draft to edit a configured store, without its secrets.

    Raises
    ------
    StoreNotConfiguredError
        When the files have no such store.
    ConfigurationError
        When it is of a kind that the form lacks.
    """
    settings = find_settings(name, folder)
    kind = kind_of(settings)
    if not kind:
        raise ConfigurationError(
            f"store {name!r} has the protocol {settings.get('protocol')!r}, which the form does not know",
            hint="Edit it in datajoint.json.",
        )
    fields = {each.name for each in find_kind(kind).fields if each.type != "secret"}
    stores = gather_project(find_project_places((folder or Path.cwd()).absolute())).stores
    return Draft(
        kind=kind,
        name=name,
        values={key: value for key, value in settings.items() if key in fields},
        is_default=stores.get("default") == name,
        is_filepath_default=stores.get("filepath_default") == name,
        edits=name,
    )


def plan_setup(draft: Draft, target: Path) -> Changes:
    """Return what has to be written so that the drafted store is configured.

    Parameters
    ----------
    draft
        A draft without problems.
    target
        The configuration file; ``.secrets`` lies beside it.

    Raises
    ------
    ConfigurationError
        When the draft has problems, or the file is no JSON.
    """
    settings = draft.settings(target.parent)
    stores: dict[str, Any] = {draft.name: settings}
    stores |= {name: draft.name for name, wanted in draft.defaults() if wanted}
    old = read_json(target)
    first = not names_of(stores_of(old))
    if first:
        stores.setdefault("default", draft.name)
    content = merge_stores(old or {}, stores)
    removed = {draft.edits} - {draft.name, None}
    for name in removed:
        content = _without(content, str(name))
    secrets = _secrets_to_write(draft, settings, target.parent / SECRETS)
    return _changes(target, content, secrets, masked=credentials_of(stores).values())


def plan_removal(name: str, target: Path) -> Changes:
    """Return what has to be written so that a store is no longer configured; its data stay where they are.

    Raises
    ------
    StoreNotConfiguredError
        When the file has no such store.
    """
    content = read_json(target)
    block = table_of(table_of(content.get(BLOCK)).get("stores"))
    if name not in stores_of(content) and name not in block:
        raise StoreNotConfiguredError(
            f"{target} has no store {name!r}",
            hint="It may be set in Python or in DJ_STORES: remove it there.",
        )
    folder = target.parent / SECRETS
    own = [file for file in read_secrets(folder) if file.startswith(f"stores.{name}.")]
    note = f"nothing in store {name!r} is touched; rows that name it can't be fetched until it is configured"
    return _changes(target, _without(content, name), dict.fromkeys(own), notes=(note,))


def plan_defaults(target: Path, *, default: str, filepath_default: str) -> Changes:
    """Return what has to be written so that other stores are the defaults; ``""`` names none.

    Raises
    ------
    StoreNotConfiguredError
        When the project has no store of such a name.
    """
    content = read_json(target)
    stores = gather_project(find_project_places(target.parent)).stores
    wanted = {"default": default, "filepath_default": filepath_default}
    for setting, name in wanted.items():
        if name and name not in names_of(stores):
            raise StoreNotConfiguredError(
                f"stores.{setting} must name a configured store, got {name!r}",
                hint="Set that store up first.",
            )
    kept = {key: value for key, value in table_of(content.get("stores")).items() if key not in DEFAULTS}
    if isinstance(stores.get("default"), dict):
        raise ConfigurationError(
            "a store is itself named 'default', which the rows of this project need",
            hint="Set another default in Python: dj.config['stores']['default'] = ...",
        )
    named = {setting: name for setting, name in wanted.items() if name}
    return _changes(target, {**content, "stores": {**named, **kept}}, {})


def example_path(layout: Layout, *, location: str = "") -> str:
    """Return a path as an object of the store would get it.

    Raises
    ------
    AddressError
        When the layout can't make one.
    """
    key: dict[str, Any] = dict(_EXAMPLE_KEY)
    key |= {name: "example" for name in layout.partition if name not in key}
    path = build_schema_path(
        layout=layout,
        schema="lab_imaging",
        table="recording",
        key=key,
        field="movie",
        token=_EXAMPLE_TOKEN[: layout.token_length],
        ext=".zarr",
    )
    return f"{location.rstrip('/')}/{path}" if location else path


def example_of(form: Form) -> str:
    """Return the example path of a form; ``""`` while its layout has problems."""
    if form.spec is None:
        return ""
    try:
        return example_path(form.spec.layout, location=form.spec.location)
    except AddressError:
        return ""


def _secrets_to_write(draft: Draft, settings: Mapping[str, Any], folder: Path) -> dict[str, str | None]:
    """Return the secrets that are new, and None for those that go."""
    kept = read_secrets(folder)
    wanted = credentials_of({draft.name: settings})
    changed: dict[str, str | None] = {
        name: value for name, value in wanted.items() if kept.get(name) != value
    }
    cleared = [f"stores.{draft.name}.{key}" for key, value in draft.secrets.items() if not value]
    renamed = draft.edits if draft.edits != draft.name else None
    old = [name for name in kept if renamed and name.startswith(f"stores.{renamed}.")]
    return changed | dict.fromkeys(name for name in (*cleared, *old) if name in kept)


def _without(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a file's content without a store."""
    kept = {
        key: value
        for key, value in content.items()
        if key != f"stores.{name}" and not key.startswith(f"stores.{name}.")
    }
    kept["stores"] = _dropped(table_of(kept.get("stores")), name)
    block = dict(table_of(kept.get(BLOCK)))
    if "stores" in block:
        block["stores"] = _dropped(table_of(block["stores"]), name)
        kept[BLOCK] = block
    return kept


def _dropped(stores: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {
        key: value for key, value in stores.items() if key != name and not (key in DEFAULTS and value == name)
    }


def _changes(
    target: Path,
    content: Mapping[str, Any],
    secrets: Mapping[str, str | None],
    *,
    masked: Any = (),
    notes: tuple[str, ...] = (),
) -> Changes:
    before = target.read_text(encoding="utf-8") if target.is_file() else None
    after = format_content(content)
    kept = read_secrets(target.parent / SECRETS)
    return Changes(
        changes=(FileChange(target, before, after),) if after != before else (),
        secrets=dict(secrets),
        masked=frozenset({*masked, *kept.values()}),
        folder=target.parent / SECRETS,
        notes=notes,
    )

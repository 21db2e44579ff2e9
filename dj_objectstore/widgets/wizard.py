"""The wizard: sets a store up, tries it, shows what will be written, and writes it.

>>> configure()                        # doctest: +SKIP
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import ConfigurationError, ValueRefusedError
from dj_objectstore.paths.tokens import new_token
from dj_objectstore.spec.changes import BACKUP
from dj_objectstore.spec.files import CONFIGURATION, find_project_places
from dj_objectstore.spec.forms import find_kind, kind_of
from dj_objectstore.spec.gathering import GatheredStores, gather_project, gather_stores, names_of
from dj_objectstore.spec.migration import plan_migration
from dj_objectstore.spec.secrets import SECRET_KEYS
from dj_objectstore.spec.setup import (
    Draft,
    example_of,
    find_settings,
    find_targets,
    finish_interrupted,
    open_draft,
    plan_defaults,
    plan_removal,
    plan_setup,
)
from dj_objectstore.spec.validation import check_settings
from dj_objectstore.store.check import STEPS, check_store
from dj_objectstore.store.destination import advise_destination, check_destination
from dj_objectstore.widgets.frames.targets import Targets
from dj_objectstore.widgets.messages.answers import Answer, build_event
from dj_objectstore.widgets.messages.wizard_answers import (
    Checked,
    DraftInfo,
    FileInfo,
    Review,
    SecretsGiven,
    SetupFacts,
    StoreInfo,
    Tested,
    Written,
    kind_infos,
    problem_infos,
    step_info,
    target_info,
)
from dj_objectstore.widgets.widget import ObjectStoreWidget

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dj_objectstore.spec.changes import Changes
    from dj_objectstore.widgets.channel import Job, Method
    from dj_objectstore.widgets.messages.wizard_messages import (
        DefaultsParams,
        DraftParams,
        ImportParams,
        OpenStoreParams,
        RemoveParams,
        ReviewParams,
        SecretParams,
        StartParams,
        WriteParams,
    )

MAX_REVIEWS = 8
"""Reviews that can still be written; older ones are forgotten."""


class Wizard(ObjectStoreWidget):
    """Sets up a store. Make one with `configure`.

    Secrets are kept in this object alone, until they are written or the widget is closed: never in a trait.

    Parameters
    ----------
    folder
        The project's folder; by default the working folder.
    """

    bundle = "wizard"

    def __init__(self, folder: Path | None = None, **traits: Any) -> None:
        # first: a widget that could not be made is closed too
        self._lock = threading.Lock()
        self._typed: dict[str, str] = {}
        self._given: dict[str, str] = {}
        self._reviews: dict[str, tuple[Changes, str]] = {}
        super().__init__(**traits)
        self._folder = (folder or Path.cwd()).absolute()
        self.connect(Targets(), methods=self._methods())

    def __repr__(self) -> str:
        return f"Wizard({str(self._folder)!r})"

    def close(self) -> None:
        """Forget the secrets, and take the widget off the page."""
        self._forget()
        super().close()

    def give_secrets(self, **secrets: str) -> None:
        """Give secrets from Python instead of the page, such as ``secret_key=getpass.getpass()``.

        Parameters
        ----------
        **secrets
            By field. They are neither shown nor kept after they are written.

        Raises
        ------
        ValueRefusedError
            When a field is no secret.
        """
        _check_secret_names(secrets)
        with self._lock:
            self._given |= secrets

    # -- what the page asks ------------------------------------------------------------------------------

    def _methods(self) -> Mapping[str, Method]:
        return {
            "setup_start": self._start,
            "setup_open": self._open,
            "setup_check": self._check,
            "setup_secret": self._secret,
            "setup_test": self._test,
            "setup_review": self._review,
            "setup_remove": self._remove,
            "setup_defaults": self._choose_defaults,
            "setup_import": self._import,
            "setup_write": self._write,
        }

    def _start(self, _params: StartParams, _job: Job) -> Answer:
        with self._lock:
            self._typed.clear()
        problem = finish_interrupted(self._folder)
        targets = tuple(target_info(target) for target in find_targets(self._folder))
        stores: tuple[StoreInfo, ...] = ()
        older = False
        try:
            stores = tuple(_configured_stores(self._folder))
            older = plan_migration(self._folder).is_needed
        except ConfigurationError as err:
            problem = "; ".join(filter(None, (problem, str(err))))
        return Answer(
            SetupFacts(kinds=kind_infos(), stores=stores, targets=targets, older=older, problem=problem)
        )

    def _open(self, params: OpenStoreParams, _job: Job) -> Answer:
        draft = open_draft(params.name, self._folder)
        with self._lock:
            self._typed.clear()
        held = find_settings(params.name, self._folder)
        values = {key: _plain(value) for key, value in draft.values.items()}
        return Answer(
            DraftInfo(
                kind=draft.kind,
                name=draft.name,
                values=values,
                secrets=tuple(key for key in SECRET_KEYS if held.get(key)),
                is_default=draft.is_default,
                is_filepath_default=draft.is_filepath_default,
            )
        )

    def _check(self, params: DraftParams, _job: Job) -> Answer:
        form = self._draft(params).form(self._folder)
        place = form.spec.place if form.spec else ""
        return Answer(Checked(problems=problem_infos(form), example=example_of(form), place=place))

    def _secret(self, params: SecretParams, _job: Job) -> Answer:
        _check_secret_names(params.secrets)
        with self._lock:
            self._typed |= {name: value.get_secret_value() for name, value in params.secrets.items()}
            given = tuple(name for name, value in {**self._given, **self._typed}.items() if value)
        return Answer(SecretsGiven(given=given))

    def _test(self, params: DraftParams, job: Job) -> Answer:
        """Try the store, step by step; the view hears of each as it is done."""
        draft = self._draft(params)
        draft.settings(self._folder)  # tells all problems
        spec = draft.form(self._folder).spec
        assert spec is not None  # noqa: S101 - a form without problems has one
        refused = check_destination(spec)
        if not refused.ok:
            raise ConfigurationError(str(refused), hint="Correct the endpoint.")
        steps = []
        for result in check_store(spec):
            steps.append(step_info(result))
            self._tell_step(job, steps[-1].to_json())
            if not job.progress(len(steps), len(STEPS), result.step):
                break
        return Answer(Tested(steps=tuple(steps), note=advise_destination(spec)))

    def _review(self, params: ReviewParams, _job: Job) -> Answer:
        draft = self._draft(params)
        line = draft.environment(self._folder)
        if params.target is None:
            return Answer(_nothing_to_write(environment=line, python=draft.python()))
        target = self._target(params.target)
        return self._keep(plan_setup(draft, target), target, draft.python(target), environment=line)

    def _remove(self, params: RemoveParams, _job: Job) -> Answer:
        target = self._target(params.target)
        return self._keep(plan_removal(params.name, target), target)

    def _choose_defaults(self, params: DefaultsParams, _job: Job) -> Answer:
        target = self._target(params.target)
        plan = plan_defaults(target, default=params.default, filepath_default=params.filepath_default)
        return self._keep(plan, target)

    def _import(self, _params: ImportParams, _job: Job) -> Answer:
        plan = plan_migration(self._folder)
        files = [change.path for change in plan.changes if change.path.name == CONFIGURATION]
        return self._keep(plan, files[0] if files else self._target(0))

    def _write(self, params: WriteParams, _job: Job) -> Answer:
        with self._lock:
            plan, python = self._reviews.pop(params.review, (None, ""))
        if plan is None:
            raise ConfigurationError(
                "these changes are no longer at hand", hint="Look at the changes again, and write them then."
            )
        plan.write(backup=True)
        self._forget()
        return Answer(Written(files=tuple(info.path for info in _files(plan)), python=python))

    # -- what it keeps -----------------------------------------------------------------------------------

    def _draft(self, params: DraftParams) -> Draft:
        secret = {each.name for each in find_kind(params.kind).fields if each.type == "secret"}
        misplaced = sorted(secret & params.values.keys())
        if misplaced:
            raise ValueRefusedError(
                f"secrets must be sent by themselves, got {misplaced[0]} among the values",
                hint="This is an error of the page: load it again.",
            )
        with self._lock:
            held = {**self._given, **self._typed}
        secrets = {name: value for name, value in held.items() if name in secret}
        return Draft(
            kind=params.kind,
            name=params.name,
            values=params.values,
            secrets=secrets,
            is_default=params.is_default,
            is_filepath_default=params.is_filepath_default,
            edits=params.edits,
        )

    def _target(self, index: int) -> Path:
        targets = find_targets(self._folder)
        if index >= len(targets):
            raise ValueRefusedError("this file was not offered", hint="Choose one of the files shown.")
        return targets[index].path

    def _keep(self, plan: Changes, target: Path, python: str = "", *, environment: str = "") -> Answer:
        """Return a review, which can be written by its id as long as it is remembered."""
        review = new_token(16) if plan.is_needed else ""
        if review:
            with self._lock:
                self._reviews[review] = plan, python
                while len(self._reviews) > MAX_REVIEWS:
                    self._reviews.pop(next(iter(self._reviews)))
        exists = target.is_file() and any(change.path == target for change in plan.changes)
        return Answer(
            Review(
                review=review,
                diff=plan.diff(),
                file=str(target),
                is_elsewhere=target.parent.resolve() != self._folder.resolve(),
                backup=f"{target}{BACKUP}" if exists else "",
                files=tuple(_files(plan)),
                notes=plan.notes,
                environment=environment,
                python=python,
            )
        )

    def _tell_step(self, job: Job, step: dict[str, Any]) -> None:
        if self._channel is not None:
            self._channel.post(build_event("setup_step", {"id": job.request, **step}, view=job.view))

    def _forget(self) -> None:
        with self._lock:
            self._typed.clear()
            self._given.clear()
            self._reviews.clear()


def configure(**traits: Any) -> Wizard:
    """Set up a store by a form that tests it: folder, Amazon S3, MinIO and other S3, Google, Azure.

    Also edits and removes stores, chooses the defaults, and rewrites older settings. Nothing is written
    before its changes were shown. ``dj-objectstore configure`` does the same in a terminal.

    Returns
    -------
    Wizard
        A widget.
    """
    return Wizard(**traits)


def _check_secret_names(secrets: Iterable[str]) -> None:
    unknown = sorted(set(secrets) - set(SECRET_KEYS))
    if unknown:
        raise ValueRefusedError(
            f"{unknown[0]!r} is no secret of a store", hint=f"Secrets are {', '.join(SECRET_KEYS)}."
        )


def _configured_stores(folder: Path) -> Iterator[StoreInfo]:
    """Give the stores of the project's files, and those that this process has from elsewhere."""
    of_files = gather_project(find_project_places(folder))
    for name in names_of(of_files.stores):
        yield _store_info(name, of_files)
    here = gather_stores()
    for name in names_of(here.stores):
        if name not in of_files.stores:
            yield _store_info(name, here, editable=False)


def _store_info(name: str, gathered: GatheredStores, *, editable: bool = True) -> StoreInfo:
    settings = gathered.stores[name]
    spec, problems = check_settings(name, settings)
    return StoreInfo(
        name=name,
        place=spec.place if spec else "",
        kind=kind_of(settings) if editable and isinstance(settings, dict) else "",
        is_default=gathered.stores.get("default") == name,
        is_filepath_default=gathered.stores.get("filepath_default") == name,
        origin=gathered.origins.get(name, {}).get("protocol", ""),
        problem="; ".join(map(str, problems)),
    )


def _files(plan: Changes) -> Iterator[FileInfo]:
    for name, value in sorted(plan.secrets.items()):
        action = "write" if value is not None else "remove"
        yield FileInfo.model_validate({"path": str(plan.folder / name), "mode": "0600", "action": action})
    for change in plan.changes:
        action = "write" if change.after is not None else "remove"
        yield FileInfo.model_validate({"path": str(change.path), "mode": "", "action": action})


def _nothing_to_write(*, environment: str, python: str) -> Review:
    return Review(
        review="",
        diff="",
        file="",
        is_elsewhere=False,
        backup="",
        files=(),
        notes=(),
        environment=environment,
        python=python,
    )


def _plain(value: Any) -> str | bool | int:
    """Return a setting as the form shows it."""
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return value if isinstance(value, bool | int) else str(value)

"""Importing, live: what an endpoint holds into the desired state; read, turned round, foreseen, and only then written."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from reconciler.edge.asking import ask
from reconciler.edge.client import open_reader
from reconciler.edge.documents import read_documents, read_profiles
from reconciler.edge.new_files import write_new_files
from reconciler.importers.live import Imported, Importing, import_live
from reconciler.importers.live.foreseeing import foresee
from reconciler.importers.live.unmapped import find_unmapped
from reconciler.model.change import Change
from reconciler.model.desired import DesiredState
from reconciler.model.errors import DesiredStateError, ReconcilerError
from reconciler.model.finding import Finding
from reconciler.model.place import Document
from reconciler.model.plan import TargetPlan
from reconciler.model.resource import LiveState, Type
from reconciler.model.target import Target
from reconciler.model.vocabulary import USER_BOOLEANS, USER_DATES, USER_LISTS
from reconciler.pipeline.session import Session, begin, doubt, read_live
from reconciler.pipeline.world import World, connect, endpoint_url, load_from, locator, placer
from reconciler.stages.compile import compile_target
from reconciler.stages.contradict import compile_all
from reconciler.stages.match import Matches, match_resources
from reconciler.stages.verdicts.answers import rows_of

SAMPLE = 100  # resources that are looked at for what is not mapped


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedTarget:
    """What importing one target came to; `files` are empty where an error finding forbade to write."""

    target: str
    url: str
    live_users: int
    live_groups: int
    users: int
    groups: int
    files: tuple[Path, ...]
    plan: TargetPlan  # the next one, as foreseen
    findings: tuple[Finding, ...]

    @property
    def is_refused(self) -> bool:
        """Nothing was written, since the next plan would take access away."""
        return any(finding.severity == "error" for finding in self.findings)


def import_target(
    state: DesiredState, target: Target, world: World, folder: Path, *, leaves_inactive_out: bool
) -> ImportedTarget:
    """Writes what is live and not declared yet into new files below `folder`; only reads at the endpoint.

    Raises TargetError for an endpoint that cannot be read, ReconcilerError for a file that is there already.
    """
    session, live, sample = asyncio.run(_read(state, target, world))
    before = session.decide(live)
    users, groups = _matches(session, live)
    asked = Importing(
        target=target, users=session.columns()["User"], groups=session.columns().get("Group"),
        live=_undeclared(live, users, groups), types=_types(state),
        known={id_: key for key, id_ in users.ids.items()},
        taken_users=frozenset(map(str.casefold, (*state.users, *state.removed))),
        taken_groups=frozenset(map(str.casefold, state.groups)),
        protected=users.protected | (groups.protected if groups is not None else frozenset()),
        leaves_inactive_out=leaves_inactive_out or target.deprovision.disabled == "delete",
        head=(f"Imported from {target.name} ({session.url}), {world.now:%Y-%m-%d}.",),
    )  # fmt: skip
    imported = import_live(asked)
    plan = _next_plan(imported, session, live, world)
    planned: Sequence[Change] = before.changes if state.users else ()
    unmapped = [
        found for type_, of in session.columns().items() for found in find_unmapped(sample[type_], of)
    ]
    findings = (*foresee(plan, planned, target), *imported.findings, *unmapped)
    texts = {
        folder / kind / f"{target.name}.yaml": imported.documents[kind]
        for kind, ids in (("users", imported.users), ("groups", imported.groups)) if ids
    }  # fmt: skip
    result = ImportedTarget(
        target=target.name, url=session.url, live_users=len(live.users), live_groups=len(live.groups),
        users=len(imported.users), groups=len(imported.groups), files=tuple(texts), plan=plan, findings=findings,
    )  # fmt: skip
    if result.is_refused:
        return result
    write_new_files(texts)
    return result


async def _read(
    state: DesiredState, target: Target, world: World
) -> tuple[Session, LiveState, Mapping[Type, list[dict[str, object]]]]:
    """What is live, whole; and some of it as it came, to see what the mapping says nothing about."""
    url = endpoint_url(target, world)
    desired = compile_target(state, target, world.now)
    async with open_reader(url, connect(target, world), target.client) as reader:
        session = await begin(target, desired, world, reader, placer(state))
        live = await read_live(session, reader)
        await doubt(session, session.decide(live), live, reader)
        sample = {
            type_: rows_of(await ask(reader, session.dialect.endpoints[type_], {"startIndex": "1", "count": str(SAMPLE)}))
            for type_ in session.columns()
        }  # fmt: skip
        return session, live, sample


def _matches(session: Session, live: LiveState) -> tuple[Matches, Matches | None]:
    columns, desired, target, facts = session.columns(), session.desired, session.target, session.facts
    users = match_resources(desired.users, live.users, columns["User"], target, facts)
    if "Group" not in columns:
        return users, None
    return users, match_resources(desired.groups, live.groups, columns["Group"], target, facts)


def _undeclared(live: LiveState, users: Matches, groups: Matches | None) -> LiveState:
    """What nothing declares yet, and nobody who is in question."""
    held = set(users.ids.values()) | users.frozen
    held_groups = set(groups.ids.values()) | groups.frozen if groups is not None else set[str]()
    return LiveState(
        users=tuple(row for row in live.users if row.id not in held),
        groups=tuple(row for row in live.groups if row.id not in held_groups),
    )


def _types(state: DesiredState) -> dict[str, str]:
    """The type of every source attribute that is no text."""
    return {
        **dict.fromkeys(USER_DATES, "date"), **dict.fromkeys(USER_LISTS, "text[]"), **dict.fromkeys(USER_BOOLEANS, "boolean"),
        **state.custom_types,
    }  # fmt: skip


def _next_plan(imported: Imported, session: Session, live: LiveState, world: World) -> TargetPlan:
    """The plan for the desired state with what is imported, decided on what was just read."""
    documents, mistakes = read_documents(world.base, world.desired)
    paths = {document.path for document in documents}
    fresh = []
    for kind, text in imported.documents.items():
        path = f"{world.desired}/{kind}/{session.target.name}.yaml"
        path = path if path not in paths else f"{world.desired}/{kind}/{session.target.name}.imported.yaml"
        fresh.append(Document(path=path, text=text))
    try:
        state = load_from(world, ((*documents, *fresh), mistakes), partial(read_profiles, world.base))
        target = state.targets[session.target.name]
        compiled = compile_all(state, [target], world.now, locator(state))
    except DesiredStateError as error:
        raise ReconcilerError(
            f"what is live cannot be declared as it is; nothing was written:\n{error}"
        ) from error
    return session.decide(live, compiled[target.name])

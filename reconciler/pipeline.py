"""The story on one page: gather (files, endpoint), decide (pure), act (apply, read back, learn)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Literal

import msgspec

from reconciler.edge.apply import Applying
from reconciler.edge.client import ScimReader, ScimWriter, open_reader, open_writer
from reconciler.edge.credentials import read_secret
from reconciler.edge.discovery import discover
from reconciler.edge.documents import read_documents
from reconciler.edge.learnt_file import load_learnt, save_learnt
from reconciler.edge.listing import read_list
from reconciler.edge.shipped import find_shipped
from reconciler.model.change import Change
from reconciler.model.column import build_columns
from reconciler.model.desired import DesiredState
from reconciler.model.discovery import Discovery
from reconciler.model.errors import DesiredStateError, IncompleteRead, Refused, TargetError, UsageError
from reconciler.model.place import Document, Origin
from reconciler.model.plan import Plan, TargetPlan
from reconciler.model.profile import Profile
from reconciler.model.request import Outcome
from reconciler.model.resource import Facts, LiveResource, LiveState, Type
from reconciler.model.target import Target
from reconciler.profiles import BUILT_IN, parse_profile
from reconciler.stages.compile import compile_target
from reconciler.stages.decide import Layout, decide
from reconciler.stages.explain import explain_object
from reconciler.stages.lower import Dialect, Form, lower_change
from reconciler.stages.match import match_resources
from reconciler.stages.normalize import build_normalizer
from reconciler.stages.parse import parse
from reconciler.stages.read import locate, read_yaml

RUNGS: tuple[Form, ...] = ("path", "pathless", "put")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a run knows of the machine, as values: where files are, the environment, and the moment."""

    base: Path
    desired: str
    data: Path
    environ: Mapping[str, str] = field(repr=False)
    now: datetime


def here(base: Path, desired: str, data: Path) -> World:
    """The world as it is now."""
    return World(
        base=base,
        desired=desired,
        data=data,
        environ=dict(os.environ),
        now=datetime.now(UTC).replace(microsecond=0),
    )


def load(world: World) -> DesiredState:
    """The desired state; raises DesiredStateError with every mistake."""
    documents, unreadable = read_documents(world.base, world.desired)
    try:
        state = parse(documents, built_in_profiles(), root=world.desired)
    except DesiredStateError as error:
        raise DesiredStateError(tuple(sorted({*error.mistakes, *unreadable}))) from None
    if unreadable:
        raise DesiredStateError(tuple(sorted(unreadable)))
    return state


def built_in_profiles() -> dict[str, Profile]:
    """The profiles that ship with the product, by name."""
    profiles = {}
    for name in BUILT_IN:
        text = find_shipped(f"profiles/{name}.yaml").read_text(encoding="utf-8")
        document, _ = read_yaml(Document(path=f"{name}.yaml", text=text))
        assert isinstance(document, dict)
        profiles[name] = parse_profile(name, document)
    return profiles


def choose(state: DesiredState, names: tuple[str, ...]) -> list[Target]:
    """The targets of that name, or all. Raises UsageError for one that is not declared."""
    unknown = [name for name in names if name not in state.targets]
    if unknown:
        raise UsageError(
            f"no target is called {', '.join(unknown)}; declared are: {', '.join(sorted(state.targets)) or 'none'}"
        )
    return [target for name, target in sorted(state.targets.items()) if not names or name in names]


@dataclass(slots=True, kw_only=True)
class Session:
    """One target's run: what was discovered and learnt, and how to decide again."""

    state: DesiredState
    target: Target
    world: World
    url: str
    layout: Layout
    found: Discovery
    facts: Facts
    dialect: Dialect

    def decide(self, live: LiveState) -> TargetPlan:
        """The target's plan for what is live."""
        plan = decide(
            self.state,
            live,
            self.target,
            self.layout,
            self.facts,
            self.world.now,
            self.url,
            placer(self.state),
        )
        return replace(plan, url=self.url)


def placer(state: DesiredState) -> Callable[[Origin], str]:
    """Shows an origin as `path:line`; a document is read again only when one of its lines is asked for."""

    @cache
    def place(origin: Origin) -> str:
        document = state.documents.get(origin.document)
        return f"{origin.document}:{locate(document, origin.path)[0]}" if document else origin.document

    return place


async def begin(state: DesiredState, target: Target, world: World, reader: ScimReader, url: str) -> Session:
    """Discovers the endpoint and merges profile, declared and learnt facts: the later wins."""
    found = await discover(reader)
    stored = load_learnt(world.data, target.name)
    learnt, profile = target.learnt, target.profile
    withhold = {(path, None) for path in profile.withhold} | {
        (entry.path, entry.key) for entry in learnt.withhold
    }
    withhold |= {(str(path), key) for path, key in stored.get("withhold", [])}
    exact = {**found.case_exact, **dict.fromkeys(profile.case_exact, True)}
    mapping = target.mapping
    groups = mapping.groups if mapping.groups and target.scope.groups != "none" else None
    layout = Layout(
        users=build_columns("User", mapping.users, exact),
        groups=build_columns("Group", groups, exact) if groups else None,
    )
    keeps = profile.external_id == "stored" and ("externalId", None) not in withhold
    page = profile.page_size or found.filter_max_results or 1000
    facts = Facts(own_id=found.own_id, withhold=frozenset(withhold), keeps_external_id=keeps, page_size=page)
    dialect = Dialect(
        form=stored.get("form") or ("put" if found.patch_supported is False else "path"),
        member_removal=stored.get("memberRemoval") or learnt.member_removal or profile.member_removal,
        manager=profile.manager, members_on_create=profile.members_on_create,
        endpoints={"User": "/Users", "Group": "/Groups", **found.endpoints},
    )  # fmt: skip
    return Session(
        state=state,
        target=target,
        world=world,
        url=url,
        layout=layout,
        found=found,
        facts=facts,
        dialect=dialect,
    )


async def read_live(session: Session, reader: ScimReader) -> LiveState:
    """Both lists, proven whole; each page is normalised and let go. Raises IncompleteRead."""
    users: list[LiveResource] = []
    groups: list[LiveResource] = []
    for into, columns in ((users, session.layout.users), (groups, session.layout.groups)):
        if columns is not None:
            normalize = build_normalizer(columns)
            take = partial(_take, into, normalize)
            await read_list(reader, session.dialect.endpoints[columns.type], session.facts.page_size, take)
    return LiveState(users=tuple(users), groups=tuple(groups))


def _take(
    into: list[LiveResource],
    normalize: Callable[[dict[str, object]], LiveResource],
    page: list[dict[str, object]],
) -> None:
    into.extend(map(normalize, page))


async def doubt(session: Session, plan: TargetPlan, reader: ScimReader) -> None:
    """Looks up some of what the lists lack before anything is concluded. Raises IncompleteRead if a list lied.

    DESIGN 5, Complete reads: where more than max(10, 5 %) of the desired users would be created.
    """
    creates = [change for change in plan.changes if change.type == "User" and change.action == "create"]
    desired = plan.live_users + len(creates)
    if len(creates) <= max(10, desired // 20):
        return
    for change in creates[:10]:
        name = next((a.after for a in change.attributes if a.path == "userName"), None)
        if not isinstance(name, str):
            continue
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        try:
            hits = await reader.find(session.dialect.endpoints["User"], f'userName eq "{escaped}"')
        except Refused:
            return  # an endpoint that cannot filter proves nothing either way
        if any(str(hit.get("userName", "")).casefold() == name.casefold() for hit in hits):
            raise IncompleteRead(
                f"the list of users lacks {name}, but a look-up finds that user: the list is not whole"
            )


def connection(target: Target, world: World) -> tuple[str, str | None]:
    """The endpoint's url and token."""
    url = read_secret(target.url, world.environ, root=world.base)
    token = read_secret(target.bearer, world.environ, root=world.base) if target.bearer else None
    return url.rstrip("/"), token


async def plan_target(state: DesiredState, target: Target, world: World) -> TargetPlan:
    """One target's plan; a target that cannot be planned has an `error`, and stops only itself."""
    url = ""
    try:
        url, token = connection(target, world)
        async with open_reader(url, token, target.client) as reader:
            session = await begin(state, target, world, reader, url)
            plan = session.decide(await read_live(session, reader))
            await doubt(session, plan, reader)
            return plan
    except TargetError as error:
        return TargetPlan(name=target.name, url=url, error=str(error), error_exit=error.exit_code)


def make_plan(state: DesiredState, names: tuple[str, ...], world: World) -> Plan:
    """The plan of the chosen targets; nothing can be written on the way."""

    async def run() -> list[TargetPlan]:
        return [await plan_target(state, target, world) for target in choose(state, names)]

    return Plan(as_of=world.now.strftime("%Y-%m-%dT%H:%M:%SZ"), targets=tuple(asyncio.run(run())))


@dataclass(slots=True, kw_only=True)
class Applied:
    """What applying one target came to: the last outcome of every change, and what was learnt."""

    name: str
    outcomes: list[Outcome] = field(default_factory=list)
    withheld: list[tuple[str, str]] = field(default_factory=list)
    remaining: tuple[Change, ...] = ()
    error: TargetError | None = None

    @property
    def failed(self) -> int:
        """Changes that were not carried out."""
        return len(self.remaining)


async def apply_target(
    state: DesiredState,
    plan: TargetPlan,
    world: World,
    on_outcome: Callable[[Change, Outcome], None],
    stop: asyncio.Event,
) -> Applied:
    """Applies a target's plan, reads back, and sends once more in the next form what did not stick."""
    target = state.targets[plan.name]
    applied = Applied(name=plan.name)
    try:
        url, token = connection(target, world)
        async with open_writer(url, token, target.client) as writer:
            session = await begin(state, target, world, writer, url)
            await _act(session, plan.changes, writer, applied, on_outcome, stop)
    except TargetError as error:
        applied.error = error
    return applied


async def _act(
    session: Session, changes: tuple[Change, ...], writer: ScimWriter, applied: Applied,
    on_outcome: Callable[[Change, Outcome], None], stop: asyncio.Event,
) -> None:  # fmt: skip
    wanted = {(change.type, change.key): set(change.atoms()) for change in changes}
    outcomes: dict[tuple[str, str], Outcome] = {}
    first = session.dialect
    todo, created = changes, False
    rungs = list(_rungs(first))
    while todo:
        session.dialect = rungs[0]
        for outcome in await _pass(session, todo, writer, on_outcome, stop):
            outcomes[outcome.type, outcome.key] = outcome
        residual = _residual(session.decide(await read_live(session, writer)).changes, wanted)
        if residual and _sticks(todo, residual) and rungs[0] != first:
            _remember(session)
        if not residual or stop.is_set():
            todo = residual
            break
        # What a POST dropped is first sent by the ordinary PATCH; then form by form.
        if not created and any(change.action == "create" for change in todo):
            created = True
        else:
            rungs.pop(0)
        todo = residual
        if not rungs:
            break
    else:
        if session.dialect != first:
            _remember(session)
    applied.outcomes = list(outcomes.values())
    unkept = [
        change
        for change in todo
        if not stop.is_set() and _is_unkept(change, outcomes.get((change.type, change.key)))
    ]
    applied.remaining = tuple(change for change in todo if change not in unkept)
    _withhold(session, unkept, applied)
    session.dialect = first


def _is_unkept(change: Change, outcome: Outcome | None) -> bool:
    """The endpoint took the write and dropped it, or refuses it in every form: withheld, with a finding.

    Never a lifecycle change: access that was to be taken away and was not is a failure, told every time.
    """
    if change.id is None or any(attribute.path == "active" for attribute in change.attributes):
        return False
    return outcome is not None and (
        outcome.status == "success" or outcome.code in ("400", "405", "422", "501")
    )


def _rungs(first: Dialect) -> list[Dialect]:
    """The forms to try, in order: as told, then each that RFC 7644 or a profile knows."""
    other: Literal["pathFilter", "valueArray"] = (
        "valueArray" if first.member_removal == "pathFilter" else "pathFilter"
    )
    later = RUNGS[RUNGS.index(first.form) + 1 :]
    return [
        first,
        *(
            replace(first, form=form, member_removal=other if form == "pathless" else first.member_removal)
            for form in later
        ),
    ]


async def _pass(
    session: Session, changes: tuple[Change, ...], writer: ScimWriter, on_outcome: Callable[[Change, Outcome], None],
    stop: asyncio.Event,
) -> list[Outcome]:  # fmt: skip
    def lower(change: Change, ids: Mapping[str, str], document: dict[str, object] | None):  # type: ignore[no-untyped-def]
        columns = session.layout.users if change.type == "User" else session.layout.groups
        assert columns is not None
        return lower_change(change, columns, session.dialect, ids, document)

    live = await read_live(session, writer)
    plan_ids = _ids(session, live)
    applying = Applying(
        writer, lower, plan_ids, session.dialect.endpoints, needs_document=session.dialect.form != "path",
        on_outcome=on_outcome, stop=stop,
    )  # fmt: skip
    return await applying.run(changes)


def _ids(session: Session, live: LiveState) -> dict[str, str]:
    """Live ids by our key, for references."""
    desired = compile_target(session.state, session.target, session.layout.users, None, session.world.now)
    matches = match_resources(desired.users, live.users, session.layout.users, session.target, session.facts)
    return {key: resource.id for key, resource in matches.pairs.items()}


def _residual(changes: tuple[Change, ...], wanted: Mapping[tuple[Type, str], set[str]]) -> tuple[Change, ...]:
    """What is still to do of the resources that were written; nothing that was not planned."""
    return tuple(change for change in changes if (change.type, change.key) in wanted)


def _sticks(before: tuple[Change, ...], after: tuple[Change, ...]) -> bool:
    return len(after) < len(before)


def _remember(session: Session) -> None:
    stored = load_learnt(session.world.data, session.target.name)
    stored |= {"form": session.dialect.form, "memberRemoval": session.dialect.member_removal}
    save_learnt(session.world.data, session.target.name, stored)


def _withhold(session: Session, changes: list[Change], applied: Applied) -> None:
    """Remembers what the endpoint does not keep, so that it is not sent for ever."""
    paths = [(attribute.path, change.key) for change in changes for attribute in change.attributes]
    paths += [("members", change.key) for change in changes if change.add or change.remove]
    if not paths:
        return
    stored = load_learnt(session.world.data, session.target.name)
    known = {(str(path), key) for path, key in stored.get("withhold", [])}
    stored["withhold"] = sorted([list(entry) for entry in known | set(paths)], key=str)
    save_learnt(session.world.data, session.target.name, stored)
    applied.withheld = sorted(set(paths))


def now_text() -> str:
    """The present moment, for the run log."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def run_id(target: str) -> str:
    """A name for a run that sorts by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{target}"


def explain(state: DesiredState, name: str, names: tuple[str, ...], world: World) -> list[dict[str, object]]:
    """The story of `user:<id>` or `group:<id>` at each chosen target. Raises UsageError for what is not declared."""
    kind, _, key = name.partition(":")
    known = {"user": state.users.keys() | state.removed.keys(), "group": state.groups.keys()}.get(kind)
    if known is None or key not in known:
        raise UsageError(f"explain {name}: write user:<id> or group:<id> of something that is declared")

    async def one(target: Target) -> dict[str, object]:
        try:
            url, token = connection(target, world)
            async with open_reader(url, token, target.client) as reader:
                session = await begin(state, target, world, reader, url)
                live = await read_live(session, reader)
        except TargetError as error:
            return {"target": target.name, "object": name, "error": str(error)}
        plan = session.decide(live)
        story = explain_object(
            state, live, target, session.layout, session.facts, world.now, plan, kind.capitalize(), key
        )
        change = next((c for c in plan.changes if (c.type, c.key) == (kind.capitalize(), key)), None)
        return {**story, "requests": [lowered(session, change, live)] if change else []}

    async def run() -> list[dict[str, object]]:
        return [await one(target) for target in choose(state, names)]

    return asyncio.run(run())


def lowered(session: Session, change: Change, live: LiveState) -> dict[str, object]:
    """The request of a change as JSON; ids not yet known stand as `{"ref": key}`."""
    columns = session.layout.users if change.type == "User" else session.layout.groups
    assert columns is not None
    request = lower_change(change, columns, replace(session.dialect, form="path"), _ids(session, live))
    assert request is not None
    body = msgspec.json.decode(msgspec.json.encode(request.body, enc_hook=lambda ref: {"ref": ref.key}))
    return {"method": request.method, "path": request.path, "body": body}

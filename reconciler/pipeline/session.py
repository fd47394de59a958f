"""Session: one target's run: what its endpoint is, what is desired there, and how to read and to decide again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import ceil
from typing import Any

from reconciler.edge.client import ScimReader
from reconciler.edge.discovery import discover
from reconciler.edge.learnt_file import load_learnt
from reconciler.edge.listing import read_pages
from reconciler.edge.lookup import is_known
from reconciler.model.change import Change
from reconciler.model.column import Columns
from reconciler.model.dialect import Dialect
from reconciler.model.discovery import Discovery
from reconciler.model.errors import IncompleteRead, Refused
from reconciler.model.place import Origin
from reconciler.model.plan import TargetPlan
from reconciler.model.request import Outcome
from reconciler.model.resource import Facts, LiveResource, LiveState, Type
from reconciler.model.stand_in import known
from reconciler.model.target import Target
from reconciler.pipeline.base_tree import BaseTarget
from reconciler.pipeline.world import World
from reconciler.policies import Agreed
from reconciler.stages.compile import Desired, target_columns
from reconciler.stages.decide import decide, know_people
from reconciler.stages.learn import dialect_of, facts_of
from reconciler.stages.normalize import build_normalizer
from reconciler.stages.normalize_page import build_page_decoder

FEW = 3
SAMPLE = 10  # look-ups before much is concluded from a list (DESIGN 5, Complete reads)


@dataclass(slots=True, kw_only=True)
class Session:
    """What a run knows of one target; `agreed` and `facts` may be replaced by what it learns."""

    target: Target
    world: World
    url: str
    desired: Desired
    place: Callable[[Origin], str]
    facts: Facts
    dialect: Dialect
    remembered: dict[str, Any]
    agreed: Agreed = field(default_factory=Agreed)
    found: Discovery  # what the endpoint says about itself
    asks_each_group: bool = False  # the list of groups leaves their members out
    base: BaseTarget | None = None  # the target in the tree that an edit starts from

    def columns(self) -> dict[Type, Columns]:
        """The columns of each resource type that is provisioned."""
        users, groups = target_columns(self.target, self.facts.case_exact)
        return {"User": users, **({"Group": groups} if groups else {})}

    def decide(self, live: LiveState, desired: Desired | None = None) -> TargetPlan:
        """The target's plan for what is live, at the session's moment unless another's `desired` is given."""
        plan = decide(desired or self.desired, live, self.target, self.facts, self.agreed, self.place)
        return replace(plan, url=self.url)

    def ids(self, live: LiveState) -> dict[str, str]:
        """Live ids by our key, for references."""
        people = know_people(self.desired, live, self.columns()["User"], self.target, self.facts)
        return dict(people.id_by_key)


async def begin(
    target: Target, desired: Desired, world: World, reader: ScimReader, place: Callable[[Origin], str]
) -> Session:
    """Asks the endpoint what it is. Raises TargetError if it does not answer or refuses the token."""
    found = await discover(reader)
    remembered = load_learnt(world.data, target.name)
    return Session(
        target=target, world=world, url=reader.base, desired=desired, place=place,
        facts=facts_of(target, found, remembered), dialect=dialect_of(target, found, remembered), remembered=remembered,
        found=found,
    )  # fmt: skip


async def read_live(session: Session, reader: ScimReader) -> LiveState:
    """Both lists, proven whole. Raises IncompleteRead."""
    lists: dict[Type, tuple[LiveResource, ...]] = {"User": (), "Group": ()}
    for type_, columns in session.columns().items():
        lists[type_] = await _read_list(session, reader, columns)
    return LiveState(users=lists["User"], groups=lists["Group"])


async def _read_list(session: Session, reader: ScimReader, columns: Columns) -> tuple[LiveResource, ...]:
    endpoint = session.dialect.endpoints[columns.type]
    decode = build_page_decoder(columns)
    if session.base is not None:
        decode = session.base.reading_too(columns, decode)
    rows = await read_pages(
        reader, endpoint, session.facts.page_size, decode, ahead=session.target.client.concurrency,
        tell=partial(session.world.tell, f"reading {columns.type.lower()}s of {session.target.name}"),
    )  # fmt: skip
    if columns.has_members and rows and not any(row.members for row in rows):
        rows = await _with_members(session, reader, columns, rows)
    return tuple(rows)


async def _with_members(
    session: Session, reader: ScimReader, columns: Columns, rows: list[LiveResource]
) -> list[LiveResource]:
    """The groups with their members, where the list leaves them out and a look-up of one does not (scim_quirks C.4 #22)."""
    if not session.asks_each_group:
        sample = await _read_each(session, reader, columns, [row.id for row in rows[:FEW]])
        session.asks_each_group = any(row.members for row in sample.values())
    if not session.asks_each_group:
        return rows
    found = await _read_each(session, reader, columns, [row.id for row in rows])
    return [found.get(row.id, row) for row in rows]


async def _read_each(
    session: Session, reader: ScimReader, columns: Columns, ids: list[str]
) -> dict[str, LiveResource]:
    """Each of these resources by its id, but for those that the endpoint does not know any more."""
    endpoint, normalize = session.dialect.endpoints[columns.type], build_normalizer(columns)
    documents = await asyncio.gather(*(reader.resource(endpoint, id_) for id_ in ids))
    return {id_: normalize(document) for id_, document in zip(ids, documents, strict=True) if document}


async def read_again(
    session: Session, reader: ScimReader, live: LiveState, outcomes: Iterable[Outcome]
) -> LiveState:
    """What is live after these writes: each resource by its id, or the whole list where that takes fewer requests."""
    touched: dict[Type, set[str]] = {"User": set(), "Group": set()}
    unknown: set[Type] = set()
    for outcome in outcomes:
        if outcome.status == "skipped":
            continue
        if outcome.id is not None:
            touched[outcome.change.type].add(outcome.id)
        else:
            unknown.add(outcome.change.type)
    columns = session.columns()
    users = await _refresh(session, reader, columns["User"], live.users, touched["User"], "User" in unknown)
    groups = live.groups
    if "Group" in columns:
        groups = await _refresh(
            session, reader, columns["Group"], groups, touched["Group"], "Group" in unknown
        )
    return LiveState(users=users, groups=groups)


async def _refresh(
    session: Session, reader: ScimReader, columns: Columns, live: tuple[LiveResource, ...], ids: set[str], whole: bool
) -> tuple[LiveResource, ...]:  # fmt: skip
    if not ids and not whole:
        return live
    pages = 1 + ceil(len(live) / session.facts.page_size)
    if whole or len(ids) > pages:
        return await _read_list(session, reader, columns)
    fresh = await _read_each(session, reader, columns, sorted(ids))
    kept = [
        fresh.pop(row.id) if row.id in fresh else row for row in live if row.id not in ids or row.id in fresh
    ]
    return (*kept, *fresh.values())


async def doubt(session: Session, plan: TargetPlan, live: LiveState, reader: ScimReader) -> TargetPlan:
    """Looks up some of what the lists lack before anything is concluded; gives the plan with what that showed.

    Raises IncompleteRead if a list lied (DESIGN 5, Complete reads).
    """
    await _doubt_creations(session, plan, reader)
    known = {row.id for row in live.users} | {row.id for row in live.groups}
    unknown = sorted({member for group in live.groups for member in group.members if member not in known})
    dangling = set()
    for id_ in unknown[:SAMPLE]:
        if await is_known(reader, session.dialect.endpoints["User"], id_):
            raise IncompleteRead(
                f"the list of users lacks {id_}, whom a group names and a look-up finds: the list is not whole"
            )
        dangling.add(id_)
    if not dangling:
        return plan
    session.facts = replace(session.facts, dangling=frozenset(dangling))
    return session.decide(live)


async def _doubt_creations(session: Session, plan: TargetPlan, reader: ScimReader) -> None:
    creates = [change for change in plan.changes if change.action == "create"]
    wanted = len(session.desired.users) + len(session.desired.groups)
    if len(creates) <= max(10, wanted // 20):
        return
    step = max(1, len(creates) // SAMPLE)
    for change in creates[::step][:SAMPLE]:
        for attribute in (
            ("userName", "externalId") if change.type == "User" else ("displayName", "externalId")
        ):
            if await _is_found(session, change, attribute, reader):
                raise IncompleteRead(
                    f"the list of {change.type.lower()}s lacks {change.name}, but a look-up by {attribute} finds it: "
                    "the list is not whole"
                )


async def _is_found(session: Session, change: Change, attribute: str, reader: ScimReader) -> bool:
    value = next((known(a.after) for a in change.attributes if a.path == attribute), None)
    if not isinstance(value, str):
        return False
    try:
        return bool(await reader.find(session.dialect.endpoints[change.type], attribute, value))
    except Refused:
        return False  # an endpoint that cannot filter proves nothing either way


def changed_paths(columns: Mapping[Type, Columns]) -> dict[Type, list[str]]:
    """The paths of each type in the order of its cells."""
    return {type_: [column.text for column in of.all] for type_, of in columns.items()}

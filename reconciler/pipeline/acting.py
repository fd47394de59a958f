"""Acting: apply a target's plan, read back, insist where something did not stick, and remember what was learnt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from reconciler.edge.apply import Document, Plans, Run, apply_changes
from reconciler.edge.client import ScimWriter, open_writer
from reconciler.edge.learnt_file import save_learnt
from reconciler.model.change import Change, MemberChange, Place, Reason
from reconciler.model.dialect import Dialect
from reconciler.model.errors import TargetError
from reconciler.model.request import Outcome, Request
from reconciler.model.resource import LiveState, Type
from reconciler.pipeline.planning import Planned
from reconciler.pipeline.session import Session, changed_paths, read_again
from reconciler.pipeline.world import connect
from reconciler.stages.insist import (
    Key,
    Unkept,
    applies,
    choose_canaries,
    find_unkept,
    insistable,
    lost_members,
    next_forms,
)
from reconciler.stages.learn import learnt_line, remember
from reconciler.stages.lower import lower_change
from reconciler.stages.normalize import build_normalizer
from reconciler.stages.order import find_blockers, order_changes, phase
from reconciler.stages.remaining import find_remaining

PASSES = 3  # a first one; what a POST left behind or what waited for others; and once more for a circle of managers
TYPES: tuple[Type, ...] = ("User", "Group")


@dataclass(slots=True, kw_only=True)
class Applied:
    """What applying one target came to."""

    name: str
    outcomes: dict[Key, Outcome] = field(default_factory=dict)  # the last one of each change
    history: dict[Key, list[Outcome]] = field(default_factory=dict)
    remaining: tuple[Change, ...] = ()  # still to do, and not withheld: failures
    withheld: tuple[Place, ...] = ()
    learnt: str = ""  # the line to write into the target
    broken: str = ""  # why the circuit breaker stopped the run
    error: TargetError | None = None
    run: str = ""  # the name of its log

    @property
    def done(self) -> int:
        """How many changes were carried out."""
        left = {(change.type, change.key) for change in self.remaining}
        return sum(o.status == "success" and key not in left for key, o in self.outcomes.items())

    @property
    def wrote(self) -> bool:
        """Something may have been written."""
        told = [outcome for outcomes in self.history.values() for outcome in outcomes]
        return any(outcome.may_have_written and outcome.requests for outcome in told)


async def apply_planned(planned: Planned, tell: Callable[[Outcome], None], stop: asyncio.Event) -> Applied:
    """Applies one target's plan; never raises TargetError, but says it in `error`."""
    applied = Applied(name=planned.target.name)
    session = planned.session
    assert session is not None
    try:
        token = connect(planned.target, session.world)
        async with open_writer(session.url, token, planned.target.client) as writer:
            await _Acting(planned, session, writer, applied, tell, stop).act()
    except TargetError as error:
        applied.error = error
    return applied


class _Acting:
    """One target's apply: what is wanted, what is live by now, and the dialect as learnt."""

    def __init__(
        self, planned: Planned, session: Session, writer: ScimWriter, applied: Applied,
        tell: Callable[[Outcome], None], stop: asyncio.Event,
    ) -> None:  # fmt: skip
        self.session, self.writer, self.applied, self.tell = session, writer, applied, tell
        self.live: LiveState = planned.live
        self.changes = planned.plan.changes
        self.wanted = {place: after for c in self.changes for place, (_, after) in c.atoms().items()}
        self.columns = session.columns()
        self.dialect = session.dialect
        users = self.columns["User"]
        self.reference = users.all[users.reference].text if users.reference is not None else None
        self.run = Run(
            ids=session.ids(planned.live), endpoints=session.dialect.endpoints, width=planned.target.client.concurrency,
            tell=self._told, stop=stop,
        )  # fmt: skip

    async def act(self) -> None:
        """The plan as it stands; then what was dropped or refused, in other forms; then what is learnt of it."""
        left = await self._send(self.changes, self.dialect)
        for _ in range(PASSES - 1):
            again = [change for change in left if self._is_unfinished(change)]
            if not again or self.run.is_over:
                break
            left = await self._send(again, self.dialect)
        for type_ in TYPES:
            if not self.run.is_over:
                left = await self._insist(type_, left)
        self.applied.broken = self.run.breaker.reason
        unkept = Unkept(places={}, generally=frozenset())
        if not self.run.is_over:
            unkept = find_unkept(
                self._sayable(left), self.applied.history, self.live, changed_paths(self.columns)
            )
        self._finish(left, unkept)

    def _told(self, outcome: Outcome) -> None:
        key = (outcome.change.type, outcome.change.key)
        self.applied.outcomes[key] = outcome
        self.applied.history.setdefault(key, []).append(outcome)
        self.tell(outcome)

    async def _send(self, changes: Sequence[Change], dialect: Dialect) -> tuple[Change, ...]:
        """Sends `changes` in one dialect, reads back, and gives what of the plan is still to do."""
        ordered, _ = order_changes(changes)
        plans = Plans(
            lower=partial(self._lower, dialect), remain=self._remain, phase=phase,
            reads_first=lambda change: dialect.form[change.type] != "path" and not dialect.singly and change.action != "delete",
            blockers=find_blockers(ordered, self.reference),
        )  # fmt: skip
        outcomes = await apply_changes(ordered, self.writer, plans, self.run)
        self.live = await read_again(self.session, self.writer, self.live, outcomes.values())
        return self._left()

    def _left(self) -> tuple[Change, ...]:
        """What of the plan is still to do; nothing that was not planned."""
        left = (self._still_wanted(change) for change in self.session.decide(self.live).changes)
        return tuple(change for change in left if change is not None)

    def _still_wanted(self, change: Change) -> Change | None:
        atoms = change.atoms()

        def may(place: Place) -> bool:
            return place in self.wanted and self.wanted[place] == atoms[place][1]

        return change.only(may)

    def _sayable(self, changes: Iterable[Change]) -> tuple[Change, ...]:
        """What refers to nobody whom this run could not make; the rest is no matter of form."""
        known = self.run.ids.keys()

        def may(place: Place) -> bool:
            if place.what == "member":
                return self.wanted.get(place) is False or place.name in known
            return (
                place.name != self.reference or self.wanted.get(place) is None or self.wanted[place] in known
            )

        kept = (change.only(may) for change in changes)
        return tuple(change for change in kept if change is not None)

    def _is_unfinished(self, change: Change) -> bool:
        """A POST made the resource and left something out, or a reference had to wait: the ordinary PATCH is next."""
        outcome = self.applied.outcomes.get((change.type, change.key))
        return (
            change.id is not None
            and outcome is not None
            and outcome.status == "success"
            and outcome.change.action == "create"
        )

    async def _insist(self, type_: Type, left: tuple[Change, ...]) -> tuple[Change, ...]:
        before = self.dialect
        for form in next_forms(before, type_):
            todo = [
                change for change in insistable(self._sayable(left), self.applied.outcomes)
                if change.type == type_ and change.action not in ("create", "delete") and applies(form, before, change)
            ]  # fmt: skip
            if not todo or self.run.is_over:
                continue
            canaries = choose_canaries(todo)
            weight = _weigh(left, canaries)
            was = self.live
            left = await self._send(canaries, form)
            if await self._restore(canaries, was) or _weigh(left, canaries) >= weight:
                continue
            if not form.singly and not _weigh(left, canaries):
                self.dialect = form
            rest = [
                change
                for change in left
                if (change.type, change.key) not in _keys(canaries) and change.type == type_
            ]
            rest = [change for change in rest if change in todo]
            if rest and not self.run.is_over:
                left = await self._send(rest, form)
        return left

    async def _restore(self, canaries: Sequence[Change], was: LiveState) -> bool:
        """Puts back members that a removal took along; that form is not used again."""
        before = {group.id: group for group in was.groups}
        after = {group.id: group for group in self.live.groups}
        repairs = []
        for change in canaries:
            if change.type != "Group" or change.id not in before or change.id not in after:
                continue
            lost = lost_members(change, before[change.id], after[change.id])
            if lost:
                members = tuple(MemberChange(key=f"live:{id_}", name=id_, id=id_) for id_ in lost)
                reason = Reason(code="restore", text="a removal took these members along")
                repairs.append(
                    Change(target=change.target, action="update", type="Group", key=change.key, id=change.id,
                           name=change.name, reason=reason, add=members)
                )  # fmt: skip
        if repairs:
            await self._send(repairs, self.session.dialect)
        return bool(repairs)

    def _lower(
        self, dialect: Dialect, change: Change, ids: Mapping[str, str], document: Document | None
    ) -> tuple[Request, ...]:
        return lower_change(change, self.columns[change.type], dialect, ids, document)

    def _remain(
        self, change: Change, document: Document | None, ids: Mapping[str, str]
    ) -> tuple[Change | None, tuple[str, ...]]:
        columns = self.columns[change.type]
        row = build_normalizer(columns)(document) if document else None
        rest = find_remaining(change, row, columns, ids)
        return rest.change, rest.moved

    def _finish(self, left: tuple[Change, ...], unkept: Unkept) -> None:
        session = self.session
        if unkept.places or self.dialect != session.dialect:
            session.remembered = remember(
                session.remembered, self.dialect, unkept.places.items(), unkept.generally
            )
            save_learnt(session.world.data, session.target.name, session.remembered)
            self.applied.learnt = learnt_line(session.target, session.remembered)
        self.applied.withheld = tuple(sorted(unkept.places, key=str))
        rest = (change.only(lambda place: place not in unkept.places) for change in left)
        deleted = {place.key for place in unkept.places if place.name == "delete"}
        self.applied.remaining = tuple(
            change
            for change in rest
            if change is not None
            and not (change.action == "delete" and change.key in deleted)
            and not _is_empty_adoption(change)
        )


def _is_empty_adoption(change: Change) -> bool:
    """All that would make it ours is withheld, so from now on a match is ours."""
    return change.action == "adopt" and not (change.attributes or change.add or change.remove)


def _keys(changes: Sequence[Change]) -> set[Key]:
    return {(change.type, change.key) for change in changes}


def _weigh(left: Sequence[Change], of: Sequence[Change]) -> int:
    """How many atoms of these resources are still to do."""
    keys = _keys(of)
    return sum(len(change.atoms()) for change in left if (change.type, change.key) in keys)

"""Acting: apply a target's plan, read back, insist where something did not stick, and remember what was learnt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from reconciler.edge.apply import DEFERRED
from reconciler.edge.client import open_writer
from reconciler.edge.learnt_file import save_learnt
from reconciler.model.change import Change, Place
from reconciler.model.dialect import REMOVALS, Dialect
from reconciler.model.errors import TargetError
from reconciler.model.quarantine_reason import QuarantineReason
from reconciler.model.request import Outcome
from reconciler.model.resource import Type
from reconciler.pipeline.planning import Planned
from reconciler.pipeline.sending import Sender
from reconciler.pipeline.session import changed_paths
from reconciler.pipeline.world import connect
from reconciler.stages.insist import (
    Key,
    Unkept,
    applies,
    choose_canaries,
    find_unkept,
    insistable,
    next_forms,
)
from reconciler.stages.learn import learnt_line, remember, with_unkept

PASSES = 2  # what waited for others; and once more for a circle of managers
TYPES: tuple[Type, ...] = ("User", "Group")


@dataclass(slots=True, kw_only=True)
class Applied:
    """What applying one target came to."""

    name: str
    planned: int = 0
    outcomes: dict[Key, Outcome] = field(default_factory=dict)  # the last one of each change
    history: dict[Key, list[Outcome]] = field(default_factory=dict)
    remaining: tuple[Change, ...] = ()  # still to do, and not withheld: failures
    withheld: tuple[Place, ...] = ()
    learnt: str = ""  # the line to write into the target
    broken: str = ""  # why the circuit breaker stopped the run
    broken_code: QuarantineReason | None = None  # the same, as Graph names it
    error: TargetError | None = None
    run: str = ""  # the name of its log

    @property
    def done(self) -> int:
        """How many changes were carried out, as far as the endpoint keeps them."""
        return self.planned - len({(change.type, change.key) for change in self.remaining})

    @property
    def wrote(self) -> bool:
        """Something may have been written."""
        told = [outcome for outcomes in self.history.values() for outcome in outcomes]
        return any(outcome.may_have_written and outcome.requests for outcome in told)


async def apply_planned(planned: Planned, tell: Callable[[Outcome], None], stop: asyncio.Event) -> Applied:
    """Applies one target's plan; never raises TargetError, but says it in `error`."""
    applied = Applied(
        name=planned.target.name, planned=len(planned.plan.changes), remaining=planned.plan.changes
    )
    session = planned.session
    assert session is not None
    try:
        token = connect(planned.target, session.world)
        async with open_writer(session.url, token, planned.target.client) as writer:
            sender = Sender(planned, session, writer, tell, stop)
            applied.outcomes, applied.history = sender.outcomes, sender.history
            await _Acting(sender, applied).act()
    except TargetError as error:
        applied.error = error  # it could not be read back: what succeeded is what was answered so
        applied.remaining = tuple(
            change
            for change in planned.plan.changes
            if not _succeeded(applied.outcomes.get((change.type, change.key)))
        )
    return applied


def _succeeded(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.status == "success"


class _Acting:
    """One target's apply: the plan as it stands, then form by form, and the dialect as learnt on the way."""

    def __init__(self, sender: Sender, applied: Applied) -> None:
        self.sender, self.applied = sender, applied
        self.session, self.run = sender.session, sender.run
        self.dialect = sender.session.dialect

    async def act(self) -> None:
        """Sends the plan; then what was dropped or refused, in other forms; then keeps what was learnt of it."""
        was = self.sender.live
        left = await self.sender.send(self.sender.changes, self.dialect)
        if await self.sender.restore(self.sender.changes, was):
            other = REMOVALS[1 - REMOVALS.index(self.dialect.member_removal)]
            self.dialect = replace(self.dialect, member_removal=other, is_removal_settled=True)
            left = self.sender.left()
        is_held = self.run.breaker.is_doubting
        self.run.breaker.trust()
        left = await self._complete(left)
        if is_held and not self.run.is_over:
            left = await self._resume(left)
        self.applied.broken, self.applied.broken_code = self.run.breaker.reason, self.run.breaker.code
        self._finish(left, self._unkept(left) if not self.run.is_over else Unkept())

    async def _complete(self, left: tuple[Change, ...]) -> tuple[Change, ...]:
        """What had to wait for others, and then what was dropped or refused."""
        for _ in range(PASSES):
            late = [change for change in left if self._had_to_wait(change)]
            if not late or self.run.is_over:
                break
            left = await self.sender.send(late, self.dialect)
        for type_ in TYPES:
            left = await self._insist(type_, left)
        return left

    async def _resume(self, left: tuple[Change, ...]) -> tuple[Change, ...]:
        """The first pass was cut short, so much was refused: the rest goes on if the endpoint is understood by now."""
        unkept = self._unkept(left)
        if self.dialect == self.session.dialect and not unkept.generally:
            self.run.breaker.give_up()
            return left
        self.session.facts = with_unkept(self.session.facts, unkept)
        outcomes = self.sender.outcomes
        rest = [c for c in self.sender.left() if (o := outcomes.get((c.type, c.key))) and o.code == DEFERRED]
        left = await self.sender.send(rest, self.dialect)
        return await self._complete(left)

    def _had_to_wait(self, change: Change) -> bool:
        """A POST went out before those were made whom it refers to, or leaves its members to a PATCH."""
        outcome = self.sender.outcomes.get((change.type, change.key))
        is_made = outcome is not None and outcome.status == "success" and outcome.change.action == "create"
        refers = any(a.path == self.sender.reference for a in change.attributes)
        leaves_out = change.type == "Group" and not self.dialect.members_on_create
        return change.id is not None and is_made and (refers or leaves_out)

    async def _insist(self, type_: Type, left: tuple[Change, ...]) -> tuple[Change, ...]:
        """What was dropped or refused, form by form: each on a few changes first, on the rest only where it helped."""
        before = self.dialect
        for form in (before, *next_forms(before, type_)):
            todo = self._todo(type_, left, form, before)
            if not todo or self.run.is_over or self._would_replace_unseen(form, before, todo):
                continue
            canaries = choose_canaries(todo)
            weight, was = _weigh(left, canaries), self.sender.live
            left = await self.sender.send(canaries, form)
            if await self.sender.restore(canaries, was):
                self.dialect = replace(self.dialect, is_removal_settled=True)
                left = self.sender.left()
                continue
            if _weigh(left, canaries) >= weight:
                continue
            if not form.singly and not _weigh(left, canaries):
                self.dialect = replace(form, is_removal_settled=self.dialect.is_removal_settled)
            keys = _keys(todo) - _keys(canaries)
            rest = [change for change in left if (change.type, change.key) in keys]
            if rest and not self.run.is_over:
                left = await self.sender.send(rest, form)
        return left

    def _todo(self, type_: Type, left: tuple[Change, ...], form: Dialect, before: Dialect) -> list[Change]:
        """What that form may help; a PATCH in the form as told helps only what a POST left out."""
        outcomes = self.sender.outcomes
        todo = [
            change for change in insistable(self.sender.sayable(left), outcomes)
            if change.type == type_ and change.action not in ("create", "delete")
        ]  # fmt: skip
        if form is before:
            return [c for c in todo if outcomes[c.type, c.key].change.action == "create"]
        return [change for change in todo if applies(form, before, change)]

    def _would_replace_unseen(self, form: Dialect, before: Dialect, todo: Sequence[Change]) -> bool:
        """A PUT of groups whose members are never shown would leave only those that the plan adds (scim_quirks A.1)."""
        is_new = form.form["Group"] == "put" != before.form["Group"]
        taken = any(self.sender.outcomes[c.type, c.key].status == "success" for c in todo if c.add)
        return is_new and taken and not any(group.members for group in self.sender.live.groups)

    def _unkept(self, left: tuple[Change, ...]) -> Unkept:
        sender = self.sender
        return find_unkept(sender.sayable(left), sender.history, sender.live, changed_paths(sender.columns))

    def _finish(self, left: tuple[Change, ...], unkept: Unkept) -> None:
        session = self.session
        if unkept.places or self.dialect != session.dialect:
            session.remembered = remember(
                session.remembered, self.dialect, unkept.places.items(), unkept.generally
            )
            save_learnt(session.world.data, session.target.name, session.remembered)
            self.applied.learnt = learnt_line(session.target, session.remembered)
        self.applied.withheld = tuple(sorted(unkept.places, key=str))
        deleted = {place.key for place in unkept.places if place.name == "delete"}
        rest = (change.only(lambda place: place not in unkept.places) for change in left)
        self.applied.remaining = tuple(
            change for change in rest
            if change is not None and not (change.action == "delete" and change.key in deleted) and not _is_empty_adoption(change)
        )  # fmt: skip


def _is_empty_adoption(change: Change) -> bool:
    """All that would make it ours is withheld, so from now on a match is ours."""
    return change.action == "adopt" and not (change.attributes or change.add or change.remove)


def _keys(changes: Sequence[Change]) -> set[Key]:
    return {(change.type, change.key) for change in changes}


def _weigh(left: Sequence[Change], of: Sequence[Change]) -> int:
    """How many atoms of these resources are still to do."""
    keys = _keys(of)
    return sum(len(change.atoms()) for change in left if (change.type, change.key) in keys)

"""Sending: a plan's changes to one endpoint in a dialect, what was read back, and what of the plan is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from reconciler.edge.apply import Document, Plans, Run, apply_changes
from reconciler.edge.client import ScimWriter
from reconciler.model.change import Change, MemberChange, Place, Reason
from reconciler.model.dialect import Dialect
from reconciler.model.request import Outcome, Request
from reconciler.model.resource import LiveState
from reconciler.model.stand_in import REDACTED, Redacted
from reconciler.pipeline.planning import Planned
from reconciler.pipeline.session import Session, read_again
from reconciler.stages.insist import Key, lost_members
from reconciler.stages.lower import lower_change
from reconciler.stages.make import make_values
from reconciler.stages.normalize import build_normalizer
from reconciler.stages.order import find_blockers, order_changes, phase
from reconciler.stages.remaining import find_remaining


class Sender:
    """Sends parts of one target's plan; `outcomes` holds the last of each change, `history` all of them."""

    def __init__(
        self, planned: Planned, session: Session, writer: ScimWriter, tell: Callable[[Outcome], None],
        stop: asyncio.Event,
    ) -> None:  # fmt: skip
        self.session, self.writer, self._tell = session, writer, tell
        self.live: LiveState = planned.live
        self.changes = planned.plan.changes
        self.outcomes: dict[Key, Outcome] = {}
        self.history: dict[Key, list[Outcome]] = {}
        self.columns = session.columns()
        users = self.columns["User"]
        self.reference = users.all[users.reference].text if users.reference is not None else None
        self.run = Run(
            ids=session.ids(planned.live), endpoints=session.dialect.endpoints,
            width=planned.target.client.concurrency, tell=self._told, stop=stop,
        )  # fmt: skip
        self._hidden: dict[Key, set[str]] = {}  # values that may be shown nowhere, as they were sent
        self._wanted = {place: after for c in self.changes for place, (_, after) in c.atoms().items()}

    async def send(self, changes: Sequence[Change], dialect: Dialect) -> tuple[Change, ...]:
        """Sends `changes` in one dialect, reads back, and gives what of the plan is still to do."""
        ordered = order_changes(changes)
        plans = Plans(
            lower=partial(self._lower, dialect), remain=self._remain, phase=phase,
            reads_first=lambda change: dialect.form[change.type] != "path" and not dialect.singly and change.action != "delete",
            blockers=find_blockers(ordered, self.reference),
        )  # fmt: skip
        outcomes = await apply_changes(ordered, self.writer, plans, self.run)
        self.live = await read_again(self.session, self.writer, self.live, outcomes.values())
        return self.left()

    def left(self) -> tuple[Change, ...]:
        """What of the plan is still to do; nothing that was not planned."""
        left = (self._still_wanted(change) for change in self.session.decide(self.live).changes)
        return tuple(change for change in left if change is not None)

    def sayable(self, changes: Iterable[Change]) -> tuple[Change, ...]:
        """What refers to nobody whom this run could not make; the rest is no matter of form."""
        known = self.run.ids.keys()

        def may(place: Place) -> bool:
            if place.what == "member":
                return self._wanted.get(place) is False or place.name in known
            return (
                place.name != self.reference
                or self._wanted.get(place) is None
                or self._wanted[place] in known
            )

        kept = (change.only(may) for change in changes)
        return tuple(change for change in kept if change is not None)

    async def restore(self, changes: Sequence[Change], was: LiveState) -> bool:
        """Puts back members that a removal took along, and says whether there were any."""
        before = {group.id: group for group in was.groups}
        after = {group.id: group for group in self.live.groups}
        repairs = []
        for change in changes:
            if (
                change.type != "Group"
                or not change.remove
                or change.id not in before
                or change.id not in after
            ):
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
            await self.send(repairs, self.session.dialect)
        return bool(repairs)

    def _told(self, outcome: Outcome) -> None:
        key = (outcome.change.type, outcome.change.key)
        for value in sorted(self._hidden.get(key, ()), key=len, reverse=True):
            outcome = replace(outcome, text=outcome.text.replace(value, REDACTED))  # what an endpoint echoes
        self.outcomes[key] = outcome
        self.history.setdefault(key, []).append(outcome)
        self._tell(outcome)

    def _still_wanted(self, change: Change) -> Change | None:
        atoms = change.atoms()

        def may(place: Place) -> bool:
            if (
                place.what == "lifecycle"
                and place.name == "adopt"
                and place._replace(name="create") in self._wanted
            ):
                return True  # what we just made does not carry our externalId
            return place in self._wanted and self._wanted[place] == atoms[place][1]

        return change.only(may)

    def _lower(
        self, dialect: Dialect, change: Change, ids: Mapping[str, str], document: Document | None
    ) -> tuple[Request, ...]:
        columns, world = self.columns[change.type], self.session.world
        made = make_values(change, columns, world.now, world.chance)
        self._note_hidden(change, made)
        return lower_change(made, columns, dialect, ids, document)

    def _note_hidden(self, change: Change, made: Change) -> None:
        hidden = {
            a.path
            for a in change.attributes
            if isinstance(a.before, Redacted) or isinstance(a.after, Redacted)
        }
        sides = [side for a in made.attributes if a.path in hidden for side in (a.before, a.after)]
        values = [value for side in sides for value in (side if isinstance(side, list) else [side])]
        told = {str(value) for value in values if value not in (None, "", True, False)}
        if told:
            self._hidden.setdefault((change.type, change.key), set()).update(told)

    def _remain(
        self, change: Change, document: Document | None, ids: Mapping[str, str]
    ) -> tuple[Change | None, tuple[str, ...]]:
        columns = self.columns[change.type]
        row = build_normalizer(columns)(document) if document else None
        rest = find_remaining(change, row, columns, ids)
        return rest.change, rest.moved

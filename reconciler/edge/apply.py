"""Apply: send the requests of ordered changes, fill in ids, and say what each came to (DESIGN 6)."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Protocol

from reconciler.edge.breaker import Breaker
from reconciler.edge.client import TALLY, ScimWriter, Tally
from reconciler.edge.creating import Creating
from reconciler.edge.references import resolve
from reconciler.model.change import Change
from reconciler.model.errors import AnswerLost, Refused, TargetError, UnresolvedReference
from reconciler.model.request import Outcome, Request
from reconciler.model.resource import Type

Key = tuple[Type, str]
Document = dict[str, object]
DEFERRED = "Deferred"
SKIPPED = {
    "CircuitOpen": "not begun: too much failed before it", "Interrupted": "not begun: the run was interrupted",
    DEFERRED: "not begun yet: so much was refused that another form is looked for first",
}  # fmt: skip
TRIES = 4  # of a write whose answer is lost again and again


class Lower(Protocol):
    """Turns a change into its requests, with the ids known by now and the document where a form needs it."""

    def __call__(
        self, change: Change, ids: Mapping[str, str], document: Document | None
    ) -> tuple[Request, ...]:
        """The requests, in order; none if there is nothing to send."""


class Remain(Protocol):
    """Says what of a change is left to do at a resource that was just read again."""

    def __call__(
        self, change: Change, document: Document | None, ids: Mapping[str, str]
    ) -> tuple[Change | None, tuple[str, ...]]:
        """The rest, None if nothing is left; and the paths that hold neither the old nor the new value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """What apply asks the pure stages: how to say a change, what is left of one, and what waits for what."""

    lower: Lower
    remain: Remain
    reads_first: Callable[[Change], bool]
    phase: Callable[[Change], int]
    blockers: Mapping[Key, frozenset[Key]]


@dataclass(slots=True, kw_only=True)
class Run:
    """What a run shares: live ids by our key, how it is told, and when it is to end."""

    ids: dict[str, str]
    endpoints: Mapping[Type, str]
    width: int
    tell: Callable[[Outcome], None]
    stop: asyncio.Event
    breaker: Breaker = field(default_factory=Breaker)

    @property
    def is_over(self) -> bool:
        """Nothing more may be started."""
        return self.stop.is_set() or self.breaker.is_open

    @property
    def is_held(self) -> bool:
        """Nothing more of this pass may be started."""
        return self.is_over or self.breaker.is_doubting


async def apply_changes(
    changes: Sequence[Change], writer: ScimWriter, plans: Plans, run: Run
) -> dict[Key, Outcome]:
    """The outcomes of `changes`; a failed one blocks only what needs it, and at most one request a resource is under way."""
    applying = _Applying(writer, plans, run)
    for _, step in groupby(changes, key=plans.phase):
        await applying.step(list(step))
    return applying.outcomes


class _Applying:
    def __init__(self, writer: ScimWriter, plans: Plans, run: Run) -> None:
        self.writer, self.plans, self.run = writer, plans, run
        self.creating = Creating(writer, run.endpoints)
        self.outcomes: dict[Key, Outcome] = {}

    async def step(self, changes: list[Change]) -> None:
        """Carries out one step: as many at once as the target allows, each after what it waits for."""
        pending: dict[Key, Change] = {(change.type, change.key): change for change in changes}
        waits = {key: set(self.plans.blockers.get(key, ())) & pending.keys() for key in pending}
        waiting: dict[Key, list[Key]] = {}
        for key, blockers in waits.items():
            for blocker in blockers:
                waiting.setdefault(blocker, []).append(key)
        ready = deque(key for key in pending if not waits[key])
        running: dict[asyncio.Task[Outcome], Key] = {}
        while pending and (running or not self.run.is_held):
            if not ready and not running:
                ready.append(
                    _in_circle(waits, pending)
                )  # managers in a circle: one is made without, and linked later
            while ready and len(running) < self.run.width and not self.run.is_held:
                key = ready.popleft()
                running[asyncio.create_task(self._one(pending[key]))] = key
            if not running:
                break
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                key = running.pop(task)
                self._note(key, pending.pop(key), task.result())
                for other in waiting.get(key, ()):
                    waits[other].discard(key)
                    if (
                        not waits[other]
                        and other in pending
                        and other not in running.values()
                        and other not in ready
                    ):
                        ready.append(other)
        for key, change in pending.items():
            self._note(key, change, _skipped(change, self._why_not()))

    def _why_not(self) -> str:
        if self.run.breaker.is_open:
            return "CircuitOpen"
        return "Interrupted" if self.run.stop.is_set() else DEFERRED

    def _note(self, key: Key, change: Change, outcome: Outcome) -> None:
        self.outcomes[key] = outcome
        if outcome.status == "success" and change.type == "User" and outcome.id:
            self.run.ids[change.key] = outcome.id
        self.run.breaker.count(outcome)
        self.run.tell(outcome)

    async def _one(self, change: Change) -> Outcome:
        began, tally = time.monotonic(), Tally()
        TALLY.set(tally)  # this runs as a task of its own, beside others that send too
        status, code, text, written = "success", "", "", True
        id_ = change.id
        try:
            if change.action == "create":
                [request] = self.plans.lower(change, self.run.ids, None)
                id_ = await self.creating.create(change, request, self.run.ids)
            else:
                await self._write(change)
        except TargetError as error:
            status, code, text = "failure", error.code, str(error)
            tally.status = error.status if isinstance(error, Refused | AnswerLost) else 0
            written = not isinstance(error, Refused)
        return Outcome(
            change=change, id=id_, status=status, requests=tally.requests, code=code, text=text,  # type: ignore[arg-type]
            http_status=tally.status, milliseconds=round((time.monotonic() - began) * 1000), may_have_written=written,
        )  # fmt: skip

    async def _write(self, change: Change) -> None:
        """Sends an update until it is known what became of it; what is repeated is only what is left to do."""
        document = await self._document(change) if self.plans.reads_first(change) else None
        rest = change
        for attempt in range(TRIES):
            is_last = attempt == TRIES - 1
            try:
                await self._send_all(self.plans.lower(rest, self.run.ids, document))
            except AnswerLost as lost:
                if is_last or (lost.status == 500 and attempt):
                    raise _final(lost) from None
                await asyncio.sleep(0.2 * 2**attempt)
            except Refused as refused:
                if refused.status == 404 and change.action == "deactivate":
                    return  # who is gone has no access
                if refused.status != 412 or is_last:
                    raise
            else:
                return
            document = await self._document(change)
            left, moved = self.plans.remain(rest, document, self.run.ids)
            if left is None:
                return
            if moved:
                text = f"{change.name}: {', '.join(moved)} changed at the endpoint meanwhile; plan again"
                raise Refused(text, status=412)
            rest = left

    async def _document(self, change: Change) -> Document | None:
        return await self.writer.resource(self.run.endpoints[change.type], change.id or "")

    async def _send_all(self, requests: Iterable[Request]) -> None:
        refusal: Refused | None = None
        waiting = False
        for request in requests:
            body = resolve(request.body, self.run.ids)
            if request.method == "PATCH" and not (body or {}).get("Operations"):
                waiting = True
                continue
            try:
                await self.writer.send(request.method, request.path, body, request.etag)
            except Refused as refused:
                refusal = refused
        if refusal:
            raise refusal
        if waiting:
            raise UnresolvedReference("it refers to somebody whom this run could not make; run it again")


def _final(lost: AnswerLost) -> AnswerLost | Refused:
    return Refused(str(lost), status=lost.status) if lost.status else lost


def _in_circle(waits: Mapping[Key, set[Key]], pending: Mapping[Key, Change]) -> Key:
    """One of those that wait for each other in a circle."""
    at = next(iter(pending))
    seen: list[Key] = []
    while at not in seen:
        seen.append(at)
        at = next((blocker for blocker in sorted(waits[at]) if blocker in pending), at)
    return at


def _skipped(change: Change, code: str) -> Outcome:
    return Outcome(
        change=change,
        id=change.id,
        status="skipped",
        requests=0,
        code=code,
        text=SKIPPED[code],
        may_have_written=False,
    )

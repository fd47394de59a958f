"""Notices: what people are told of a target between runs: that it is stopped, failed in part, or is well again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from reconciler.model.change import Change, Place
from reconciler.model.errors import TargetError
from reconciler.model.plan import TargetPlan
from reconciler.model.request import Outcome
from reconciler.model.resource import Type

Condition = Literal["quarantine", "partial", "well"]
LONGEST_REASON = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """How a target is after a run: its condition, why, and what the run did (`run` is empty where none began)."""

    target: str
    condition: Condition
    reason: str = ""
    run: str = ""
    done: int = 0
    failed: int = 0
    withheld: int = 0

    @property
    def kind(self) -> str:
        """The reason without what differs from run to run: numbers, ids, and what the endpoint said of one resource."""
        return re.sub(r"[^\s()]*\d[^\s()]*", "#", self.reason.partition(": ")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was told last: the condition, the kind of its reason, and the destinations that know it."""

    condition: Condition
    kind: str
    destinations: frozenset[str]


class Ended(Protocol):
    """What applying a target came to."""

    remaining: tuple[Change, ...]
    withheld: tuple[Place, ...]
    outcomes: dict[tuple[Type, str], Outcome]
    error: TargetError | None
    run: str

    @property
    def done(self) -> int:
        """How many changes were carried out."""

    @property
    def wrote(self) -> bool:
        """Something may have been written."""


def judge_situation(plan: TargetPlan, quarantine: str | None, ended: Ended | None) -> Situation | None:
    """How the target is after a run; `ended` is None where there was nothing to apply, `quarantine` gives its reason.

    None where the run says nothing about that: it was refused or interrupted, or the target could not be read.
    """
    situation = Situation(target=plan.name, condition="well")
    if ended is not None:
        situation = replace(
            situation,
            run=ended.run,
            done=ended.done,
            failed=len(ended.remaining),
            withheld=len(ended.withheld),
        )
    if quarantine is not None:
        return _because(situation, "quarantine", quarantine)
    if plan.error is not None or plan.blocked:
        return None
    if ended is None:
        return situation
    ends = [ended.outcomes[key] for c in ended.remaining if (key := (c.type, c.key)) in ended.outcomes]
    if any(outcome.code == "Interrupted" for outcome in ends):
        return None
    if ended.error is not None:
        return _because(situation, "partial", str(ended.error)) if ended.wrote else None
    if not ended.remaining:
        return situation
    codes = Counter(outcome.code or "NotKept" for outcome in ends if outcome.status != "skipped")
    named = ", ".join(f"{code} {count}" for code, count in sorted(codes.items()))
    total = situation.done + situation.failed
    return _because(
        situation, "partial", f"{situation.failed} of {total} changes failed ({named or 'not begun'})"
    )


def choose_destinations(before: Told | None, situation: Situation, all_: Sequence[str]) -> tuple[str, ...]:
    """The destinations that are to be told: each of one condition and reason once, of recovery those who know of trouble."""
    if situation.condition == "well":
        return tuple(one for one in all_ if before is not None and one in before.destinations)
    is_same = before is not None and (before.condition, before.kind) == (situation.condition, situation.kind)
    return tuple(one for one in all_ if before is None or not is_same or one not in before.destinations)


def after_telling(before: Told | None, situation: Situation, reached: Sequence[str]) -> Told | None:
    """What is known now that `reached` were told; None once nobody waits for a recovery."""
    knew = before.destinations if before is not None else frozenset()
    if situation.condition == "well":
        waiting = knew - set(reached)
        return Told(condition=before.condition, kind="", destinations=waiting) if before and waiting else None
    is_same = before is not None and (before.condition, before.kind) == (situation.condition, situation.kind)
    known = (knew if is_same else frozenset()) | set(reached)
    return Told(condition=situation.condition, kind=situation.kind, destinations=known)


def _because(situation: Situation, condition: Condition, reason: str) -> Situation:
    cut = reason if len(reason) <= LONGEST_REASON else f"{reason[:LONGEST_REASON]}…"
    return replace(situation, condition=condition, reason=cut)

"""Closing: what an apply came to, said and turned into an exit code (DESIGN 4)."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from reconciler.cli.saying import say

if TYPE_CHECKING:
    from reconciler.pipeline import Applied, Planned, World

SHOWN = 20
SHOWN_KEYS = 5


def close(
    applied: list[Applied],
    planned: list[Planned],
    world: World,
    *,
    broken: int,
    refused: bool,
    is_json: bool,
    is_named: bool,
) -> int:
    """Tells what happened, of whom only if they may be named, and gives the exit code.

    It is 5 once anything was written and not all is done.
    """
    from reconciler.edge.quarantine import leave_quarantine
    from reconciler.pipeline.noticing import tell_people
    from reconciler.pipeline.planning import is_whole

    for part in applied:
        _tell(part, is_named=is_named)
        _settle_quarantine(part, world)
    for each in planned:
        _settle_credentials(each, world)
        if not (each.plan.changes or each.plan.error or each.plan.blocked) and is_whole(each):
            leave_quarantine(world.data, each.target.name)
    for warning in tell_people(planned, applied, world):
        say(f"warning: {warning}")
    done = sum(part.done for part in applied)
    failed = sum(len(part.remaining) for part in applied)
    unfinished = bool(failed or refused or broken or any(part.error for part in applied))
    if not applied and unfinished:
        return broken or 3
    if not unfinished:
        text = f"applied: {done:,} change{'s' * (done != 1)}" if applied else "applied: no changes"
        say(text, err=is_json)
        return 0
    if any(part.wrote for part in applied):
        say(
            f"applied in part: {done:,} change{'s' * (done != 1)} done"
            + (f", {failed:,} not; run it again" if failed else "; what stopped the rest is said above"),
            err=is_json,
        )
        return 5
    say("nothing was written")
    if any(o.code == "Interrupted" for part in applied for o in part.outcomes.values()):
        return 130
    codes = {broken, 3 if refused else 0, *(part.error.exit_code if part.error else 1 for part in applied)}
    return next(code for code in (1, 6, 4, 3, 2, 0) if code in codes)


def _tell(part: Applied, *, is_named: bool) -> None:
    if is_named:
        _tell_whom(part)
    elif part.remaining:
        counted = Counter(f"{change.action} {change.type.lower()}" for change in part.remaining)
        say(f"failed: {', '.join(f'{what} ({number:,})' for what, number in sorted(counted.items()))}")
    if part.learnt:
        say(f"write this into the target {part.name}, so that a fresh checkout knows it too:")
        say(f"    {part.learnt}")
    if part.broken:
        say(f"{part.name}: stopped: {part.broken}")
    if part.error:
        say(f"{part.name}: {part.error}")


def _tell_whom(part: Applied) -> None:
    from reconciler.model.neutral import neutral

    for change in part.remaining[:SHOWN]:
        outcome = part.outcomes.get((change.type, change.key))
        why = outcome.text if outcome is not None else "not begun"
        if outcome is not None and outcome.status == "success":
            why = "the endpoint accepted it, and nothing changed there"
        say(neutral(f"failed: {change.action} {change.type.lower()} {change.name}: {why}"))
    if len(part.remaining) > SHOWN:
        say(f"… and {len(part.remaining) - SHOWN:,} more; `reconcile log` has them all")
    for name, places in groupby(
        sorted(part.withheld, key=lambda place: place.name), key=lambda place: place.name
    ):
        keys = [place.key for place in places]
        whom = ", ".join(keys[:SHOWN_KEYS]) + (
            f" and {len(keys) - SHOWN_KEYS:,} more" if len(keys) > SHOWN_KEYS else ""
        )
        say(neutral(f"withheld: {name}: the endpoint does not keep it ({whom})"))


def _settle_quarantine(part: Applied, world: World) -> None:
    from reconciler.edge.quarantine import enter_quarantine, leave_quarantine
    from reconciler.pipeline.recording import now_text

    if part.broken_code:
        enter_quarantine(world.data, part.name, part.broken_code, part.broken, run=part.run, at=now_text())
    elif not part.remaining and part.error is None:
        leave_quarantine(world.data, part.name)


def _settle_credentials(planned: Planned, world: World) -> None:
    from reconciler.edge.quarantine import enter_quarantine
    from reconciler.model.quarantine_reason import AT_ONCE, QuarantineReason
    from reconciler.pipeline.recording import now_text

    if planned.plan.error_code in AT_ONCE:
        code: QuarantineReason = "EncounteredQuarantineException"
        enter_quarantine(
            world.data, planned.target.name, code, planned.plan.error or "", run="", at=now_text()
        )

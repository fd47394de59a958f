"""Causes: why live is not as desired, from what runs wrote there before (DESIGN 4, drift)."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.change import Change
from reconciler.model.stand_in import shown

Written = Mapping[tuple[str, str, str], tuple[object, int]]  # the value, and how many runs in a row wrote it
CHANGED, PENDING, UNKNOWN = "changed at the endpoint", "desired, not applied yet", "nobody knows since when"
REWRITTEN = "undone each time it is repaired: rewritten by the server, or by somebody"
OFTEN = 2


def find_cause(change: Change, written: Written) -> str:
    """The cause of a change: somebody changed at the endpoint what we wrote, or nobody applied it yet."""
    if not written:
        return UNKNOWN
    causes = {_cause(change, path, after, written) for path, after in _afters(change)}
    if not causes:
        return PENDING
    return " and ".join(sorted(causes))


def find_cause_by_base(change: Change) -> str:
    """The same where the plan's base is what was applied last: what that would cause too was undone at the endpoint."""
    if change.drifted is None:
        return UNKNOWN
    drifted = change.drifted & change.atoms().keys()
    causes = [CHANGED] if drifted else []
    return " and ".join([*causes, *([PENDING] if len(drifted) < len(change.atoms()) else [])])


def _afters(change: Change) -> list[tuple[str, object]]:
    afters: list[tuple[str, object]] = [(a.path, shown(a.after)) for a in change.attributes]
    afters += [(f"members:{m.key}", True) for m in change.add]
    return afters + [(f"members:{m.key}", False) for m in change.remove]


def _cause(change: Change, path: str, after: object, written: Written) -> str:
    place = (change.type, change.key, path)
    if place not in written:
        is_foreign = change.action != "create" and path.startswith("members:") and after is False
        return CHANGED if is_foreign else PENDING
    value, times = written[place]
    if value != after:
        return PENDING
    return REWRITTEN if times >= OFTEN else CHANGED

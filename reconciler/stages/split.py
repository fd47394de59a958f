"""Split: which atoms of a plan the base of an edit would cause too (drift), and which only this edit does (DESIGN 5).

Both trees are compared with one live read. An atom is the base's too if it is at the same place, with the same old and new
value; whatever is not certain to be the base's is this edit's, so that it is reviewed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.model.change import Atoms, Change, Place
from reconciler.model.finding import Finding
from reconciler.model.plan import TargetPlan
from reconciler.model.target import Target
from reconciler.policies import Agreed
from reconciler.stages.narrow import narrow

SHOWN = 5
Key = tuple[str, str]


def split(plan: TargetPlan, base: TargetPlan | None) -> TargetPlan:
    """The plan with what had drifted marked on each change, and a finding for what this edit settles of the drift.

    Without a base everything is this edit's.
    """
    before = (
        {place: value for change in base.changes for place, value in change.atoms().items()} if base else {}
    )
    changes = tuple(replace(change, drifted=_drifted(change, before)) for change in plan.changes)
    settled = _settled(base.changes, plan.changes) if base else []
    return replace(plan, changes=changes, findings=(*plan.findings, *_note(settled)))


def with_edit(plan: TargetPlan, target: Target, agreed: Agreed) -> TargetPlan:
    """The plan with the part of it that this edit causes, and the budgets of that part: it is what a merge applies."""
    drifted = frozenset(place for change in plan.changes for place in change.drifted or ())
    edit = narrow(plan, lambda place: place not in drifted, target, agreed)
    rows = {(row.rule, row.subject): row for row in edit.budgets}
    budgets = tuple(replace(row, edit=rows.get((row.rule, row.subject))) for row in plan.budgets)
    return replace(plan, edit=edit, budgets=budgets)


def _drifted(change: Change, before: Atoms) -> frozenset[Place]:
    return frozenset(
        place for place, value in change.atoms().items() if place in before and _is_same(before[place], value)
    )


def _is_same(one: object, other: object) -> bool:
    return one == other and repr(one) == repr(other)  # 1 and True are equal, and no two servers' same value


def _settled(before: tuple[Change, ...], now: tuple[Change, ...]) -> list[str]:
    """What the base would do, and this edit leaves nothing of to do: in words, sorted."""
    present: Mapping[Key, Change] = {(change.type, change.key): change for change in now}
    told = []
    for change in before:
        left = present.get((change.type, change.key))
        if left is None or left.action == change.action == "update":
            places = left.atoms() if left else {}
            gone = [place for place in change.atoms() if place not in places]
            what = [change.action] if change.action != "update" else [_name(place) for place in gone]
            if gone:
                told.append(f"{change.type.lower()} {change.name} ({', '.join(what)})")
    return sorted(told)


def _name(place: Place) -> str:
    return place.name if place.what == "path" else f"member {place.name}"


def _note(settled: list[str]) -> tuple[Finding, ...]:
    if not settled:
        return ()
    rest = f" and {len(settled) - SHOWN:,} more" if len(settled) > SHOWN else ""
    text = f"this edit settles what had drifted of {', '.join(settled[:SHOWN])}{rest}: nothing is left to do there"
    return (Finding(severity="info", code="drift-settled", text=text),)

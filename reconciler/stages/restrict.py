"""Restrict: a plan cut down to the objects, or to the reviewed atoms, that may be applied."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from math import ceil

from reconciler.model.change import AttributeChange, Change, MemberChange, Reason
from reconciler.model.desired import DesiredState
from reconciler.model.errors import PlanStale, UsageError
from reconciler.model.plan import Plan, TargetPlan


def restrict(plan: Plan, only: tuple[str, ...], state: DesiredState) -> Plan:
    """The plan of the objects named `user:<id>` or `group:<id>`; all of it if none is named.

    Raises UsageError for a malformed or undeclared object.
    """
    if not only:
        return plan
    chosen: set[tuple[str, str]] = set()
    for name in only:
        kind, _, key = name.partition(":")
        known = {"user": state.users.keys() | state.removed.keys(), "group": state.groups.keys()}.get(kind)
        if known is None or key not in known:
            raise UsageError(f"--only {name}: write user:<id> or group:<id> of something that is declared")
        chosen.add((kind.capitalize(), key))
    targets = tuple(_keep(target, chosen) for target in plan.targets)
    return replace(plan, targets=targets)


def _keep(target: TargetPlan, chosen: set[tuple[str, str]]) -> TargetPlan:
    changes = tuple(change for change in target.changes if (change.type, change.key) in chosen)
    rate = target.seconds / target.requests if target.requests else 0
    return replace(target, changes=changes, requests=len(changes), seconds=ceil(len(changes) * rate))


def still_reviewed(reviewed: dict[str, object], now: TargetPlan) -> TargetPlan:
    """What of `now` was reviewed: the same atoms or fewer (DESIGN 5, Apply of a reviewed plan).

    `reviewed` is the target's part of the saved plan. Raises PlanStale where a reviewed atom's before no longer
    holds, or where the desired state asks for more than was reviewed.
    """
    atoms: dict[str, object] = {}
    for entry in reviewed["changes"]:  # type: ignore[attr-defined]
        atoms |= _atoms(now.name, entry)
    stale = []
    for change in now.changes:
        for place, value in change.atoms().items():
            if place in atoms and atoms[place] != value:
                stale.append(f"  {place}: reviewed {_arrow(atoms[place])}, now {_arrow(value)}")
            elif place not in atoms and now.desired != reviewed["desired"]:
                stale.append(f"  {place}: not reviewed, now {_arrow(value)}")
    if stale:
        raise PlanStale("\n".join([f"{now.name}: the plan is not what was reviewed; plan again", *stale]))
    return replace(now, changes=tuple(c for c in now.changes if c.atoms().keys() <= atoms.keys()))


def _arrow(value: object) -> str:
    before, after = value if isinstance(value, list) else (None, value)
    return f"{before!r} → {after!r}"


def _atoms(target: str, entry: dict[str, object]) -> dict[str, object]:
    members = entry["members"]
    change = Change(
        target=target, action=entry["action"], type=entry["type"], key=entry["key"], id=entry["id"],  # type: ignore[arg-type]
        name=entry["name"], reason=Reason(code="", text=""),  # type: ignore[arg-type]
        attributes=tuple(AttributeChange(path=a["path"], before=a["before"], after=a["after"]) for a in entry["attributes"]),  # type: ignore[attr-defined]
        add=tuple(MemberChange(key=m["key"], name=m["name"], id=m["id"]) for m in members["add"]),  # type: ignore[index]
        remove=tuple(MemberChange(key=m["key"], name=m["name"], id=m["id"]) for m in members["remove"]),  # type: ignore[index]
    )  # fmt: skip
    if change.digest != entry["digest"]:
        raise PlanStale(
            f"the saved plan was edited: {change.type} {change.key} does not fit its digest; plan again"
        )
    return change.atoms()


def as_of(text: str) -> datetime:
    """The moment of a saved plan. Raises PlanStale if it is no moment."""
    try:
        return datetime.fromisoformat(text)
    except (ValueError, TypeError):
        raise PlanStale("the saved plan has no valid asOf; plan again") from None

"""Narrow: a target's plan cut down to the atoms that may be applied; its budgets and cost follow."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from math import ceil

from reconciler.model.change import Change, Place
from reconciler.model.desired import DesiredState
from reconciler.model.errors import UsageError
from reconciler.model.plan import TargetPlan
from reconciler.model.target import Target
from reconciler.policies import Agreed, check_budgets
from reconciler.stages.order import Key, count_circles, without_references

GRANTS = ("create", "adopt", "reactivate")


def narrow(plan: TargetPlan, may: Callable[[Place], bool], target: Target, agreed: Agreed) -> TargetPlan:
    """The plan with those of its atoms whose place `may` stay."""
    kept = tuple(change for change in (each.only(may) for each in plan.changes) if change is not None)
    made = {change.key for change in kept if change.type == "User" and change.action == "create"}
    unmade = {c.key for c in plan.changes if c.type == "User" and c.action == "create"} - made
    return with_changes(plan, without_references(kept, unmade), target, agreed)


def with_changes(plan: TargetPlan, changes: tuple[Change, ...], target: Target, agreed: Agreed) -> TargetPlan:
    """The plan with these changes in the place of its own."""
    writes = len(changes) + count_circles(changes)
    return replace(
        plan, changes=changes, budgets=check_budgets(target.name, changes, dict(target.budgets), plan.bases, agreed),
        requests=writes, seconds=ceil(writes / target.client.requests_per_second),
    )  # fmt: skip


def chosen(only: Iterable[str], state: DesiredState) -> frozenset[Key]:
    """The objects named `user:<id>` or `group:<id>`. Raises UsageError for a malformed or undeclared one."""
    keys: set[Key] = set()
    for name in only:
        kind, _, key = name.partition(":")
        known = {"user": state.users.keys() | state.removed.keys(), "group": state.groups.keys()}.get(kind)
        if known is None or key not in known:
            raise UsageError(f"--only {name}: write user:<id> or group:<id> of something that is declared")
        keys.add(("User" if kind == "user" else "Group", key))
    return frozenset(keys)


def about(keys: Collection[Key]) -> Callable[[Place], bool]:
    """Holds for the atoms of these objects, and for the memberships of these users: access is where they are."""
    return lambda place: (
        (place.type, place.key) in keys or (place.what == "member" and ("User", place.name) in keys)
    )


def caused_by_time(now: TargetPlan, before: TargetPlan) -> Callable[[Place], bool]:
    """Holds for what time alone made due: the atoms of `now` that the plan before every date does not hold."""
    earlier = {place: value for change in before.changes for place, value in change.atoms().items()}
    due = {
        place
        for change in now.changes
        for place, value in change.atoms().items()
        if earlier.get(place) != value
    }
    return lambda place: place in due


def still_granted(now: TargetPlan) -> Callable[[Place], bool]:
    """Refuses what gives access and has expired since: only what the plan of this moment grants too."""
    granted = {
        place for change in now.changes for place, value in change.atoms().items() if _grants(place, value)
    }

    def may(place: Place) -> bool:
        is_grant = (place.what == "lifecycle" and place.name in GRANTS) or place.what == "member"
        return not is_grant or place in granted or place in removals

    removals = {
        place for change in now.changes for place, value in change.atoms().items()
        if place.what == "member" and value == (True, False)
    }  # fmt: skip
    return may


def _grants(place: Place, value: tuple[object, object]) -> bool:
    return (place.what == "lifecycle" and place.name in GRANTS) or (
        place.what == "member" and value == (False, True)
    )

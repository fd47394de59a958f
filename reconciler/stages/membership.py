"""Membership: who is in each group at a moment, listed, nested and by rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from reconciler.functions.clauses import compile_clause
from reconciler.functions.moments import end, start
from reconciler.model.clause import Clause, groups_in
from reconciler.model.desired import DesiredState, Group, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Memberships:
    """Flattened members of each group, and those whose membership `until` has ended."""

    members: Mapping[str, frozenset[str]]
    ended: Mapping[str, frozenset[str]]


def flatten(desired: DesiredState, now: datetime) -> Memberships:
    """The members of every group at `now`; parse has made sure that there is no cycle."""
    members: dict[str, frozenset[str]] = {}
    ended: dict[str, frozenset[str]] = {}
    has_rules = any(group.rule for group in desired.groups.values())
    people = [user for user in desired.users.values() if is_present(user, now)] if has_rules else []

    def visit(group_id: str) -> frozenset[str]:
        if group_id not in members:
            group = desired.groups[group_id]
            for other in groups_in(group.rule):
                visit(other)
            present, gone = _listed(group, desired, now, visit)
            if group.rule:
                present |= _ruled(group.rule, people, members)
            members[group_id] = frozenset(present)
            ended[group_id] = frozenset(gone - present)
        return members[group_id]

    for group_id in desired.groups:
        visit(group_id)
    return Memberships(members=members, ended=ended)


def is_disabled(user: User) -> bool:
    """`accountEnabled: false`."""
    return user.attributes.get("accountEnabled") is False


def has_left(user: User, now: datetime) -> bool:
    """The leave date has passed."""
    leave = user.attributes.get("employeeLeaveDateTime")
    return isinstance(leave, str) and end(leave) <= now


def is_hired(user: User, now: datetime) -> bool:
    """There is no hire date in the future."""
    hire = user.attributes.get("employeeHireDate")
    return not isinstance(hire, str) or start(hire) <= now


def is_present(user: User, now: datetime) -> bool:
    """Enabled, hired and not left: whom membership rules see."""
    return not is_disabled(user) and not has_left(user, now) and is_hired(user, now)


def _listed(group: Group, desired: DesiredState, now: datetime, visit) -> tuple[set[str], set[str]]:  # type: ignore[no-untyped-def]
    present = {member for member in group.members if isinstance(member, str) and member in desired.users}
    gone: set[str] = set()
    for member in group.members:
        if isinstance(member, str):
            continue
        if member.user is not None:
            people = {member.user} & desired.users.keys()
        else:
            people = set(visit(member.group)) if member.group in desired.groups else set()
        if member.until is not None and end(member.until) <= now:
            gone |= people
        else:
            present |= people
    return present, gone


def _ruled(rule: Clause, people: list[User], members: Mapping[str, frozenset[str]]) -> set[str]:
    holds = compile_clause(rule, members)
    return {user.id for user in people if holds(user.id, user.attributes)}

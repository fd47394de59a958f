"""Compile: what the YAML makes of one target at a moment: desired users and groups in the mapping's columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.functions.clauses import Predicate, compile_clause
from reconciler.functions.moments import end
from reconciler.functions.sources import compile_source
from reconciler.model.column import Columns
from reconciler.model.desired import DesiredState, Group, User
from reconciler.model.resource import KEEP, Cell, DesiredGroup, DesiredUser, Status
from reconciler.model.target import Target
from reconciler.stages.membership import Memberships, flatten, has_left, is_disabled, is_hired


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """One target's desired users (entitled or not) and groups (in scope), by key."""

    users: Mapping[str, DesiredUser]
    groups: Mapping[str, DesiredGroup]
    out_of_scope_groups: frozenset[str]


Row = Callable[[Mapping[str, object]], tuple[Cell, ...]]


def compile_target(
    state: DesiredState, target: Target, users: Columns, groups: Columns | None, now: datetime
) -> Desired:
    """The desired resources of `target`; pure, and total over valid desired states."""
    memberships = flatten(state, now)
    scoped = _in_scope(target, memberships)
    always, creating = _row(users, creating=False), _row(users, creating=True)
    desired_users = {
        user.id: _user(user, target, users, scoped(user), (always, creating), now)
        for user in state.users.values()
    }
    for key, origin in state.removed.items():
        attributes = {"objectId": key, "IsSoftDeleted": True}
        desired_users[key] = DesiredUser(
            key=key, name=key, values=always(attributes), create_values=(), status="removed",
            reason="is listed under removed", origin=origin,
        )  # fmt: skip
    if groups is None:
        return Desired(users=desired_users, groups={}, out_of_scope_groups=frozenset())
    chosen = _chosen_groups(state, target)
    always, creating = _row(groups, creating=False), _row(groups, creating=True)
    desired_groups = {
        key: _group(state.groups[key], target, groups, memberships, (always, creating))
        for key in sorted(chosen)
    }
    return Desired(
        users=desired_users,
        groups=desired_groups,
        out_of_scope_groups=frozenset(state.groups.keys() - chosen),
    )


def _in_scope(target: Target, memberships: Memberships) -> Callable[[User], str | None]:
    """Why a user is out of scope, or None (research: entra 1.1: assignment and filter must both pass)."""
    scope = target.scope
    assigned: set[str] = set(scope.assigned_users)
    for group, _ in scope.assigned_groups:
        assigned |= memberships.members.get(group, frozenset())
    passes: Predicate | None = compile_clause(scope.filter, memberships.members) if scope.filter else None

    def why_not(user: User) -> str | None:
        if scope.users == "assigned" and user.id not in assigned:
            left = sorted(g for g, _ in scope.assigned_groups if user.id in memberships.ended.get(g, ()))
            return f"membership of {', '.join(left)} has ended" if left else "is not assigned"
        if passes and not passes(user.id, user.attributes):
            return "does not pass the scope's filter"
        return None

    return why_not


def _status(user: User, out: str | None, now: datetime) -> tuple[Status, str]:
    if is_disabled(user):
        return "disabled", "accountEnabled is false"
    if has_left(user, now):
        return "left", f"left on {user.attributes['employeeLeaveDateTime']}"
    if out is not None:
        return "outOfScope", out
    if not is_hired(user, now):
        return "future", f"is hired on {user.attributes['employeeHireDate']}"
    return "entitled", "is declared and in scope"


def _user(
    user: User, target: Target, columns: Columns, out: str | None, rows: tuple[Row, Row], now: datetime
) -> DesiredUser:
    status, reason = _status(user, out, now)
    attributes = {**user.attributes, "IsSoftDeleted": status != "entitled"}
    values = rows[0](attributes)
    days = target.deprovision.delete_after_days
    leave = user.attributes.get("employeeLeaveDateTime")
    due = (
        status == "left"
        and days is not None
        and isinstance(leave, str)
        and end(leave) + timedelta(days=days) <= now
    )
    name = user.attributes.get("userPrincipalName") or user.attributes.get("displayName") or user.id
    return DesiredUser(
        key=user.id, name=str(name), values=values,
        create_values=rows[1](attributes) if status == "entitled" else (),
        status=status, reason=reason, delete_due=due, origin=user.origin,
        previous=_previous(user.previous_ids, attributes, columns, rows[0]),
    )  # fmt: skip


def _previous(
    ids: tuple[str, ...], attributes: Mapping[str, object], columns: Columns, row: Row
) -> tuple[Cell, ...]:
    """The externalId values that previous ids would have had under the same mapping."""
    if not ids or columns.external_id is None:
        return ()
    return tuple(row({**attributes, "objectId": previous})[columns.external_id] for previous in ids)


def _group(
    group: Group, target: Target, columns: Columns, memberships: Memberships, rows: tuple[Row, Row]
) -> DesiredGroup:
    attributes = dict(group.attributes)
    return DesiredGroup(
        key=group.id, name=str(attributes.get("displayName") or group.id),
        values=rows[0](attributes), create_values=rows[1](attributes),
        members=memberships.members[group.id], ended=memberships.ended[group.id],
        membership=group.membership or target.membership, origin=group.origin,
        previous=_previous(group.previous_ids, attributes, columns, rows[0]),
    )  # fmt: skip


def _chosen_groups(state: DesiredState, target: Target) -> set[str]:
    match target.scope.groups:
        case "all":
            return set(state.groups)
        case "none":
            return set()
        case "assigned":
            return {group for group, _ in target.scope.assigned_groups} & state.groups.keys()
        case ids:
            return set(ids) & state.groups.keys()


def _row(columns: Columns, *, creating: bool) -> Row:
    cells = tuple(
        compile_source(column.mapping, creating=creating) if column.mapping else _entitled
        for column in columns.all
    )
    return lambda attributes: tuple([cell(attributes) for cell in cells])


def _entitled(attributes: Mapping[str, object]) -> Cell:
    return not attributes.get("IsSoftDeleted", False)


def is_set(cell: Cell) -> bool:
    """The cell has a value to send."""
    return cell is not KEEP and cell is not None and cell != "" and cell != ()

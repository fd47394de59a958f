"""Compile: what the YAML makes of one target at a moment: desired users and groups in the mapping's columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.functions.clauses import Predicate, compile_clause
from reconciler.functions.moments import end
from reconciler.functions.sources import compile_source
from reconciler.model.column import Columns, build_columns
from reconciler.model.desired import DesiredState, Group, User
from reconciler.model.resource import KEEP, Cell, DesiredGroup, DesiredUser, Status
from reconciler.model.target import Target
from reconciler.stages.membership import Memberships, flatten, has_left, is_disabled, is_hired

Row = Callable[[Mapping[str, object]], tuple[Cell, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """One target's desired users (entitled or not) and groups (in scope), by key.

    `values` of each stand in the order of `users_columns` and `groups_columns`; `created_user` and
    `created_group` give the row that a creation sends.
    """

    users: Mapping[str, DesiredUser]
    groups: Mapping[str, DesiredGroup]
    out_of_scope_groups: frozenset[str]
    created_user: Callable[[DesiredUser], tuple[Cell, ...]]
    created_group: Callable[[DesiredGroup], tuple[Cell, ...]]


def target_columns(target: Target, case_exact: Mapping[str, bool]) -> tuple[Columns, Columns | None]:
    """The columns of a target's users and of its groups; None where groups are not provisioned.

    `case_exact`: what the endpoint's schemas say by path; the profile wins over it, RFC 7643 fills the rest.
    """
    exact = {**case_exact, **dict.fromkeys(target.profile.case_exact, True)}
    mapping = target.mapping
    groups = mapping.groups if mapping.groups and target.scope.groups != "none" else None
    return build_columns("User", mapping.users, exact), build_columns(
        "Group", groups, exact
    ) if groups else None


def compile_target(state: DesiredState, target: Target, now: datetime) -> Desired:
    """The desired resources of `target`; pure, and total over valid desired states."""
    users, groups = target_columns(target, {})
    memberships = flatten(state, now)
    why_not = _in_scope(target, memberships)
    always, creating = _row(users, creating=False), _row(users, creating=True)
    desired_users = {
        key: _user(user, target, users, always, why_not, now) for key, user in state.users.items()
    }
    for key, origin in state.removed.items():
        attributes: Mapping[str, object] = {"objectId": key, "IsSoftDeleted": True}
        desired_users[key] = DesiredUser(
            key=key, name=key, values=always(attributes), source=attributes, status="removed",
            reason="is listed under removed", origin=origin,
        )  # fmt: skip
    chosen = _chosen_groups(state, target) if groups else set()
    desired_groups: dict[str, DesiredGroup] = {}
    creating_group: Row = tuple
    if groups is not None:
        row, creating_group = _row(groups, creating=False), _row(groups, creating=True)
        for key in sorted(chosen):
            desired_groups[key] = _group(state.groups[key], target, groups, memberships, row)
    return Desired(
        users=desired_users,
        groups=desired_groups,
        out_of_scope_groups=frozenset(state.groups.keys() - chosen),
        created_user=lambda user: creating({**user.source, "IsSoftDeleted": False}),
        created_group=lambda group: creating_group(group.source),
    )


def _in_scope(target: Target, memberships: Memberships) -> Callable[[User], str | None]:
    """Why a user is out of scope, or None (research: entra 1.1: assignment and filter must both pass)."""
    scope = target.scope
    assigned: set[str] = set(scope.assigned_users)
    for group, _ in scope.assigned_groups:
        assigned |= memberships.members.get(group, frozenset())
    passes: Predicate | None = compile_clause(scope.filter, memberships.members) if scope.filter else None
    is_assigned = scope.users == "assigned"

    def why_not(user: User) -> str | None:
        if is_assigned and user.id not in assigned:
            return _unassigned(user.id, target, memberships)
        if passes and not passes(user.id, user.attributes):
            return "does not pass the scope's filter"
        return None

    return why_not


def _unassigned(key: str, target: Target, memberships: Memberships) -> str:
    groups = sorted({group for group, _ in target.scope.assigned_groups})
    ended = [group for group in groups if key in memberships.ended.get(group, ())]
    if ended:
        return f"membership of {', '.join(ended)} has ended"
    return f"is in no assigned group ({', '.join(groups)})" if groups else "is not assigned"


def _status(user: User, why_not: Callable[[User], str | None], now: datetime) -> tuple[Status, str]:
    if is_disabled(user):
        return "disabled", "accountEnabled is false"
    if has_left(user, now):
        return "left", f"left on {user.attributes['employeeLeaveDateTime']}"
    out = why_not(user)
    if out is not None:
        return "outOfScope", out
    if not is_hired(user, now):
        return "future", f"is hired on {user.attributes['employeeHireDate']}"
    return "entitled", "is declared and in scope"


def _user(
    user: User,
    target: Target,
    columns: Columns,
    row: Row,
    why_not: Callable[[User], str | None],
    now: datetime,
) -> DesiredUser:
    attributes = user.attributes
    status, reason = _status(user, why_not, now)
    name = attributes.get("userPrincipalName") or attributes.get("displayName") or user.id
    return DesiredUser(
        key=user.id, name=str(name), values=row({**attributes, "IsSoftDeleted": status != "entitled"}),
        source=attributes, status=status, reason=reason, origin=user.origin,
        delete_due=status == "left" and _is_delete_due(user, target, now),
        previous=_previous(user.previous_ids, attributes, columns, row) if user.previous_ids else (),
    )  # fmt: skip


def _is_delete_due(user: User, target: Target, now: datetime) -> bool:
    days = target.deprovision.delete_after_days
    leave = user.attributes.get("employeeLeaveDateTime")
    return days is not None and isinstance(leave, str) and end(leave) + timedelta(days=days) <= now


def _previous(
    ids: tuple[str, ...], attributes: Mapping[str, object], columns: Columns, row: Row
) -> tuple[Cell, ...]:
    """The externalId values that previous ids would have had under the same mapping."""
    if columns.external_id is None:
        return ()
    known = {"IsSoftDeleted": False, **attributes}
    return tuple(row({**known, "objectId": previous})[columns.external_id] for previous in ids)


def _group(
    group: Group, target: Target, columns: Columns, memberships: Memberships, row: Row
) -> DesiredGroup:
    return DesiredGroup(
        key=group.id, name=str(group.attributes.get("displayName") or group.id),
        values=row(group.attributes), source=group.attributes,
        members=memberships.members[group.id], ended=memberships.ended[group.id],
        membership=group.membership or target.membership, origin=group.origin,
        previous=_previous(group.previous_ids, group.attributes, columns, row) if group.previous_ids else (),
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

"""Compile: what the YAML makes of one target at a moment: desired users and groups in the mapping's columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from reconciler.functions.landing import landing
from reconciler.functions.moments import end
from reconciler.functions.roles import ROLES
from reconciler.functions.sources import Source, compile_source
from reconciler.model.column import Column, Columns, build_columns
from reconciler.model.desired import DesiredState, Group, User
from reconciler.model.resource import KEEP, Cell, DesiredGroup, DesiredUser, Status
from reconciler.model.scoping import Scoping
from reconciler.model.target import Target
from reconciler.stages.membership import Memberships, flatten, has_left, is_disabled, is_hired
from reconciler.stages.scoping import WhyNot, open_gates

Rows = Callable[[Sequence[Mapping[str, object]]], list[tuple[Cell, ...]]]
Beside = Callable[[str], Mapping[str, object]]  # source attributes of a user by id
ENTITLED: tuple[Status, str] = ("entitled", "is declared and in scope")
DECIDING = ("accountEnabled", "employeeHireDate", "employeeLeaveDateTime")
CHUNK = 1000  # users whose attributes are copied at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """One target's desired users (entitled or not) and groups (in scope), by key.

    `values` of each stand in the order of `users_columns` and `groups_columns`; `created_user` and
    `created_group` give the row that a creation sends; `scoping` tells why a declared user is provisioned or not.
    """

    users: Mapping[str, DesiredUser]
    groups: Mapping[str, DesiredGroup]
    created_user: Callable[[DesiredUser], tuple[Cell, ...]]
    created_group: Callable[[DesiredGroup], tuple[Cell, ...]]
    scoping: Callable[[str], Scoping | None]


def target_columns(target: Target, case_exact: Mapping[str, bool]) -> tuple[Columns, Columns | None]:
    """The columns of a target's users and of its groups; None where groups are not provisioned.

    `case_exact`: what the endpoint's schemas say by path; the profile wins over it, RFC 7643 fills the rest.
    """
    exact = {**case_exact, **dict.fromkeys(target.profile.case_exact, True)}
    mapping = target.mapping
    groups = mapping.groups if mapping.groups and target.scope.groups != "none" else None
    profile = target.profile
    users = build_columns("User", mapping.users, exact, dict(profile.attributes))
    return users, build_columns("Group", groups, exact, dict(profile.group_attributes)) if groups else None


def compile_target(state: DesiredState, target: Target, now: datetime) -> Desired:
    """The desired resources of `target`; pure, and total over valid desired states."""
    users, groups = target_columns(target, {})
    memberships = flatten(state, now)
    always, creating = _rows(users, None), _rows(users, now)
    beside, gates = _beside(target, memberships), open_gates(target, memberships)
    why_not = None if gates.are_open else gates.why_not
    desired_users = _users(state, target, users, always, why_not, now, beside)
    for key, origin in state.removed.items():
        attributes: Mapping[str, object] = {"objectId": key, "IsSoftDeleted": True, **beside(key)}
        desired_users[key] = DesiredUser(
            key=key, name=key, values=always((attributes,))[0], source=attributes, status="removed",
            reason="is listed under removed", document=origin.document, listed=origin.path,
        )  # fmt: skip
    chosen = _chosen_groups(state, target) if groups else set()
    desired_groups: dict[str, DesiredGroup] = {}
    creating_group = _rows(groups, now) if groups else creating
    if groups is not None:
        rows = _rows(groups, None)
        for key in sorted(chosen):
            desired_groups[key] = _group(state.groups[key], target, groups, memberships, rows)

    def scoping(key: str) -> Scoping | None:
        user, told = state.users.get(key), desired_users.get(key)
        return gates.judge(user, told.status, told.reason) if user and told else None

    return Desired(
        users=desired_users,
        groups=desired_groups,
        created_user=lambda user: creating(({**user.source, "IsSoftDeleted": False, **beside(user.key)},))[0],
        created_group=lambda group: creating_group((group.source,))[0],
        scoping=scoping,
    )


def _beside(target: Target, memberships: Memberships) -> Beside:
    """The source attributes that only the target gives: the roles that a user's assignments carry (research: entra 2.7)."""
    if not any(ROLES in mapping.named for mapping in target.mapping.users.attributes):
        return lambda _: {}
    roles: dict[str, dict[str, None]] = {}  # of each user, in the order of the assignments
    for group, role in target.scope.assigned_groups:
        for key in memberships.members.get(group, ()) if role else ():
            roles.setdefault(key, {})[role or ""] = None
    return lambda key: {ROLES: tuple(roles.get(key, ()))}


def _status(user: User, why_not: WhyNot, now: datetime) -> tuple[Status, str]:
    if why_not is None and user.attributes.keys().isdisjoint(DECIDING):  # as most users are
        return ENTITLED
    if is_disabled(user):
        return "disabled", "accountEnabled is false"
    if has_left(user, now):
        return "left", f"left on {user.attributes['employeeLeaveDateTime']}"
    out = why_not(user) if why_not else None
    if out is not None:
        return "outOfScope", out
    if not is_hired(user, now):
        return "future", f"is hired on {user.attributes['employeeHireDate']}"
    return ENTITLED


def _users(
    state: DesiredState,
    target: Target,
    columns: Columns,
    rows: Rows,
    why_not: WhyNot,
    now: datetime,
    beside: Beside,
) -> dict[str, DesiredUser]:
    """The declared users, some at a time: mapping takes a copy of their attributes, with their entitlement."""
    users: dict[str, DesiredUser] = {}
    declared = iter(state.users.values())
    while chunk := list(islice(declared, CHUNK)):
        statuses = [_status(user, why_not, now) for user in chunk]
        sources = [
            {**user.attributes, "IsSoftDeleted": status != "entitled", **beside(user.id)}
            for user, (status, _) in zip(chunk, statuses, strict=True)
        ]
        for user, told, values in zip(chunk, statuses, rows(sources), strict=True):
            users[user.id] = _user(user, told, values, target, columns, rows, now)
    return users


def _user(
    user: User, told: tuple[Status, str], values: tuple[Cell, ...], target: Target, columns: Columns, rows: Rows, now: datetime
) -> DesiredUser:  # fmt: skip
    attributes = user.attributes
    status, reason = told
    name = user.id
    if not columns.hides("userName"):
        name = str(attributes.get("userPrincipalName") or attributes.get("displayName") or user.id)
    return DesiredUser(
        key=user.id, name=name, values=values, source=attributes, status=status, reason=reason, document=user.document,
        delete_due=status == "left" and _is_delete_due(user, target, now),
        previous=_previous(user.previous_ids, attributes, columns, rows) if user.previous_ids else (),
    )  # fmt: skip


def _is_delete_due(user: User, target: Target, now: datetime) -> bool:
    days = target.deprovision.delete_after_days
    leave = user.attributes.get("employeeLeaveDateTime")
    return days is not None and isinstance(leave, str) and end(leave) + timedelta(days=days) <= now


def _previous(
    ids: tuple[str, ...], attributes: Mapping[str, object], columns: Columns, rows: Rows
) -> tuple[Cell, ...]:
    """The externalId values that previous ids would have had under the same mapping."""
    if columns.external_id is None:
        return ()
    known = {"IsSoftDeleted": False, **attributes}
    found = rows([{**known, "objectId": previous} for previous in ids])
    return tuple(values[columns.external_id] for values in found)


def _group(
    group: Group, target: Target, columns: Columns, memberships: Memberships, rows: Rows
) -> DesiredGroup:
    return DesiredGroup(
        key=group.id,
        name=group.id if columns.hides("displayName") else str(group.attributes.get("displayName") or group.id),
        values=rows((group.attributes,))[0], source=group.attributes,
        members=memberships.members[group.id], ended=memberships.ended[group.id],
        membership=group.membership or target.membership, origin=group.origin,
        previous=_previous(group.previous_ids, group.attributes, columns, rows) if group.previous_ids else (),
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


def _rows(columns: Columns, creating: datetime | None) -> Rows:
    """The function that gives each one's cells, a column at a time: those of a creation at that moment, if there is one."""
    sources = tuple(_source(column, creating) if column.mapping else _entitled for column in columns.all)
    return lambda rows: list(zip(*[source(rows) for source in sources], strict=True))


def _source(column: Column, creating: datetime | None) -> Source:
    """The cells of one column; a boolean is one however it was written (`"True"`, as Entra maps it)."""
    assert column.mapping is not None
    source = compile_source(column.mapping, creating)
    if column.mapping.kind == "expression":
        land = landing(column.type, is_many=column.kind == "many")
        given = source
        source = lambda rows: list(map(land, given(rows)))  # noqa: E731
    if not column.is_boolean:
        return source
    compare = column.compare
    return lambda rows: [cell if cell is KEEP or cell is None else compare(cell) for cell in source(rows)]  # type: ignore[misc]


def _entitled(rows: Sequence[Mapping[str, object]]) -> list[Cell]:
    return [not row.get("IsSoftDeleted", False) for row in rows]


def is_set(cell: Cell) -> bool:
    """The cell has a value to send."""
    return cell is not KEEP and cell is not None and cell != "" and cell != ()

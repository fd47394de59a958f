"""Policies: budgets. Each rule counts the atoms that concern it (DESIGN 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.change import Change
from reconciler.model.digest import digest
from reconciler.model.plan import Budget
from reconciler.model.target import Approval, Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Bases:
    """What percentages are of: active owned users, desired users, members of owned groups, members by group."""

    active_owned: int
    desired_users: int
    owned_members: int
    members_by_group: Mapping[str, int]
    owned_anything: bool


DEFAULT_LIMITS: dict[str, Limit] = {
    "deactivate": Limit(count=5, percent=2),
    "delete": Limit(),
    "deleteGroups": Limit(),
    "removeMembers": Limit(count=20, percent=2),
    "removeMembersPerGroup": Limit(count=5, percent=50),
    "reactivate": Limit(count=5, percent=1),
    "adopt": Limit(),
    "clear": Limit(count=20, percent=2),
    "create": Limit(count=50, percent=10),
    "sameAttribute": Limit(count=50, percent=20),
}

Counted = dict[str | None, list[object]]  # subject -> the atoms counted


def _lifecycle(action: str, type_: str | None = "User") -> Callable[[Sequence[Change]], Counted]:
    def count(changes: Sequence[Change]) -> Counted:
        return {
            None: [[c.type, c.key, action] for c in changes if c.action == action and type_ in (None, c.type)]
        }

    return count


def _losing(changes: Sequence[Change]) -> Counted:
    return {None: [[c.type, c.key, "deactivate"] for c in changes if c.type == "User" and _goes(c, False)]}


def _returning(changes: Sequence[Change]) -> Counted:
    return {
        None: [[c.type, c.key, "reactivate"] for c in changes if c.type == "User" and c.id and _goes(c, True)]
    }


def _goes(change: Change, active: bool) -> bool:
    return (
        any(a.path == "active" and a.after is active for a in change.attributes) and change.action != "create"
    )


def _removed_members(changes: Sequence[Change]) -> Counted:
    return {None: [[c.key, m.key] for c in changes for m in c.remove]}


def _removed_per_group(changes: Sequence[Change]) -> Counted:
    return {c.key: [[c.key, m.key] for m in c.remove] for c in changes if c.remove}


def _cleared(changes: Sequence[Change]) -> Counted:
    return {
        None: [
            [c.type, c.key, a.path, a.before, None] for c in changes for a in c.attributes
            if a.after is None and a.before is not None
        ]
    }  # fmt: skip


def _same_attribute(changes: Sequence[Change]) -> Counted:
    counted: Counted = {}
    for change in changes:
        if change.type == "User" and change.action in ("update", "adopt", "reactivate"):
            for a in change.attributes:
                if a.path != "active":
                    counted.setdefault(a.path, []).append([change.key, a.path, a.before, a.after])
    return counted


RULES: dict[str, Callable[[Sequence[Change]], Counted]] = {
    "deactivate": _losing,
    "delete": _lifecycle("delete"),
    "deleteGroups": _lifecycle("delete", "Group"),
    "removeMembers": _removed_members,
    "removeMembersPerGroup": _removed_per_group,
    "reactivate": _returning,
    "adopt": _lifecycle("adopt", None),
    "clear": _cleared,
    "create": _lifecycle("create"),
    "sameAttribute": _same_attribute,
}


def check_budgets(
    target: str,
    changes: Sequence[Change],
    limits: Mapping[str, Limit],
    bases: Bases,
    approvals: Sequence[Approval],
) -> tuple[Budget, ...]:
    """A row per rule (and subject) that counts anything."""
    rows: list[Budget] = []
    for rule, count in RULES.items():
        if rule == "create" and not bases.owned_anything:
            continue  # a first run creates everybody
        limit = limits.get(rule, DEFAULT_LIMITS[rule])
        for subject, atoms in sorted(count(changes).items(), key=lambda item: item[0] or ""):
            if not atoms:
                continue
            of = _base(rule, subject, bases)
            allowed = max(limit.count, int(of * limit.percent / 100))
            bound = digest([target, rule, subject, sorted(atoms, key=repr)])
            approved = any(a.target == target and a.rule == rule and a.digest == bound for a in approvals)
            rows.append(
                Budget(
                    rule=rule,
                    subject=subject,
                    planned=len(atoms),
                    limit=allowed,
                    of=of,
                    digest=bound,
                    approved=approved,
                )
            )
    return tuple(rows)


def _base(rule: str, subject: str | None, bases: Bases) -> int:
    match rule:
        case "removeMembers":
            return bases.owned_members
        case "removeMembersPerGroup":
            return bases.members_by_group.get(subject or "", 0)
        case "create" | "adopt":
            return bases.desired_users
        case _:
            return bases.active_owned

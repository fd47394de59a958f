"""Policies: budgets. Each rule says which atoms it counts; a limit says how many may be (DESIGN 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.model.change import Change
from reconciler.model.digest import digest
from reconciler.model.plan import Bases, Budget
from reconciler.model.target import Approval, Limit
from reconciler.policies import attributes, lifecycle, members
from reconciler.policies.counted import Counted

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

RULES: dict[str, Callable[[Sequence[Change]], Counted]] = {
    "deactivate": lifecycle.count_deactivated,
    "delete": lifecycle.count_deleted,
    "deleteGroups": lifecycle.count_deleted_groups,
    "removeMembers": members.count_removed,
    "removeMembersPerGroup": members.count_removed_per_group,
    "reactivate": lifecycle.count_reactivated,
    "adopt": lifecycle.count_adopted,
    "clear": attributes.count_cleared,
    "create": lifecycle.count_created,
    "sameAttribute": attributes.count_same,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What people agreed to, and what a reviewed plan or an interrupted run already held within its budgets.

    `held`: rule → digests of its atoms, which are not counted again. `approved`: digest of an approval → the
    atoms that it was given for, where they are known one by one.
    """

    approvals: tuple[Approval, ...] = ()
    held: Mapping[str, frozenset[str]] = field(default_factory=dict)
    approved: Mapping[str, frozenset[str]] = field(default_factory=dict)


def check_budgets(
    target: str, changes: Sequence[Change], limits: Mapping[str, Limit], bases: Bases, agreed: Agreed
) -> tuple[Budget, ...]:
    """A row per rule (and subject) that counts anything."""
    rows: list[Budget] = []
    for rule, count in RULES.items():
        if rule == "create" and not bases.owned_anything:
            continue  # a first run creates everybody
        limit = limits.get(rule, DEFAULT_LIMITS[rule])
        for subject, counted in sorted(count(changes).items(), key=lambda row: row[0] or ""):
            if counted:
                rows.append(_row(target, rule, subject, counted, limit, bases, agreed))
    return tuple(rows)


def _row(
    target: str, rule: str, subject: str | None, counted: Sequence[object], limit: Limit, bases: Bases, agreed: Agreed
) -> Budget:  # fmt: skip
    of = _base(rule, subject, bases)
    atoms = frozenset(digest(atom) for atom in counted)
    bound = digest([target, rule, subject, sorted(atoms)])
    given = [a.digest for a in agreed.approvals if a.target == target and a.rule == rule]
    approved = bound in given or any(atoms <= agreed.approved.get(one, frozenset()) for one in given)
    return Budget(
        rule=rule, subject=subject, planned=len(atoms), limit=max(limit.count, int(of * limit.percent / 100)), of=of,
        digest=bound, approved=approved, atoms=atoms, held=len(atoms & agreed.held.get(rule, frozenset())),
    )  # fmt: skip


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

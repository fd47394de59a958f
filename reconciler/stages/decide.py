"""Decide: the whole core. Desired, live, target, facts and a moment in; the target's plan out; nothing is touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from reconciler.model.change import Change
from reconciler.model.column import Columns
from reconciler.model.desired import DesiredState
from reconciler.model.digest import digest
from reconciler.model.finding import Finding
from reconciler.model.place import Origin
from reconciler.model.plan import TargetPlan
from reconciler.model.resource import Facts, LiveState
from reconciler.model.target import Target
from reconciler.policies import Bases, check_budgets
from reconciler.stages.compile import Desired, compile_target
from reconciler.stages.diff import Difference, People, diff_users
from reconciler.stages.diff_groups import diff_groups
from reconciler.stages.match import Matches, match_resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The columns of a target's two resource types; no group columns where groups are not provisioned."""

    users: Columns
    groups: Columns | None


def decide(
    state: DesiredState, live: LiveState, target: Target, layout: Layout, facts: Facts, now: datetime, url: str,
    place: Callable[[Origin], str],
) -> TargetPlan:  # fmt: skip
    """The plan of one target; total over valid input, and the same for every order of it."""
    desired = compile_target(state, target, layout.users, layout.groups, now)
    users = match_resources(desired.users, live.users, layout.users, target, facts)
    people = People(
        desired=desired.users, matches=users,
        key_by_id={resource.id: key for key, resource in users.pairs.items()},
        live_by_id={resource.id: resource for resource in live.users},
    )  # fmt: skip
    of_users = diff_users(layout.users, people, target, facts, place)
    groups, of_groups = None, Difference()
    if layout.groups is not None:
        groups = match_resources(desired.groups, live.groups, layout.groups, target, facts)
        of_groups = diff_groups(desired.groups, layout.groups, groups, people, target, facts, place)
    changes = order([*of_users.changes, *of_groups.changes], layout)
    active_owned = sum(resource.active for resource in live.users if resource.id in users.owned)
    owned_groups = groups.owned if groups else frozenset()
    bases = Bases(
        active_owned=active_owned,
        desired_users=sum(user.status == "entitled" for user in desired.users.values()),
        owned_members=sum(len(g.members) for g in live.groups if g.id in owned_groups),
        members_by_group={key: len(g.members) for key, g in groups.pairs.items()} if groups else {},
        owned_anything=bool(users.owned),
    )
    findings = [
        *users.findings,
        *(groups.findings if groups else ()),
        *of_users.findings,
        *of_groups.findings,
    ]
    findings += _noted(of_users, "User") + _noted(of_groups, "Group")
    empty = active_owned > 0 and bases.desired_users == 0
    if empty:
        text = f"nobody is entitled any more while {active_owned} owned users are active; this is refused"
        findings.append(Finding(severity="error", code="empty-desired-state", text=text))
    if not facts.keeps_external_id and target.ownership == "externalId":
        text = "this endpoint keeps no externalId, so nobody is owned by absence; write `ownership: declared` or `ownership: all`"
        findings.append(Finding(severity="warning", code="no-external-id", text=text))
    cost = len(changes)
    return TargetPlan(
        name=target.name, url=url, desired=_desired_digest(desired), empty_desired=empty,
        live_users=len(live.users), live_groups=len(live.groups), complete=True,
        owned_users=len(users.owned), owned_groups=len(owned_groups),
        unmanaged_users=len(users.unmanaged), unmanaged_groups=len(groups.unmanaged) if groups else len(live.groups),
        unmanaged_sample=_sample(users), changes=changes, findings=tuple(_sorted(findings)),
        budgets=check_budgets(target.name, changes, dict(target.budgets), bases, state.approvals),
        requests=cost, seconds=ceil(cost / target.client.requests_per_second),
    )  # fmt: skip


def order(changes: Sequence[Change], layout: Layout) -> tuple[Change, ...]:
    """The order in which changes are applied (DESIGN 6): leavers first, deletions last."""
    names = {layout.users.all[index].text for index in layout.users.match}

    def phase(change: Change) -> tuple[int, str]:
        if change.type == "User":
            is_rename = change.id is not None and any(a.path in names for a in change.attributes)
            rank = (
                0
                if change.action == "deactivate"
                else 6
                if change.action == "delete"
                else 1
                if is_rename
                else 2
            )
        else:
            rank = {"create": 3, "delete": 5}.get(change.action, 4)
        return rank, change.key

    return tuple(sorted(changes, key=phase))


def _noted(difference: Difference, type_: str) -> list[Finding]:
    findings = [
        Finding(
            severity="warning", code="withheld",
            text=f"{path} of {count} {type_}(s) is not kept by this endpoint and withheld; unmap it, or change the value",
        )
        for path, count in sorted(difference.withheld.items())
    ]  # fmt: skip
    findings += [
        Finding(
            severity="info", code="reference-unresolved",
            text=f"{key} is not at this target; {count} reference(s) to it keep their live value until it is",
        )
        for key, count in sorted(difference.unresolved.items())
    ]  # fmt: skip
    return findings


def _sample(users: Matches) -> tuple[str, ...]:
    return tuple(sorted(live.name for live in users.unmanaged)[:10])


def _sorted(findings: Sequence[Finding]) -> list[Finding]:
    rank = {"error": 0, "warning": 1, "info": 2}
    return sorted(findings, key=lambda finding: (rank[finding.severity], finding.code, finding.text))


def _desired_digest(desired: Desired) -> str:
    """What the YAML makes of the target, whatever is live."""

    def cells(values: Sequence[object]) -> list[str]:
        return [str(cell) for cell in values]

    users: Mapping[str, object] = {key: [u.status, *cells(u.values)] for key, u in desired.users.items()}
    groups: Mapping[str, object] = {
        key: [sorted(g.members), sorted(g.ended), g.membership, *cells(g.values)]
        for key, g in desired.groups.items()
    }
    return digest([users, groups])

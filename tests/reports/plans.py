"""Plans as values: of any size, and with whatever names and values a test wants in every place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.model.change import Action, AttributeChange, Change, MemberChange, Reason
from reconciler.model.finding import Finding
from reconciler.model.plan import BaseRef, Budget, Plan, TargetPlan
from reconciler.model.resource import Type

AS_OF = "2026-11-23T14:40:00Z"
WHY: dict[Action, tuple[str, str]] = {
    "create": ("new", "new"),
    "adopt": ("adopt", "an existing account is taken over"),
    "update": ("attributes-differ", "attributes differ"),
    "reactivate": ("entitled-again", "gets access back: is declared and in scope"),
    "deactivate": ("outOfScope", "loses access: does not pass the scope's filter"),
    "delete": ("removed", "is deleted: is listed under removed"),
}
PATHS = (
    "externalId",
    "userName",
    "displayName",
    "title",
    "name.givenName",
    "name.familyName",
    'emails[type eq "work"].value',
)


HOSTILE: tuple[tuple[Type, Action], ...] = (
    ("User", "deactivate"),
    ("User", "create"),
    ("User", "update"),
    ("Group", "update"),
)


def user(
    number: int, action: Action, *, target: str = "envoy", before: object = None, after: object = None, path: str = "title"
) -> Change:  # fmt: skip
    """A change of the user with this number."""
    code, text = WHY[action]
    attributes: tuple[AttributeChange, ...] = (AttributeChange(path=path, before=before, after=after),)
    if action == "create":
        attributes = tuple(AttributeChange(path=p, before=None, after=f"{p} {number}") for p in PATHS)
    if action in ("reactivate", "deactivate"):
        active = action == "reactivate"
        attributes = (AttributeChange(path="active", before=not active, after=active),)
    return Change(
        target=target, action=action, type="User", key=f"u{number}", id=None if action == "create" else f"id-{number}",
        name=f"user{number}@example.com", attributes=() if action == "delete" else attributes,
        reason=Reason(code=code, text=text, source=f"desired_state/users/office-{number % 7}.yaml:{number + 2}"),
    )  # fmt: skip


def group(
    number: int, add: Sequence[int] = (), remove: Sequence[int] = (), *, target: str = "envoy"
) -> Change:
    """A group whose members change."""
    return Change(
        target=target, action="update", type="Group", key=f"g{number}", id=f"gid-{number}", name=f"Group {number}",
        reason=Reason(code="members-differ", text="members differ", source=f"desired_state/groups.yaml:{number + 2}"),
        add=tuple(MemberChange(key=f"u{n}", name=f"user{n}@example.com", id=None) for n in add),
        remove=tuple(MemberChange(key=f"u{n}", name=f"user{n}@example.com", id=f"id-{n}") for n in remove),
    )  # fmt: skip


def target_plan(
    changes: Sequence[Change], *, name: str = "envoy", findings: Sequence[Finding] = (), budgets: Sequence[Budget] = ()
) -> TargetPlan:  # fmt: skip
    """One target with these changes."""
    return TargetPlan(
        name=name, url=f"https://{name}.example/scim/v2", live_users=6_000, live_groups=40, complete=True, owned_users=5_980,
        owned_groups=38, unmanaged_users=20, unmanaged_groups=2, changes=tuple(changes), findings=tuple(findings),
        budgets=tuple(budgets), requests=len(changes), seconds=len(changes) // 25,
    )  # fmt: skip


def plan_of(*targets: TargetPlan) -> Plan:
    """A plan of these targets."""
    return Plan(as_of=AS_OF, targets=targets)


def budget(rule: str, planned: int, limit: int, of: int, subject: str | None = None) -> Budget:
    """A row of a budget."""
    return Budget(
        rule=rule,
        subject=subject,
        planned=planned,
        limit=limit,
        of=of,
        digest=f"sha256:{'0123456789abcdef' * 4}",
    )


def large_plan(size: int = 5_000) -> Plan:
    """A plan of so many changes at one target: mostly people created, a department renamed, nine people losing access."""
    moved, titled, lost, groups = size * 13 // 100, size * 4 // 100, 9, 20
    created = size - moved - titled - lost - groups
    changes = [
        *(user(n, "deactivate") for n in range(lost)),
        *(user(n, "create") for n in range(100, 100 + created)),
        *(
            user(n, "update", path="department", before="R&D", after="Research")
            for n in range(10_000, 10_000 + moved)
        ),
        *(
            user(n, "update", before=f"Title {n}", after=f"Senior title {n}")
            for n in range(20_000, 20_000 + titled)
        ),
        *(group(n, range(100 + n * 50, 150 + n * 50), range(n % 9)) for n in range(groups)),
    ]
    return plan_of(
        target_plan(
            changes, budgets=[budget("deactivate", 9, 5, 214), budget("create", created, 50, 900), budget("clear", 0, 20, 900)]
        )
    )  # fmt: skip


def edited_plan() -> Plan:
    """What an edit does, and what had drifted before; one group has both, and the drift alone exceeds a budget."""
    title, gone, moved = (
        user(1, "update", before="Engineer", after="Staff"),
        user(3, "deactivate"),
        group(2, (4,), (5, 6)),
    )
    left = frozenset(place for place in moved.atoms() if place.name != "u4")
    changes = [
        replace(gone, drifted=frozenset(gone.atoms())), replace(title, drifted=frozenset()), replace(moved, drifted=left),
    ]  # fmt: skip
    whole = target_plan(changes, budgets=[budget("removeMembersPerGroup", 2, 1, 9, subject="g2")])
    plan = plan_of(replace(whole, edit=target_plan([title, group(2, (4,))])))
    return replace(plan, base=BaseRef(ref="origin/main", commit="4be19c2a01d7" + "0" * 28))


def hostile_plan(texts: Sequence[str], *, in_paths: bool = True) -> Plan:
    """Every text in every place that untrusted text can reach; a mapping's paths are less untrusted than values."""
    targets = []
    for number, text in enumerate(texts):
        attributes = (
            AttributeChange(path=f"title{text}" if in_paths else "title", before=text, after=f"new {text}"),
            AttributeChange(path="roles", before=[text], after=None),
        )
        members = (MemberChange(key=text, name=text, id=text),)
        reason = Reason(code="attributes-differ", text=text, source=f"desired_state/{text}.yaml:3")
        changes = tuple(
            Change(
                target="envoy", action=action, type=type_, key=f"{number}{text}", id=text, name=text, reason=reason,
                attributes=attributes, add=members, remove=members,
            )
            for type_, action in HOSTILE
        )  # fmt: skip
        targets.append(
            TargetPlan(
                name="envoy", url=text, changes=changes, error=text if number % 3 == 2 else None, causes=(text,) * 4,
                findings=(Finding(severity="error", code="quarantine", text=text, source=text),),
                budgets=(budget("removeMembersPerGroup", 9, 5, 10, subject=text),),
            )
        )  # fmt: skip
    return plan_of(*targets)

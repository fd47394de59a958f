"""On demand: what a plan of a few named objects says, also where there is nothing to do for one (research: entra 7.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from reconciler.model.finding import Finding, Subject
from reconciler.model.plan import TargetPlan
from reconciler.model.resource import Type
from reconciler.stages.compile import Desired
from reconciler.stages.order import REFERENCE, Key

FEW = 5
UNRESOLVED = "UnableToResolveReferenceAttributeValue"


def tell_chosen(
    plan: TargetPlan, whole: TargetPlan, chosen: Collection[Key], desired: Desired, ids: Mapping[str, str]
) -> TargetPlan:
    """The plan, which was `whole` before it was narrowed to `chosen`, with what there is to say of these and nobody else."""
    findings = [f for f in plan.findings if not f.about or any((s.type, s.key) in chosen for s in f.about)]
    told = {(subject.type, subject.key) for finding in findings for subject in finding.about}
    for change in plan.changes:
        told.add((change.type, change.key))
        told |= {("User", member.key) for member in (*change.add, *change.remove)}
    findings += _waiting(plan, whole, chosen)
    told |= {
        (change.type, change.key) for change in whole.changes
    }  # it differs, and this run leaves that alone
    silent = sorted(key for key in chosen if key not in told)
    return replace(plan, findings=(*findings, *(_nothing(type_, key, desired, ids) for type_, key in silent)))


def _waiting(plan: TargetPlan, whole: TargetPlan, chosen: Collection[Key]) -> Iterator[Finding]:
    """Whose manager or member somebody is to be who is not at the target, and no part of this run."""
    made = {change.key for change in plan.changes if change.type == "User" and change.action == "create"}
    unmade = {c.key for c in whole.changes if c.type == "User" and c.action == "create"} - made
    for change in whole.changes:
        if (change.type, change.key) not in chosen:
            continue
        names = {str(a.after) for a in change.attributes if a.path == REFERENCE and a.after in unmade}
        names |= {member.key for member in change.add if member.key in unmade}
        if names:
            more = " ".join(f"--only user:{name}" for name in sorted(names)[:FEW])
            text = f"{change.type.lower()} {change.key} waits for who is not at this target yet ({_some(names)}); add {more}"
            yield Finding(
                severity="info", code="reference-unresolved", text=text, about=(change.subject,), error_code=UNRESOLVED
            )  # fmt: skip


def _some(names: Collection[str]) -> str:
    return ", ".join(sorted(names)[:FEW]) + (" …" if len(names) > FEW else "")


def _nothing(type_: Type, key: str, desired: Desired, ids: Mapping[str, str]) -> Finding:
    name, why = _group(key, desired) if type_ == "Group" else _user(key, desired, ids)
    text = f"{type_.lower()} {key}: {why or 'is at the endpoint as declared'}"
    code = "EntrySynchronizationSkipped" if why else "RedundantExport"
    subject = Subject(type=type_, key=key, name=name, id=ids.get(key) if type_ == "User" else None)
    return Finding(severity="info", code="nothing-to-do", text=text, about=(subject,), error_code=code)


def _user(key: str, desired: Desired, ids: Mapping[str, str]) -> tuple[str, str]:
    user = desired.users[key]
    if user.status == "entitled":
        return user.name, ""
    there = "its account there has no access" if key in ids else "it has no account there"
    return user.name, f"is not provisioned ({user.reason}), and {there}"


def _group(key: str, desired: Desired) -> tuple[str, str]:
    group = desired.groups.get(key)
    return (group.name, "") if group else (key, "this target does not get it")

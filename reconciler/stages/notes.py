"""Notes: the findings that go with a plan: what is withheld, what is missing, what the endpoint lacks."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.functions.expressions import redact_text
from reconciler.model.attribute_path import quoted
from reconciler.model.change import Change
from reconciler.model.column import Columns
from reconciler.model.finding import Finding
from reconciler.model.plan import Bases
from reconciler.model.resource import Facts
from reconciler.model.target import Target
from reconciler.stages.diff import Difference

SHOWN = 5


def note_differences(users: Difference, groups: Difference) -> list[Finding]:
    """The findings of both comparisons, and those that sum up what they met again and again."""
    findings = [*users.findings, *groups.findings]
    for difference, label in ((users, "user"), (groups, "group")):
        for path, count in sorted(difference.withheld.items()):
            differ = f"{count} {label}s differ" if count > 1 else f"1 {label} differs"
            text = (
                f"{path}: the endpoint does not keep it; {differ}. Unmap it, or write into the target "
                f"learnt: {{withhold: [{quoted(path)}]}}"
            )
            findings.append(Finding(severity="warning", code="withheld", text=text))
        for key, count in sorted(difference.unresolved.items()):
            text = f"{key} is not at this target; {count} reference{'s' * (count > 1)} to it keep their live value until it is"
            findings.append(Finding(severity="info", code="reference-unresolved", text=text))
    absent = groups.absent_members
    if absent:
        memberships = sum(map(len, absent.values()))
        names = ", ".join(sorted(absent)[:SHOWN]) + (" …" if len(absent) > SHOWN else "")
        wait = "membership waits" if memberships == 1 else "memberships wait"
        text = f"{memberships} {wait} for users who are not at this target: {names}"
        findings.append(Finding(severity="info", code="member-not-at-target", text=text))
    return findings


def note_made_once(changes: Iterable[Change], *columns: Columns) -> list[Finding]:
    """That the values of some attributes are made on create, and left alone afterwards."""
    texts = {
        (of.type, column.text): redact_text(column.mapping.text)
        for of in columns for column in of.all if column.mapping and column.mapping.is_made_once
    }  # fmt: skip
    if not texts:
        return []
    met = {(c.type, a.path) for c in changes if c.action == "create" for a in c.attributes}
    return [
        Finding(severity="info", code="made-on-create", text=f"{path}: `{text}` is worked out when a {type_.lower()} is created, "
                                                             "and not compared afterwards")
        for (type_, path), text in sorted(texts.items()) if (type_, path) in met
    ]  # fmt: skip


def note_endpoint(target: Target, facts: Facts, bases: Bases) -> list[Finding]:
    """What the endpoint or the emptiness of the desired state forbids."""
    findings = []
    if bases.active_owned > 0 and bases.desired_users == 0:
        text = f"nobody is entitled any more while {bases.active_owned} owned users are active; apply refuses this"
        findings.append(Finding(severity="error", code="empty-desired-state", text=text))
    if not facts.keeps_external_id and target.ownership not in ("declared", "all"):
        text = (
            "this endpoint keeps no externalId, so nobody is owned by absence; write `ownership: declared` "
            "(nothing is removed by absence) or `ownership: all` (this repository is the only source)"
        )
        findings.append(Finding(severity="warning", code="no-external-id", text=text))
    for id_ in sorted(facts.dangling)[:SHOWN]:
        text = f"a group names the member {id_}, whom the endpoint itself does not know; remove that member there"
        findings.append(Finding(severity="warning", code="dangling-member", text=text))
    return findings

"""Notes: the findings that go with a plan: what is withheld, what is missing, what the endpoint lacks."""

from __future__ import annotations

from reconciler.model.attribute_path import quoted
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

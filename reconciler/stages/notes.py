"""Notes: the findings that go with a plan: what is withheld, what is missing, what the endpoint lacks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from reconciler.functions.expressions import redact_text
from reconciler.model.attribute_path import quoted
from reconciler.model.change import Change
from reconciler.model.column import Columns
from reconciler.model.finding import Finding, Subject
from reconciler.model.plan import Bases
from reconciler.model.resource import Facts, Type
from reconciler.model.target import Target
from reconciler.stages.diff import Difference

SHOWN = 5
TOLD = 20  # of whom the log tells one by one what is withheld from them
UNRESOLVED = "UnableToResolveReferenceAttributeValue"
Describe = Callable[[Type, str], Subject]


def note_differences(users: Difference, groups: Difference, describe: Describe) -> list[Finding]:
    """The findings of both comparisons, and those that sum up what they met again and again."""
    findings = [*users.findings, *groups.findings]
    of_types: tuple[tuple[Difference, Type], ...] = ((users, "User"), (groups, "Group"))
    for difference, type_ in of_types:
        label = type_.lower()
        for path, keys in sorted(difference.withheld.items()):
            differ = f"{len(keys)} {label}s differ" if len(keys) > 1 else f"1 {label} differs"
            text = (
                f"{path}: the endpoint does not keep it; {differ}. Unmap it, or write into the target "
                f"learnt: {{withhold: [{quoted(path)}]}}"
            )
            told = _each(keys, type_, describe, f"{path}: the endpoint does not keep it; it is withheld")
            findings.append(
                Finding(severity="warning", code="withheld", text=text, about=told, error_code="NotKept")
            )
        for key, keys in sorted(difference.unresolved.items()):
            count = len(keys)
            text = f"{key} is not at this target; {count} reference{'s' * (count > 1)} to it keep their live value until it is"
            told = _each(keys, type_, describe, f"{key} is not at this target, and cannot be the manager yet")
            findings.append(
                Finding(
                    severity="info", code="reference-unresolved", text=text, about=told, error_code=UNRESOLVED
                )
            )
    return [*findings, *_note_absent(groups.absent_members, describe)]


def _note_absent(absent: Mapping[str, list[str]], describe: Describe) -> list[Finding]:
    """What users who are not at the target miss: one finding for all, told group by group in the log."""
    if not absent:
        return []
    memberships = sum(map(len, absent.values()))
    wait = "membership waits" if memberships == 1 else "memberships wait"
    text = f"{memberships} {wait} for users who are not at this target: {_some(absent)}"
    by_group: dict[str, list[str]] = {}
    for user, groups in absent.items():
        for group in groups:
            by_group.setdefault(group, []).append(user)
    told = tuple(
        replace(describe("Group", group), text=f"cannot take in who is not at this target: {_some(users)}")
        for group, users in sorted(by_group.items())[:TOLD]
    )
    return [
        Finding(severity="info", code="member-not-at-target", text=text, about=told, error_code=UNRESOLVED)
    ]


def _each(keys: Iterable[str], type_: Type, describe: Describe, text: str) -> tuple[Subject, ...]:
    some = sorted(set(keys))[:TOLD]
    return tuple(replace(describe(type_, key), text=text) for key in some)


def _some(names: Collection[str]) -> str:
    return ", ".join(sorted(names)[:SHOWN]) + (" …" if len(names) > SHOWN else "")


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

"""Explain: one object's whole story at one target: import, scope, match, values, change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from reconciler.model.change import AttributeChange, Change
from reconciler.model.column import Column
from reconciler.model.desired import DesiredState
from reconciler.model.plan import TargetPlan
from reconciler.model.resource import KEEP, Cell, DesiredGroup, Facts, LiveResource, LiveState
from reconciler.model.stand_in import shown
from reconciler.model.target import Target
from reconciler.stages.compile import Desired, target_columns
from reconciler.stages.decide import know_people
from reconciler.stages.diff import People
from reconciler.stages.hide import hide_story
from reconciler.stages.match import match_resources
from reconciler.stages.membership import flatten

Story = dict[str, object]


def explain_object(
    state: DesiredState, desired: Desired, live: LiveState, target: Target, facts: Facts, now: datetime,
    plan: TargetPlan, type_: str, key: str,
) -> Story:  # fmt: skip
    """The story of the user or group `key`, as JSON values."""
    users, groups = target_columns(target, facts.case_exact)
    columns = users if type_ == "User" else groups
    story: Story = {"target": target.name, "object": f"{type_.lower()}:{key}"}
    if columns is None:
        return {**story, "scope": {"status": "outOfScope", "reason": "this target gets no groups"}}
    resources: Mapping[str, object] = desired.users if type_ == "User" else desired.groups
    resource = resources.get(key)
    change = next((c for c in plan.changes if (c.type, c.key) == (type_, key)), None)
    story["import"] = _imported(state, type_, key)
    story["scope"] = _scope(state, desired, target, now, type_, key, resource)
    if resource is None:
        return hide_story({**story, "match": None, "attributes": [], "change": None}, columns)
    sides = live.users if type_ == "User" else live.groups
    matches = match_resources(
        desired.users if type_ == "User" else desired.groups, sides, columns, target, facts
    )
    found = matches.pairs.get(key)
    story["match"] = (
        {"id": found.id, "name": found.name, "externalId": found.external_id, "active": found.active,
         "provisionedByUs": key in matches.ours, "protected": found.id in matches.protected}
        if found else {"frozen": key in matches.frozen_keys} if key in matches.frozen_keys else None
    )  # fmt: skip
    people = know_people(desired, live, users, target, facts)
    told = {attribute.path: attribute for attribute in change.attributes} if change else {}
    is_compared = type_ == "Group" or getattr(resource, "status", "") in ("entitled", "future")
    story["attributes"] = [
        _row(column, resource.values[at], found.values[at] if found else None, told, is_compared, people)  # type: ignore[attr-defined]
        for at, column in enumerate(columns.all)
    ]
    for row in story["attributes"]:  # type: ignore[attr-defined]
        if row["verdict"] == "same" and facts.withholds(columns.type, row["path"], key, row["value"]):
            row["verdict"] = "withheld"
    if isinstance(resource, DesiredGroup) and columns.has_members:
        story["members"] = _members(resource, found, change, people)
    story["change"] = change.to_json() if change else None
    return hide_story(story, columns)


def _row(
    column: Column, cell: Cell, before: Cell, told: Mapping[str, AttributeChange], is_compared: bool, people: People
) -> Story:  # fmt: skip
    if column.text in told:
        verdict, cell = "differs", told[column.text].after  # type: ignore[assignment]  # a create has values of its own
    elif cell is KEEP:
        verdict = "left alone"
    else:
        verdict = "same" if is_compared else "not compared"
    if column.kind == "reference" and before is not None:
        before = people.key_by_id.get(str(before), f"live:{before}")
    return {
        "path": column.text, "kind": column.mapping.kind if column.mapping else "implicit",
        "source": column.mapping.text if column.mapping else "lifecycle",
        "value": None if cell is KEEP else shown(cell), "live": before, "verdict": verdict,
    }  # fmt: skip


def _members(
    group: DesiredGroup, found: LiveResource | None, change: Change | None, people: People
) -> list[Story]:
    """Everybody whom the YAML or the endpoint has in the group, and why they stay, come or go."""
    joining = {member.key for member in change.add} if change else set()
    leaving = {member.key for member in change.remove} if change else set()
    present = {people.member(id_).key: people.member(id_) for id_ in found.members} if found else {}
    rows: list[Story] = []
    for key in sorted({*group.members, *present}):
        is_listed = key in group.members
        if key in joining:
            verdict = "is added"
        elif key in leaving:
            verdict = (
                "is removed: membership ended"
                if key in group.ended
                else "is removed: the YAML does not list them"
            )
        elif key in present:
            verdict = "is in" if is_listed else "left alone: not ours, or the group's membership keeps them"
        else:
            verdict = f"not in: {getattr(people.desired.get(key), 'reason', 'unknown')}"
        rows.append({"key": key, "listed": is_listed, "live": key in present, "verdict": verdict})
    return rows


def _imported(state: DesiredState, type_: str, key: str) -> object:
    entry = state.users.get(key) if type_ == "User" else state.groups.get(key)
    return dict(entry.attributes) if entry else {"removed": True}


def _scope(
    state: DesiredState,
    desired: Desired,
    target: Target,
    now: datetime,
    type_: str,
    key: str,
    resource: object,
) -> Story:
    if type_ == "Group":
        inside = resource is not None
        return {
            "status": "inScope" if inside else "outOfScope",
            "reason": _group_reason(target, inside=inside),
        }
    members = flatten(state, now).members
    story: Story = {
        "status": getattr(resource, "status", "removed"), "reason": getattr(resource, "reason", ""), "assignment": target.scope.users,
        "clauses": [], "groups": sorted(group for group, people in members.items() if key in people),
    }  # fmt: skip
    told = desired.scoping(key)
    if told is not None:
        lines = [
            {"depth": line.depth, "clause": line.text, "value": line.value, "holds": line.holds}
            for line in told.clauses
        ]
        story |= {"active": told.is_active, "assigned": told.is_assigned, "clauses": lines}
    return story


def _group_reason(target: Target, *, inside: bool) -> str:
    groups = target.scope.groups
    if isinstance(groups, str):
        return f"the target gets {groups} groups" if groups != "none" else "the target gets no groups"
    return "the target lists it" if inside else f"the target lists {', '.join(groups)}"

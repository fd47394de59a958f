"""Diff groups: attributes, and members added and removed one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconciler.model.change import Change, MemberChange, Reason
from reconciler.model.column import Columns
from reconciler.model.finding import Finding
from reconciler.model.place import Origin
from reconciler.model.resource import DesiredGroup, Facts, LiveResource
from reconciler.model.target import Target
from reconciler.stages.diff import Comparison, Difference, People
from reconciler.stages.match import Matches


def diff_groups(
    desired: Mapping[str, DesiredGroup], columns: Columns, matches: Matches, people: People, target: Target,
    facts: Facts, source: Callable[[Origin], str],
) -> Difference:  # fmt: skip
    """The changes of groups (DESIGN 3: membership, References)."""
    result = Difference()
    comparison = Comparison(columns=columns, people=people, facts=facts, result=result)
    for key, group in desired.items():
        if key in matches.frozen_keys:
            continue
        live = matches.pairs.get(key)
        change = _changed(group, live, matches, comparison, target, source(group.origin))
        if change is not None and change.id in matches.protected:
            text = f"group {change.name} is protected: {change.action} is withheld"
            result.findings.append(Finding(severity="warning", code="protected", text=text))
        elif change is not None:
            result.changes.append(change)
    if target.deprovision.groups == "delete":
        for live in matches.vanished:
            if live.id not in matches.protected:
                reason = Reason(code="vanished", text="nothing declares this group for this target any more")
                key = live.external_id or f"live:{live.id}"
                result.changes.append(comparison.change("delete", live, target, key, live.name, reason, ()))
    return result


def _changed(
    group: DesiredGroup, live: LiveResource | None, matches: Matches, comparison: Comparison, target: Target,
    place: str | None,
) -> Change | None:  # fmt: skip
    if live is None:
        add = _joining(group, frozenset(), comparison, target)
        return Change(
            target=target.name, action="create", type="Group", key=group.key, id=None, name=group.name,
            reason=Reason(code="new", text="new", source=place),
            attributes=tuple(comparison.created(group.create_values)), add=add,
        )  # fmt: skip
    is_ours = group.key in matches.ours
    if not is_ours and not (target.adopt == "any" or (target.adopt == "empty" and live.external_id is None)):
        text = f"group {live.name} matches {group.key}, is not provisioned by us and is left alone"
        comparison.result.findings.append(
            Finding(severity="warning", code="not-adopted", text=text, source=place)
        )
        return None
    attributes = tuple(comparison.differences(group.values, live, group.key))
    add = _joining(group, frozenset(live.members), comparison, target)
    remove = _leaving(group, live, comparison, target)
    if ("members", None) in comparison.facts.withhold or ("members", group.key) in comparison.facts.withhold:
        if add or remove:
            comparison.result.withheld["members"] = comparison.result.withheld.get("members", 0) + 1
        add, remove = (), ()
    if is_ours and not (attributes or add or remove):
        return None
    if is_ours:
        text = "members differ" if add or remove else "attributes differ"
        reason = Reason(
            code="members-differ" if add or remove else "attributes-differ", text=text, source=place
        )
        return comparison.change(
            "update", live, target, group.key, group.name, reason, attributes, add, remove
        )
    reason = Reason(code="adopt", text="an existing group is taken over", source=place)
    return comparison.change("adopt", live, target, group.key, group.name, reason, attributes, add, remove)


def _joining(
    group: DesiredGroup, present: frozenset[str], comparison: Comparison, target: Target
) -> tuple[MemberChange, ...]:
    """Desired members that are not there; those without entitlement keep what they have and get nothing new."""
    people = comparison.people
    joining: list[MemberChange] = []
    if not comparison.columns.has_members:
        return ()
    for key in sorted(group.members):
        user = people.desired.get(key)
        id_ = people.reference(key)
        if user is None or key in people.matches.frozen_keys or user.status != "entitled":
            continue
        live = people.matches.pairs.get(key)
        if live is not None and (
            live.id in people.matches.protected or not _is_taken(key, live, people, target)
        ):
            continue
        if id_ is not None and id_ not in present:
            joining.append(people.joining(key))
    return tuple(joining)


def _is_taken(key: str, live: LiveResource, people: People, target: Target) -> bool:
    return (
        key in people.matches.ours
        or target.adopt == "any"
        or (target.adopt == "empty" and live.external_id is None)
    )


def _leaving(
    group: DesiredGroup, live: LiveResource, comparison: Comparison, target: Target
) -> tuple[MemberChange, ...]:
    """Live members that go, by the group's membership rule."""
    people, leaving = comparison.people, []
    if not comparison.columns.has_members:
        return ()
    for id_ in live.members:
        key = people.key_by_id.get(id_)
        if id_ in people.matches.frozen or id_ in people.matches.protected:
            continue
        if key is not None and key in group.members:
            status = people.desired[key].status
            if target.deprovision.memberships == "keep" or status in ("entitled", "future"):
                continue
        match group.membership:
            case "exclusive":
                is_going = True
            case "additive":
                is_going = key is not None and key in group.ended
            case _:
                is_going = id_ in people.matches.owned
        if is_going:
            leaving.append(people.member(id_))
    return tuple(sorted(leaving, key=lambda member: member.key))

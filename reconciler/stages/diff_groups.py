"""Diff groups: attributes, and members added and removed one by one."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.model.change import Change, MemberChange, Reason, member_path
from reconciler.model.column import Columns
from reconciler.model.finding import Finding, Subject
from reconciler.model.place import Origin
from reconciler.model.resource import DesiredGroup, Facts, LiveResource
from reconciler.stages.compile import Desired
from reconciler.stages.diff import (
    Comparison,
    Difference,
    People,
    keep_unless_protected,
    may_adopt,
    name_vanished,
)
from reconciler.stages.match import Matches

Members = tuple[MemberChange, ...]


def diff_groups(
    desired: Desired, columns: Columns, matches: Matches, people: People, facts: Facts,
    source: Callable[[Origin], str],
) -> Difference:  # fmt: skip
    """The changes of groups (DESIGN 3: membership, References)."""
    result = Difference()
    comparison = Comparison(columns=columns, people=people, facts=facts, result=result)
    for key, group in desired.groups.items():
        if key in matches.frozen_keys:
            continue
        live = matches.pairs.get(key)
        if live is None:
            change: Change | None = _create(group, desired, comparison, source)
        else:
            change = _existing(group, live, matches, comparison, source)
        keep_unless_protected(change, matches, result)
    if people.target.deprovision.groups == "delete":
        for key, live in name_vanished(matches, desired.groups):
            reason = Reason(
                code="vanished", text="is deleted: nothing declares this group for this target any more"
            )
            keep_unless_protected(
                comparison.change("delete", live, key, live.name, reason, ()), matches, result
            )
    return result


def _create(
    group: DesiredGroup, desired: Desired, comparison: Comparison, source: Callable[[Origin], str]
) -> Change:
    add = _joining(group, frozenset(), comparison)
    if add and comparison.is_withheld("members", group.key, None):
        add = ()
    return Change(
        target=comparison.people.target.name, action="create", type="Group", key=group.key, id=None, name=group.name,
        reason=Reason(code="new", text="new", source=source(group.origin)),
        attributes=tuple(comparison.created(desired.created_group(group), group.key)), add=add,
    )  # fmt: skip


def _existing(
    group: DesiredGroup, live: LiveResource, matches: Matches, comparison: Comparison,
    source: Callable[[Origin], str],
) -> Change | None:  # fmt: skip
    is_ours = group.key in matches.ours
    if not is_ours and not may_adopt(comparison.people.target, live):
        text = f"group {live.name} matches {group.key}, is not provisioned by us and is left alone; say adopt: any to take it over"
        comparison.result.findings.append(
            Finding(
                severity="warning",
                code="not-adopted",
                text=text,
                source=source(group.origin),
                about=(Subject(type="Group", key=group.key, name=group.name, id=live.id),),
                error_code="EntrySynchronizationSkipped",
            )
        )
        return None
    attributes = tuple(comparison.differences(group.values, live, group.key))
    add, remove = _members(group, live, comparison)
    if (add or remove) and comparison.is_withheld("members", group.key, None):
        add, remove = (), ()
    if not is_ours:
        reason = Reason(code="adopt", text="an existing group is taken over", source=source(group.origin))
        return comparison.change("adopt", live, group.key, group.name, reason, attributes, add, remove)
    if not (attributes or add or remove):
        return None
    parts = [text for text, is_there in (("attributes", attributes), ("members", add or remove)) if is_there]
    text = f"{' and '.join(parts)} differ"
    reason = Reason(code=f"{parts[0]}-differ", text=text, source=source(group.origin))
    return comparison.change("update", live, group.key, group.name, reason, attributes, add, remove)


def _members(group: DesiredGroup, live: LiveResource, comparison: Comparison) -> tuple[Members, Members]:
    people = comparison.people
    if not comparison.columns.has_members:
        return (), ()
    present = frozenset(live.members)
    stays = people.deleting.isdisjoint(present)
    if (
        stays
        and people.target.deprovision.memberships == "keep"
        and present == set(map(people.id_by_key.get, group.members))
    ):
        return (), ()
    return _joining(group, present, comparison), _leaving(group, live, comparison)


def _joining(group: DesiredGroup, present: frozenset[str], comparison: Comparison) -> Members:
    """Desired members that are not there; those without entitlement keep what they have and get nothing new."""
    people = comparison.people
    if not comparison.columns.has_members:
        return ()
    joining: list[MemberChange] = []
    for key in sorted(group.members):
        user = people.desired.get(key)
        live = people.matches.pairs.get(key)
        if user is None or key in people.matches.frozen_keys or (live is not None and live.id in present):
            continue
        is_stopped = user.status != "entitled" or key in people.unmade
        if is_stopped or (live is not None and not people.is_taken(key, live)):
            if live is None:
                comparison.result.absent_members.setdefault(key, []).append(group.key)
            continue
        is_withheld = comparison.is_withheld(member_path(key), group.key, True)
        if not is_withheld and (live is None or live.id not in people.matches.protected):
            joining.append(people.joining(key))
    return tuple(joining)


def _leaving(group: DesiredGroup, live: LiveResource, comparison: Comparison) -> Members:
    """Live members that go, by the group's membership rule."""
    people, leaving = comparison.people, []
    keeps = people.target.deprovision.memberships == "keep"
    for id_ in live.members:
        key = people.key_by_id.get(id_)
        if id_ in people.matches.frozen or id_ in people.matches.protected:
            continue
        is_listed = key is not None and key in group.members and id_ not in people.deleting
        if is_listed and (keeps or people.desired[str(key)].status in ("entitled", "future")):
            continue
        match group.membership:
            case "exclusive":
                is_going = True
            case _ if id_ in people.deleting:
                is_going = True  # what is deleted would be a member that nobody knows
            case "additive":
                is_going = key is not None and key in group.ended
            case _:
                is_going = id_ in people.matches.owned or people.is_coming(
                    key, id_
                )  # owned by the time groups are written
        if is_going:
            member = people.member(id_)
            if not comparison.is_withheld(member_path(member.key), group.key, False):
                leaving.append(member)
    return tuple(sorted(leaving, key=lambda member: member.key))

"""Decide: the whole core. Desired, live, target, facts and agreement in; the target's plan out; nothing is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from math import ceil
from operator import itemgetter

import msgspec

from reconciler.model.change import Change
from reconciler.model.column import Columns
from reconciler.model.finding import Finding, Subject
from reconciler.model.place import Origin
from reconciler.model.plan import Bases, TargetPlan
from reconciler.model.resource import Cell, DesiredGroup, DesiredUser, Facts, LiveState, Type
from reconciler.model.target import Target
from reconciler.policies import Agreed, check_budgets
from reconciler.stages.choose import choose_values
from reconciler.stages.compile import Desired, target_columns
from reconciler.stages.diff import Difference, People, diff_users
from reconciler.stages.diff_groups import diff_groups
from reconciler.stages.match import Matches, match_resources
from reconciler.stages.notes import Describe, note_differences, note_endpoint, note_made_once
from reconciler.stages.order import Key, count_circles, order_changes, settle_names, without_references

CHUNK = 1000


def decide(
    desired: Desired, live: LiveState, target: Target, facts: Facts, agreed: Agreed, place: Callable[[Origin], str]
) -> TargetPlan:  # fmt: skip
    """The plan of one target; total over valid input, and the same for every order of it."""
    user_columns, group_columns = target_columns(target, facts.case_exact)
    people = know_people(desired, live, user_columns, target, facts)
    users = people.matches
    of_users = diff_users(desired, user_columns, people, facts, place)
    chosen, of_choice = choose_values(of_users.changes, live.users, user_columns)
    free, of_names = settle_names(chosen, _holders(chosen, live, user_columns))
    people, free = _without_unmade(people, of_users.changes, free)
    people = replace(people, deleting=frozenset(c.id for c in free if c.action == "delete" and c.id))
    groups, of_groups, of_group_names = None, Difference(), ()  # type: tuple[Matches | None, Difference, tuple[Finding, ...]]
    free_groups: tuple[Change, ...] = ()
    if group_columns is not None:
        groups = match_resources(desired.groups, live.groups, group_columns, target, facts)
        of_groups = diff_groups(desired, group_columns, groups, people, facts, place)
        chosen, of_group_choice = choose_values(of_groups.changes, live.groups, group_columns)
        of_choice += of_group_choice
        free_groups, of_group_names = settle_names(chosen, {})
    changes = order_changes([*free, *free_groups])
    bases = _bases(desired, live, users, groups)
    findings = [*users.findings, *(groups.findings if groups else ()), *of_names, *of_group_names, *of_choice]
    findings += note_differences(of_users, of_groups, _describer(desired, users, groups))
    findings += note_made_once(changes, *filter(None, (user_columns, group_columns)))
    findings += note_endpoint(target, facts, bases)
    writes = len(changes) + count_circles(changes)
    return TargetPlan(
        name=target.name, url="", desired=_desired_digest(desired, user_columns, group_columns), empty_desired=_is_emptied(bases),
        live_users=len(live.users), live_groups=len(live.groups), complete=True,
        owned_users=len(users.owned), owned_groups=len(groups.owned) if groups else 0,
        unmanaged_users=len(users.unmanaged), unmanaged_groups=len(groups.unmanaged) if groups else len(live.groups),
        unmanaged_sample=tuple(sorted(resource.name for resource in users.unmanaged)[:10]),
        changes=changes, findings=tuple(_sorted(findings)),
        budgets=check_budgets(target.name, changes, dict(target.budgets), bases, agreed), bases=bases,
        requests=writes, seconds=ceil(writes / target.client.requests_per_second),
    )  # fmt: skip


def _describer(desired: Desired, users: Matches, groups: Matches | None) -> Describe:
    """What gives a declared user or group its name and live id."""

    def describe(type_: Type, key: str) -> Subject:
        resources: Mapping[str, DesiredUser | DesiredGroup] = (
            desired.users if type_ == "User" else desired.groups
        )
        matches = users if type_ == "User" else groups
        named = resources.get(key)
        id_ = matches.ids.get(key) if matches else None
        return Subject(type=type_, key=key, name=named.name if named else key, id=id_)

    return describe


def _without_unmade(
    people: People, found: Sequence[Change], kept: tuple[Change, ...]
) -> tuple[People, tuple[Change, ...]]:
    """Who cannot be made after all is nobody's manager or member yet."""
    unmade = frozenset(
        {change.key for change in found if change.action == "create"} - {change.key for change in kept}
    )
    return replace(people, unmade=unmade), without_references(kept, unmade)


def _holders(changes: Sequence[Change], live: LiveState, columns: Columns) -> dict[Key, str]:
    """Who holds each userName at the endpoint; nobody needs to know where nobody takes a name."""
    index = columns.index("userName")
    if index is None or not any(
        c.type == "User" and any(a.path == "userName" for a in c.attributes) for c in changes
    ):
        return {}
    return {("User", str(row.values[index]).casefold()): row.id for row in live.users}


def know_people(desired: Desired, live: LiveState, columns: Columns, target: Target, facts: Facts) -> People:
    """Who the users of a target are: their matches, by our key and by live id."""
    matches = match_resources(desired.users, live.users, columns, target, facts)
    return People(
        desired=desired.users, matches=matches, id_by_key=matches.ids,
        key_by_id={id_: key for key, id_ in matches.ids.items()},
        live_by_id={resource.id: resource for resource in live.users}, target=target,
    )  # fmt: skip


def _bases(desired: Desired, live: LiveState, users: Matches, groups: Matches | None) -> Bases:
    owned_groups = groups.owned if groups else frozenset()
    return Bases(
        active_owned=len([True for resource in live.users if resource.active and resource.id in users.owned]),
        desired_users=[user.status for user in desired.users.values()].count("entitled"),
        owned_members=sum(len(group.members) for group in live.groups if group.id in owned_groups),
        members_by_group={key: len(group.members) for key, group in groups.pairs.items()} if groups else {},
        owned_anything=bool(users.owned),
    )


def _is_emptied(bases: Bases) -> bool:
    """Nobody is entitled any more while owned users are active: refused (DESIGN 3, Absence)."""
    return bases.active_owned > 0 and bases.desired_users == 0


def _sorted(findings: Sequence[Finding]) -> list[Finding]:
    rank = {"error": 0, "warning": 1, "info": 2}
    return sorted(findings, key=lambda finding: (rank[finding.severity], finding.code, finding.text))


def _desired_digest(desired: Desired, of_users: Columns, of_groups: Columns | None) -> str:
    """What the YAML makes of the target, whatever is live and in whatever order it was read."""
    users = [desired.users[key] for key in sorted(desired.users)]
    groups = [desired.groups[key] for key in sorted(desired.groups)]
    user_paths, user_order = _by_path(of_users)
    group_paths, group_order = _by_path(of_groups)
    return _digest_lists([
        iter(user_paths), ((user.key, user_order(user.values)) for user in users), (user.status for user in users),
        iter(group_paths), ((group.key, group_order(group.values)) for group in groups),
        ((sorted(group.members), sorted(group.ended), group.membership) for group in groups),
        *_hidden_on_create(users, of_users), *_hidden_on_create(groups, of_groups),
    ])  # fmt: skip


def _hidden_on_create(
    resources: Sequence[DesiredUser | DesiredGroup], columns: Columns | None
) -> list[Iterator[object]]:
    """What hidden values of a creation are made from, where there are any: no atom's digest tells one from another."""
    mappings = [column.mapping for column in columns.all if column.mapping] if columns else []
    names = sorted({name for of in mappings if of.is_redacted and of.apply == "create" for name in of.named})
    return [(tuple(each.source.get(name) for name in names) for each in resources)] if names else []


def _by_path(columns: Columns | None) -> tuple[list[str], Callable[[tuple[Cell, ...]], object]]:
    """The paths of columns, sorted, and what puts a row's cells into that order."""
    texts = [column.text for column in columns.all] if columns else []
    order = sorted(range(len(texts)), key=texts.__getitem__)
    return sorted(texts), itemgetter(*order) if order else tuple


def _digest_lists(lists: Iterable[Iterator[object]]) -> str:
    """The digest of a list of lists as JSON; they are long, so they are written out and let go bit by bit."""
    found = sha256(b"[")
    for position, entries in enumerate(lists):
        found.update(b",[" if position else b"[")
        is_first = True
        while chunk := list(islice(entries, CHUNK)):
            found.update(b"" if is_first else b",")
            found.update(msgspec.json.encode(chunk)[1:-1])
            is_first = False
        found.update(b"]")
    found.update(b"]")
    return "sha256:" + found.hexdigest()

"""Parse groups: members that exist, and neither nesting nor rules that go round in circles."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from reconciler.functions.moments import start
from reconciler.model.clause import groups_in
from reconciler.model.desired import Group, Member, Value
from reconciler.model.vocabulary import GROUP_TEXTS
from reconciler.stages.parse_rules import parse_clause
from reconciler.stages.reading import Node

DEEPEST = 100  # levels of groups within groups


def parse_groups(
    nodes: Mapping[str, Node], people: Collection[str], names: Collection[str], types: Mapping[str, str]
) -> dict[str, Group]:
    """The groups by id; `people` and `names` are the ids of users and groups that may be members."""
    groups = {key: _group(key, node, people, names, types) for key, node in nodes.items()}
    _check_circles(groups, nodes)
    return groups


def _group(
    key: str, node: Node, people: Collection[str], names: Collection[str], types: Mapping[str, str]
) -> Group:
    attributes: dict[str, Value] = {"objectId": key, "displayName": key}
    for child in node.items():
        if child.name in GROUP_TEXTS:
            attributes[child.name] = None if child.value is None else child.text()
    members, rule, owners = node.get("members"), node.get("membershipRule"), node.get("owners")
    return Group(
        id=key, attributes=attributes, members=_members(members, people, names) if members else (),
        rule=parse_clause(rule, types, names) if rule else None,
        owners=tuple(owner.known(people, "declared user") for owner in owners.entries()) if owners else (),
        membership=node.read("membership", Node.text, None),  # type: ignore[arg-type]
        previous_ids=node.read("previousIds", Node.texts, ()), origin=node.origin,
    )  # fmt: skip


def _members(node: Node, people: Collection[str], groups: Collection[str]) -> tuple[Member | str, ...]:
    entries = node.value if isinstance(node.value, list) else []
    if set(map(type, entries)) <= {str} and all(map(people.__contains__, entries)):  # as most lists are
        return tuple(entries)
    members: list[Member | str] = []
    for entry in node.entries():
        if isinstance(entry.value, dict):
            members.append(_long_member(entry, people, groups))
        else:
            members.append(entry.known(people, "declared user"))
    return tuple(members)


def _long_member(node: Node, people: Collection[str], groups: Collection[str]) -> Member:
    user, group, until = node.get("user"), node.get("group"), node.get("until")
    if until:
        try:
            start(until.text())
        except ValueError:
            until.wrong(f"`{until.text()}` is no date; write 2027-01-31 or 2027-01-31T18:00:00Z")
    return Member(
        user=user.known(people, "declared user") if user else None,
        group=group.known(groups, "declared group") if group else None,
        until=until.text() if until else None, origin=node.origin,
    )  # fmt: skip


def _check_circles(groups: Mapping[str, Group], nodes: Mapping[str, Node]) -> None:
    links = {
        key: [m.group for m in g.members if isinstance(m, Member) and m.group in groups]
        + [n for n in groups_in(g.rule) if n in groups]
        for key, g in groups.items()
    }
    done: set[str] = set()
    depths: dict[str, int] = {}
    for first in groups:
        trail: dict[str, list[str]] = {first: [str(other) for other in links[first]]}
        while trail:  # depth first; a chain of groups may be longer than Python's stack
            key, waiting = next(reversed(trail.items()))
            if not waiting or key in done:
                done.add(key)
                del trail[key]
                depths[key] = 1 + max((depths.get(str(link), 0) for link in links[key]), default=0)
                if depths[key] == DEEPEST + 1:
                    nodes[key].wrong(
                        f"group `{key}` holds groups in more than {DEEPEST} levels; flatten them"
                    )
            elif (other := waiting.pop(0)) in trail and other not in done:
                circle = [*list(trail)[list(trail).index(other) :], other]
                nodes[other].wrong(
                    f"group `{other}` contains itself: {' → '.join(circle)}; take one of these out"
                )
                done.update(circle)
            elif other not in done:
                trail[other] = [str(link) for link in links[other]]

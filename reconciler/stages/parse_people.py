"""Parse people: users with their locations and defaults, and groups with their members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.functions.moments import start
from reconciler.functions.templates import compile_template
from reconciler.model.desired import Group, Member, User, Value
from reconciler.model.place import Origin
from reconciler.model.vocabulary import (
    ALIASES,
    GROUP_TEXTS,
    LOCATION_TEXTS,
    USER_BOOLEANS,
    USER_DATES,
    USER_LISTS,
    USER_TEXTS,
)
from reconciler.stages.parse_rules import groups_in, parse_clause
from reconciler.stages.reading import Node, nearest

Values = dict[str, Value]
MEMBERSHIPS = ("owned", "exclusive", "additive")


def known_sources(types: Mapping[str, str]) -> set[str]:
    """Every source attribute that a user may carry."""
    return {*USER_TEXTS, *USER_DATES, *USER_LISTS, *USER_BOOLEANS, *types, "manager"}


def parse_users(
    nodes: Mapping[str, Node],
    defaults: list[Node],
    types: Mapping[str, str],
    locations: Mapping[str, Node],
    removed: Mapping[str, Origin],
) -> dict[str, User]:
    """The users by id, with locations, defaults and their templates applied."""
    places = {name: _values(node, LOCATION_TEXTS, types) for name, node in locations.items()}
    by_document = {node.document: node for node in defaults}
    read: dict[str, tuple[Values, str | None]] = {}
    for document, node in by_document.items():
        read[document] = _attributes(node, types, places)
        _check_templates(node, read[document][0], types)
    users = {
        key: _user(key, node, types, places, read.get(node.document, ({}, None)))
        for key, node in nodes.items()
    }
    for key, node in nodes.items():
        manager = users[key].attributes.get("manager")
        if (
            isinstance(manager, str)
            and manager not in users
            and manager not in removed
            and node.has("manager")
        ):
            node.child("manager").wrong(f"`{manager}` is no declared user{nearest(manager, users)}")
    return users


def _user(
    key: str,
    node: Node,
    types: Mapping[str, str],
    places: Mapping[str, Values],
    default: tuple[Values, str | None],
) -> User:
    own, location = _attributes(node, types, places)
    given, default_location = default
    attributes: Values = {**places.get((location if node.has("location") else default_location) or "", {})}
    if not node.has("location"):
        attributes = {**attributes, **given, **own}
    else:
        attributes = {**given, **attributes, **own}
    attributes["objectId"] = key
    _render(attributes, given, own)
    previous = node.child("previousIds").texts() if node.has("previousIds") else ()
    return User(id=key, attributes=attributes, previous_ids=previous, document=node.document)


def _render(attributes: Values, given: Values, own: Values) -> None:
    """Defaults may be templates over the user's attributes, other defaults included."""
    pending = {
        name
        for name, value in given.items()
        if name not in own and isinstance(value, str) and "{{" in value and attributes.get(name) == value
    }
    while pending:
        templates = {name: compile_template(str(given[name])) for name in pending}
        ready = [name for name in sorted(pending) if not templates[name].sources & pending] or sorted(pending)
        for name in ready:
            text = templates[name].render({k: v for k, v in attributes.items() if k not in pending})
            if text is None:
                attributes.pop(name, None)
            else:
                attributes[name] = text
        pending -= set(ready)


def _check_templates(node: Node, values: Values, types: Mapping[str, str]) -> None:
    known = known_sources(types) | {"objectId"}
    for name, value in values.items():
        if isinstance(value, str) and "{{" in value and node.has(name):
            check_template(node.child(name), value, known)


def check_template(node: Node, text: str, known: set[str]) -> None:
    """Notes a template that cannot be compiled, or that names what is no source attribute."""
    try:
        sources = compile_template(text).sources
    except ValueError as error:
        node.wrong(f"`{text}` {error}")
        return
    for source in sorted(sources - known):
        node.wrong(f"`{source}` is no source attribute{nearest(source, known)}")


def _attributes(
    node: Node, types: Mapping[str, str], places: Mapping[str, Values]
) -> tuple[Values, str | None]:
    location = None
    if node.has("location") and node.child("location").value is not None:
        location = node.child("location").text()
        if location not in places:
            node.child("location").wrong(f"`{location}` is no declared location{nearest(location, places)}")
    return _values(node, known_sources(types), types, ("location", "previousIds")), location


def _values(
    node: Node, known: set[str] | frozenset[str], types: Mapping[str, str], beside: tuple[str, ...] = ()
) -> Values:
    values: Values = {}
    for child in node.items():
        name = ALIASES.get(child.name, child.name)
        if name in beside:
            continue
        if name not in known:
            declare = "" if name == "objectId" else ", or declare it under attributes:"
            child.wrong(f"`{child.name}` is no source attribute{nearest(child.name, known)}{declare}")
            continue
        values[name] = _value(child, name, types)
    return values


def _value(node: Node, name: str, types: Mapping[str, str]) -> Value:
    if node.value is None:
        return None
    kind = types.get(
        name,
        "date"
        if name in USER_DATES
        else "text[]"
        if name in USER_LISTS
        else "boolean"
        if name in USER_BOOLEANS
        else "text",
    )
    if kind.endswith("[]"):
        return tuple(entry.text() for entry in node.entries())
    if kind == "boolean":
        return (
            node.choice((True, False), True)
            if isinstance(node.value, bool)
            else _wrong(node, f"`{name}` is `{node.value}`; write true or false, without quotes")
        )
    text = node.text()
    try:
        if kind == "date":
            start(text)
        elif kind == "integer":
            return int(text)
        elif kind == "decimal":
            return float(text)
    except ValueError:
        node.wrong(f"`{text}` is no {kind}; write for example {'2027-01-31' if kind == 'date' else '42'}")
    return text


def _wrong(node: Node, text: str) -> Value:
    node.wrong(text)
    return None


def parse_groups(
    nodes: Mapping[str, Node],
    users: Mapping[str, User],
    removed: Mapping[str, Origin],
    types: Mapping[str, str],
) -> dict[str, Group]:
    """The groups by id; references exist, and neither nesting nor rules go round in circles."""
    groups: dict[str, Group] = {}
    people = {*users, *removed}
    for key, node in nodes.items():
        attributes: Values = {"objectId": key}
        beside = ("members", "membershipRule", "owners", "membership", "previousIds")
        for child in node.items((*GROUP_TEXTS, *beside)):
            if child.name in GROUP_TEXTS:
                attributes[child.name] = None if child.value is None else child.text()
        attributes.setdefault("displayName", key)
        members = (
            tuple(_member(entry, people, nodes) for entry in node.child("members").entries())
            if node.has("members")
            else ()
        )
        groups[key] = Group(
            id=key, attributes=attributes, members=members,
            rule=parse_clause(node.child("membershipRule"), types, nodes) if node.has("membershipRule") else None,
            owners=tuple(_known(entry, people, "user") for entry in node.child("owners").entries()) if node.has("owners") else (),
            membership=node.child("membership").choice(MEMBERSHIPS, "owned") if node.has("membership") else None,  # type: ignore[arg-type]
            previous_ids=node.child("previousIds").texts() if node.has("previousIds") else (), origin=node.origin,
        )  # fmt: skip
    _check_cycles(groups, nodes)
    return groups


def _known(node: Node, names: Any, what: str) -> str:
    text = node.text()
    if text and text not in names:
        node.wrong(f"`{text}` is no declared {what}{nearest(text, names)}")
    return text


def _member(node: Node, people: set[str], groups: Mapping[str, Node]) -> Member:
    if not isinstance(node.value, dict):
        return Member(user=_known(node, people, "user"), origin=node.origin)
    user = group = until = None
    for child in node.items(("user", "group", "until")):
        if child.name == "user":
            user = _known(child, people, "user")
        elif child.name == "group":
            group = _known(child, groups, "group")
        else:
            until = child.text()
            try:
                start(until)
            except ValueError:
                child.wrong(f"`{until}` is no date; write 2027-01-31 or 2027-01-31T18:00:00Z")
    if (user is None) == (group is None):
        node.wrong("names no member; write a user's id, {user: …, until: …} or {group: …}")
    return Member(user=user, group=group, until=until, origin=node.origin)


def _check_cycles(groups: Mapping[str, Group], nodes: Mapping[str, Node]) -> None:
    links = {
        key: [m.group for m in g.members if m.group in groups] + [n for n in groups_in(g.rule) if n in groups]
        for key, g in groups.items()
    }
    done: set[str] = set()

    def visit(key: str, trail: tuple[str, ...]) -> None:
        if key in trail:
            circle = " → ".join((*trail[trail.index(key) :], key))
            nodes[key].wrong(f"group `{key}` contains itself: {circle}; take one of these out")
            done.update(trail)
            return
        if key not in done:
            for other in links[key]:
                visit(str(other), (*trail, key))
            done.add(key)

    for key in groups:
        visit(key, ())

"""Parse users: their source attributes, with those of locations and defaults.

At 100,000 users this is the hot path: a node is made only of what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal

from reconciler.functions.moments import start
from reconciler.functions.patterns import SECONDS
from reconciler.functions.templates import compile_template
from reconciler.model.desired import User, Value
from reconciler.model.place import Origin
from reconciler.model.vocabulary import (
    ALIASES,
    PERSONAL,
    USER_BOOLEANS,
    USER_DATES,
    USER_LISTS,
    USER_TEXTS,
)
from reconciler.stages.parse_sources import check_template, known_sources
from reconciler.stages.read import text_of
from reconciler.stages.reading import WRONG, Anything, Node, closest

Values = dict[str, Value]
_ONE_SOURCE = re.compile(r"\s*\{\{\s*([A-Za-z]\w*)\s*\}\}\s*")
_BESIDE = ("location", "previousIds")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """What a user starts from: the values of defaults and a location, and the templates among them, in order."""

    values: Values = field(default_factory=dict)
    templates: tuple[tuple[str, Callable[[Values], Value | Literal[False]]], ...] = ()


def parse_users(
    sections: Iterable[Node], defaults: Iterable[Node], types: Mapping[str, str],
    locations: Mapping[str, Node], location_names: Collection[str],
) -> dict[str, User]:  # fmt: skip
    """The users by id, with locations, defaults and their templates applied."""
    reader = _Reader(types, locations, location_names)
    starts = {node.document: _Starts(reader, node) for node in defaults}
    users: dict[str, User] = {}
    folded: dict[str, str] = {}
    for section in sections:
        given = starts.get(section.document) or _Starts(reader, section.at("defaults", {}))
        for key, own in section.value.items() if isinstance(section.value, dict) else ():
            first = folded.setdefault(key.casefold(), key)
            if first != key or key in users:
                _told_twice(section.at(key, own), users[first].origin)
                continue
            users[key] = _user(key, own, section, reader, given)
    return users


def check_managers(
    users: Mapping[str, User], sections: Iterable[Node], defaults: Iterable[Node], people: Collection[str]
) -> None:
    """Notes each manager who is none of `people`."""
    by_document = {section.document: section for section in sections}
    for node in defaults:
        manager = node.get("manager")
        if manager is not None and manager.value is not None:
            manager.known(people, "declared user")
    for key, user in users.items():
        name = user.attributes.get("manager")
        if name is None or name in people:
            continue
        section = by_document[user.document]
        own = section.get(key)
        if own is not None and (manager := own.get("manager")) is not None:
            manager.known(people, "declared user")


def _user(key: str, own: object, section: Node, reader: _Reader, given: _Starts) -> User:
    if not isinstance(own, dict):
        return User(id=key, attributes={"objectId": key}, document=section.document)
    values = reader.values(own, section, key)
    begin = given.usual
    previous: tuple[str, ...] = ()
    if "location" in own:
        begin = given.start(reader.location(section.at(key, own)), is_own=True)
    if "previousIds" in own and isinstance(own["previousIds"], list):
        previous = section.at(key, own).at("previousIds", own["previousIds"]).texts()
    attributes = {**begin.values, **values} if begin.values else values
    attributes["objectId"] = key
    for name, render in begin.templates:
        if name not in values and (value := render(attributes)) is not False:
            attributes[name] = value
        elif name not in values:
            del attributes[name]
    return User(id=key, attributes=attributes, previous_ids=previous, document=section.document)


def _told_twice(node: Node, first: Origin) -> None:
    line = node.gathered.place(first)[0]
    place = f"{first.document}:{line}"
    node.wrong(f"`{node.name}` is declared twice, first at {place}; ids are unique ignoring case")


class _Reader:
    """Reads a mapping of source attributes into values by their types."""

    def __init__(
        self, types: Mapping[str, str], locations: Mapping[str, Node], location_names: Collection[str]
    ) -> None:
        kinds = dict.fromkeys(USER_TEXTS, "text") | dict.fromkeys(USER_DATES, "date")
        kinds |= dict.fromkeys(USER_LISTS, "text[]") | dict.fromkeys(USER_BOOLEANS, "boolean")
        kinds |= {"manager": "text", **types}
        self.known = known_sources(types, "objectId")
        self.names = {
            name: (of, kinds[of], of in PERSONAL)
            for name, of in [*((name, name) for name in kinds), *ALIASES.items()]
            if of in kinds
        }
        self.texts = {name for name, (of, kind, _) in self.names.items() if name == of and kind == "text"}
        self.repeated = self.texts - PERSONAL
        self.location_names = location_names
        self.shared: dict[str, str] = {}
        self.remedies: dict[str, str] = {}  # a hundred thousand users may have the same strange attribute
        self.places = {name: self.values(node.value, node, None) for name, node in locations.items()}

    def values(self, given: object, section: Node, key: str | None) -> Values:
        """The values of a mapping: the one at `section`, or the one below it under `key`."""
        values: Values = {}
        if not isinstance(given, dict):
            return values
        if given.keys() <= self.texts and set(map(type, given.values())) <= {str}:  # as most users are
            share, repeated = self.shared.setdefault, self.repeated
            return {name: share(text, text) if name in repeated else text for name, text in given.items()}
        names, shared, skipped = self.names, self.shared, 0
        for name, value in given.items():
            known = names.get(name)
            if known is None or value is WRONG:
                skipped += 1
                if name not in _BESIDE and value is not WRONG:
                    self._unknown(self._at(section, key, given, name))
            elif type(value) is str and known[1] == "text":
                values[known[0]] = value if known[2] else shared.setdefault(value, value)
            else:
                try:
                    values[known[0]] = _value(value, known[0], known[1])
                except ValueError as error:
                    self._at(section, key, given, name).wrong(str(error))
        if len(values) + skipped != len(given):
            self._told_by_two_names(section if key is None else section.at(key, given))
        return values

    def _at(self, section: Node, key: str | None, given: dict[str, object], name: str) -> Node:
        return (section if key is None else section.at(key, given)).at(name, given[name])

    def location(self, node: Node) -> str | None:
        """The location that a user or defaults name, if it is declared."""
        child = node.get("location")
        if child is None or child.value is None:
            return None
        return child.known(self.location_names, "declared location")

    def _unknown(self, node: Node) -> None:
        if node.name in ("id", "objectId"):
            node.wrong(f"`{node.name}` is the key that the user stands under; take this line out")
        elif not isinstance(self.known, Anything):
            node.wrong(self.remedies.get(node.name) or self._remedy(node.name))

    def _remedy(self, name: str) -> str:
        close = closest(name, self.known)
        text = f"`{name}` is no source attribute; " + (
            f"did you mean `{close}`? A new one is declared under attributes:"
            if close
            else "declare it under attributes:, or take it out"
        )
        return self.remedies.setdefault(name, text)

    def _told_by_two_names(self, node: Node) -> None:
        for name in node.names():
            if name in ALIASES and ALIASES[name] in node.names():
                node.at(name, None).wrong(f"`{name}` is another name of `{ALIASES[name]}`, which stands here too; keep one")  # fmt: skip


def _value(value: object, name: str, kind: str) -> Value:
    """The value by its attribute's type. Raises ValueError with what to write instead."""
    if kind.endswith("[]"):
        if not isinstance(value, list):
            raise ValueError(f"`{name}` holds a list; write [a, b], or [] for none")
        return tuple(text_of(entry) for entry in value if entry is not WRONG)
    if value is None:
        return None
    if isinstance(value, list):
        told = f"`{name}` holds one value; write it without the list, or declare `{name}` multiValued"
        raise ValueError(told)  # noqa: TRY004  # it is what people wrote, not what a programmer passed
    if isinstance(value, bool) or kind == "boolean":
        return _boolean(value, name, kind)
    text = text_of(value)
    try:
        if kind == "date":
            start(text)
        elif kind in ("integer", "decimal"):
            return _number(text, kind)
    except ValueError:
        example = {"date": "2027-01-31", "integer": "42"}.get(kind, "4.2")
        raise ValueError(f"`{text}` is no {kind}; write for example {example}") from None
    return text


def _number(text: str, kind: str) -> int | float:
    number = int(text) if kind == "integer" else float(text)
    if "_" in text or not isfinite(number):  # Python reads 1_000 and inf; nobody else does
        raise ValueError
    return number


def _boolean(value: object, name: str, kind: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"`{name}` is `{text_of(value)}`; write true or false, without quotes")  # noqa: TRY004
    if kind != "boolean":
        raise ValueError(
            f"`{name}` is the boolean {text_of(value)}; write it in quotes if that is its {kind}"
        )
    return value


class _Starts:
    """What the users of one document start from, by location."""

    def __init__(self, reader: _Reader, defaults: Node) -> None:
        self.places = reader.places
        self.given = reader.values(defaults.value, defaults, None)
        location = reader.location(defaults)
        if previous := defaults.get("previousIds"):
            previous.wrong("`previousIds` belong to one user; write them there")
        self.templates = _templates(defaults, self.given, reader)
        self.starts: dict[tuple[str | None, bool], _Start] = {}
        self.usual = self.start(location, is_own=False)  # of those who name no location

    def start(self, location: str | None, *, is_own: bool) -> _Start:
        """Precedence: own location's, default, default location's (DESIGN 3)."""
        found = self.starts.get((location, is_own))
        if found is None:
            place = self.places.get(location or "", {})
            values = {**self.given, **place} if is_own else {**place, **self.given}
            templates = tuple(
                (name, render) for name, render in self.templates if not (is_own and name in place)
            )
            found = self.starts[location, is_own] = _Start(values=values, templates=templates)
        return found


def _templates(
    defaults: Node, given: Values, reader: _Reader
) -> list[tuple[str, Callable[[Values], Value | Literal[False]]]]:
    """The templates among defaults, each after those that it is made from."""
    texts: dict[str, str] = {}
    nodes = {ALIASES.get(name, name): node for node in defaults.items() for name in (node.name,)}
    for name, value in given.items():
        if isinstance(value, str) and ("{{" in value or "{%" in value):
            before = len(defaults.gathered.mistakes)
            check_template(nodes[name], reader.known)
            if len(defaults.gathered.mistakes) == before:
                texts[name] = value
    ordered: list[str] = []
    while len(ordered) < len(texts):
        waiting = texts.keys() - set(ordered)
        ready = [
            name for name in texts if name in waiting and not compile_template(texts[name]).sources & waiting
        ]
        if not ready:
            circle = ", ".join(f"`{name}`" for name in sorted(waiting))
            nodes[min(waiting)].wrong(
                f"is made from itself, by way of {circle}; write one of them without a template"
            )
            break
        ordered += ready
    return [(name, _renderer(texts[name], nodes[name])) for name in ordered]


def _renderer(text: str, node: Node) -> Callable[[Values], Value | Literal[False]]:
    """Gives the rendered text; None if every source is null, False if there is nothing to say."""
    template = compile_template(text)
    named = tuple(sorted(template.sources))

    runaways: list[str] = []

    def render(attributes: Values) -> Value | Literal[False]:
        if runaways:  # said already, and each try takes its time
            return False
        try:
            rendered = template.render(attributes)
        except TimeoutError:
            runaways.append(text)
            node.wrong(f"`{text}` takes longer than {SECONDS:.0f} s for `{attributes['objectId']}`; write its pattern without a repetition inside a repetition")  # fmt: skip
            return False
        if rendered is not None:
            return rendered
        return None if named and all(attributes.get(name, "") is None for name in named) else False

    one = _ONE_SOURCE.fullmatch(text)
    if one is None:
        return render
    name = one[1]

    def take(attributes: Values) -> Value | Literal[False]:
        value = attributes.get(name)
        return value.strip() or render(attributes) if type(value) is str else render(attributes)

    return take

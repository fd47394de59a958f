"""Values: a mapping walked backwards: from what is live to the source attributes that make it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.functions.moments import start
from reconciler.model.column import Column
from reconciler.model.mapping import AttributeMapping, ObjectMapping
from reconciler.model.resource import Cell, LiveResource

Value = str | bool | int | float | tuple[str, ...]
_TEMPLATE = re.compile(r"([^{}]*)\{\{\s*([A-Za-z]\w*)\s*\}\}([^{}]*)")
_EXPRESSION = re.compile(r"\s*\[([A-Za-z]\w*)\]\s*")
_KEY = (
    "objectId",
    "IsSoftDeleted",
    "members",
)  # no attributes: the id itself, what lifecycle makes, and members


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """From a path back to the one source attribute that its value is made of, between two fixed texts."""

    path: str
    source: str
    before: str = ""
    after: str = ""

    def back(self, text: str) -> str | None:
        """The source's value behind `text`, None if it was not made so."""
        if not (self.before or self.after):
            return text
        is_made = (
            text.startswith(self.before)
            and text.endswith(self.after)
            and len(text) > len(self.before) + len(self.after)
        )
        return text[len(self.before) : len(text) - len(self.after)] if is_made else None


@dataclass(slots=True, kw_only=True)
class Lost:
    """What could not be taken over, by why, source attribute and path: whose it is."""

    users: dict[tuple[str, str, str], list[str]] = field(default_factory=lambda: defaultdict(list))

    def note(self, why: str, source: str, path: str, whose: str) -> None:
        """One value that is lost."""
        self.users[why, source, path].append(whose)


def find_ways(mapping: ObjectMapping) -> dict[str, Way]:
    """The paths that can be walked back, by path; a constant, or what is made of several attributes, cannot."""
    found = ((str(attribute.path), _way(attribute)) for attribute in mapping.attributes)
    return {path: way for path, way in found if way is not None}


def _way(attribute: AttributeMapping) -> Way | None:
    path = str(attribute.path)
    match attribute.kind:
        case "source":
            return Way(path=path, source=attribute.text)
        case "template" if made := _TEMPLATE.fullmatch(attribute.text.strip()):
            return Way(path=path, source=made[2], before=made[1], after=made[3])
        case "expression" if made := _EXPRESSION.fullmatch(attribute.text):
            return Way(path=path, source=made[1])
        case _:
            return None


def walk_back(
    row: LiveResource, columns: Sequence[Column], ways: Mapping[str, Way], types: Mapping[str, str], needed: str, lost: Lost
) -> dict[str, Value]:  # fmt: skip
    """The source attributes of one live resource, references not among them.

    Where one attribute makes several paths that differ, it is left out, so that all of them stay as they are; but for
    the one that makes `needed`, the name.
    """
    told: dict[str, list[tuple[Column, Value]]] = defaultdict(list)
    for column, cell in zip(columns, row.values, strict=True):
        way = ways.get(column.text)
        if way is None or cell is None or column.kind == "reference" or way.source in _KEY:
            continue
        value = _typed(cell, way, types.get(way.source, "text"))
        if value is None:
            lost.note("kind", way.source, column.text, row.name)
        else:
            told[way.source].append((column, value))
    return dict(_agreed(told, row, needed, lost))


def _agreed(
    told: Mapping[str, list[tuple[Column, Value]]], row: LiveResource, needed: str, lost: Lost
) -> Iterator[tuple[str, Value]]:
    for source, values in told.items():
        (column, first), *others = sorted(values, key=lambda one: one[0].text != needed)
        differing = [other for other, value in others if other.compare(value) != other.compare(first)]
        if differing and column.text != needed:
            lost.note("several", source, ", ".join(one.text for one, _ in values), row.name)
            continue
        for other in differing:
            lost.note("needed", source, other.text, row.name)
        yield source, first


def _typed(cell: Cell, way: Way, kind: str) -> Value | None:
    """The value as its source attribute's type has it, None where it has none such."""
    if kind.endswith("[]"):
        texts = cell if isinstance(cell, tuple) else (cell,)
        walked = [way.back(str(text)) for text in texts]
        return None if None in walked else tuple(str(text) for text in walked)
    if isinstance(cell, tuple):
        if len(cell) != 1:
            return None
        cell = cell[0]
    if kind == "boolean":
        return {"true": True, "false": False}.get(str(cell).casefold())
    text = way.back(str(cell))
    if text is None or not text.strip():
        return None
    return _parsed(text, kind)


def _parsed(text: str, kind: str) -> Value | None:
    try:
        match kind:
            case "integer":
                return int(text)
            case "decimal":
                return float(text)
            case "date":
                start(text)
    except ValueError:
        return None
    return text

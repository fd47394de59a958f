"""Normalize, shape: which JSON objects a page holds, the names that the columns want of them, and the keys that were met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

import msgspec

from reconciler.model.column import Column, Columns
from reconciler.stages.normalize import Document, label_of

SCALAR = str | bool | int | float | None
MOST_KEYS = 256  # of one kind of object; one with more is a dictionary, whose keys nobody can learn
Kind = Literal["object", "list", "texts", "reference"]


class Doubt(Exception):
    """The typed decoder may not be certain of this page, or of any page of this mapping."""


@dataclass(slots=True, kw_only=True)
class Shape:
    """One kind of JSON object: the names that are wanted of it, and the keys that were met, as they were spelled.

    `wanted` holds the shape behind each name, None for a text, number or boolean.
    """

    kind: Kind = "object"
    wanted: dict[str, Shape | None] = field(default_factory=dict)
    met: dict[str, str] = field(default_factory=dict)  # key as spelled -> attribute of the struct
    blank: Any = None  # what stands for an object that is not there

    def want(self, name: str) -> None:
        """Wants a text, number or boolean. Raises Doubt if the name is wanted otherwise too."""
        self._claim(name, None)

    def within(self, name: str, kind: Kind) -> Shape:
        """The shape behind `name`, wanted from now on. Raises Doubt if the name is wanted otherwise too."""
        shape = self._claim(name, kind)
        assert shape is not None
        return shape

    def _claim(self, name: str, kind: Kind | None) -> Shape | None:
        if name not in self.wanted:
            if name.casefold() in map(str.casefold, self.wanted):
                raise Doubt
            self.wanted[name] = Shape(kind=kind) if kind else None
        shape = self.wanted[name]
        if (shape.kind if shape else None) != kind:
            raise Doubt
        return shape

    def inner(self, name: str) -> Shape:
        """The shape behind a name of which one is wanted."""
        shape = self.wanted[name]
        assert shape is not None
        return shape

    def slot(self, name: str) -> str:
        """The struct's attribute for a wanted name."""
        return f"w{list(self.wanted).index(name)}"

    def learn(self, documents: Iterable[Document]) -> bool:
        """Whether there were keys not met before, here or further in. Raises Doubt if a wanted name has two spellings."""
        documents = list(documents)
        wanted = {name.casefold(): self.slot(name) for name in self.wanted}
        is_new = False
        for key in dict.fromkeys(chain.from_iterable(documents)):
            if key in self.met:
                continue
            slot = wanted.get(key.casefold(), f"x{len(self.met)}")
            if slot in self.met.values() or len(self.met) == MOST_KEYS:
                raise Doubt
            self.met[key] = slot
            is_new = True
        spelled = {slot: key for key, slot in self.met.items()}
        for name, shape in self.wanted.items():
            spelling = spelled.get(self.slot(name))
            if shape is not None and spelling is not None:
                is_new |= shape.learn(_objects(document.get(spelling) for document in documents))
        return is_new

    def build(self) -> type[msgspec.Struct]:
        """The struct that takes such an object, and fails at a key that was not met. Raises ValueError for odd keys."""
        met = dict(self.met)
        for name in self.wanted:
            if self.slot(name) not in met.values():
                met[name] = self.slot(name)
        kinds = {
            self.slot(name): shape.annotation() if shape else SCALAR for name, shape in self.wanted.items()
        }
        struct = msgspec.defstruct(
            "Met", [(slot, kinds.get(slot, Any), None) for slot in met.values()],
            rename={slot: key for key, slot in met.items()}, gc=False, eq=False, forbid_unknown_fields=True,
        )  # fmt: skip
        self.blank = struct()
        return struct

    def annotation(self) -> Any:
        """The type of a value of this kind."""
        struct: Any = self.build()
        match self.kind:
            case "object":
                return struct | None
            case "list":
                return list[struct] | None
            case "texts":
                return list[struct | str] | None
            case "reference":
                return struct | str | None


def _objects(values: Iterable[object]) -> Iterator[Document]:
    for value in values:
        for one in value if isinstance(value, list) else (value,):
            if isinstance(one, dict):
                yield one


def plan_page(columns: Columns) -> Shape | None:
    """The shape of a page of which the columns are wanted; None if two columns want a value in two ways."""
    page = Shape()
    try:
        page.want("totalResults")
        row = page.within("Resources", "list")
        for name in ("id", "externalId", "active", label_of(columns)):
            row.want(name)
        row.within("meta", "object").want("version")
        for column in columns.all:
            _plan_column(row, column)
        if columns.has_members:
            row.within("members", "list").want("value")
    except Doubt:
        return None
    return page


def _plan_column(row: Shape, column: Column) -> None:
    path = column.path
    home = row.within(path.urn, "object") if path.urn else row
    if column.kind == "reference":
        home.within(path.name, "reference").want("value")
    elif path.key is not None:
        elements = home.within(path.name, "list")
        elements.want(path.key)
        elements.want(path.sub or "value")
    elif path.sub is not None:
        home.within(path.name, "object").want(path.sub)
    elif column.kind == "many":
        home.within(path.name, "texts").want("value")
    else:
        home.want(path.name)

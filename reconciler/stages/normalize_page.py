"""Normalize, page: a page of live resources, as bytes, into the mapping's columns.

What a document means is said once, in `normalize`. A page of the usual form is read much faster by a decoder that is made for
exactly the mapping's columns; it takes nothing of which it is not certain to say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import attrgetter
from typing import Any

import msgspec
from msgspec.structs import astuple

from reconciler.model.attribute_path import AttributePath
from reconciler.model.codes import SCIM
from reconciler.model.column import Column, Columns, elements_of
from reconciler.model.errors import IncompleteRead, TransportError
from reconciler.model.resource import Cell, LiveResource
from reconciler.stages.normalize import Document, build_normalizer, field, is_active, label_of
from reconciler.stages.normalize_shape import Doubt, Shape, plan_page

CHANCES = 8  # pages in a row that the typed decoder may fail to take before it is given up for the list
FEW = 4  # resources that have the same text, on average, where sharing it is worth a look
TEXTS = {str, type(None)}
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
Typed = Callable[[bytes], "Page"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list: the total that it claims, its ids in order, and its resources."""

    total: int
    ids: tuple[str, ...]
    rows: list[LiveResource]


def build_page_decoder(columns: Columns) -> Callable[[bytes], Page]:
    """The function that reads a page from its bytes: by a typed decoder where that gives certainly the same.

    It raises TransportError for what is no JSON object, IncompleteRead for what is no list or holds no ids.
    """
    return PageDecoder(columns).decode


class PageDecoder:
    """Reads pages of one list, and learns from those with keys that it has not met which ones this endpoint sends.

    Names are case-insensitive, which a typed decoder is not. So it takes a page only if it knows every key in it and if
    no two of them differ by case alone; it takes no value of another type than the usual either. Whatever else comes is
    read document by document, which is the one meaning of a page.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._normalize = build_normalizer(columns)
        self._top = plan_page(columns)
        self._typed: Typed | None = None
        self._chances = CHANCES if self._top is not None else 0

    def decode(self, content: bytes) -> Page:
        """The page. Raises TransportError or IncompleteRead."""
        if self._typed is not None and (page := self._tried(self._typed, content)) is not None:
            self._chances = CHANCES
            return page
        return self._carefully(content)

    def _carefully(self, content: bytes) -> Page:
        body = _object(content)
        if self._chances and self._top is not None:
            self._learn(self._top, body)
            if self._typed is not None and (page := self._tried(self._typed, content)) is not None:
                return page
        rows = field(body, "Resources") or []
        total = _number(field(body, "totalResults"))
        if total is None or not isinstance(rows, list):
            raise IncompleteRead(f"the answer is no list: totalResults is {field(body, 'totalResults')!r}")
        read = [self._normalize(row) for row in rows]
        return Page(total=total, ids=tuple([row.id for row in read]), rows=read)

    def _tried(self, typed: Typed, content: bytes) -> Page | None:
        try:
            return typed(content)
        except (*UNREADABLE, Doubt):
            return None

    def _learn(self, top: Shape, body: Document) -> None:
        self._chances -= 1
        try:
            if self._chances and top.learn([body]):
                self._typed = build_typed(top, self._columns)
        except (Doubt, ValueError):
            self._chances = 0
        if not self._chances:
            self._typed = None


def build_typed(page: Shape, columns: Columns) -> Typed:
    """The decoder for pages that hold the keys met so far; it raises ValidationError or Doubt for every other page."""
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(page.build())
    total_of, rows_of = attrgetter(page.slot("totalResults")), attrgetter(page.slot("Resources"))
    row, texts = page.inner("Resources"), Texts()

    def decode(content: bytes) -> Page:
        body = decoder.decode(content)
        total = _number(total_of(body))
        table = Table(row, rows_of(body) or [])
        ids = table.scalars("id")
        if total is None or not set(map(type, ids)) <= {str}:
            raise Doubt
        return Page(total=total, ids=tuple(ids), rows=table.resources(columns, ids, texts))

    return decode


class Texts:
    """One object for each text that many resources have: a department, a city. A column's first page tells whether it has such."""

    def __init__(self) -> None:
        self._known: dict[Cell, Cell] = {}
        self._repeats: dict[str, bool] = {}

    def share(self, column: str, cells: Sequence[Cell]) -> Sequence[Cell]:
        """The same cells; those of a column whose texts repeat as one object each."""
        if column not in self._repeats:
            is_text = set(map(type, cells)) <= TEXTS
            self._repeats[column] = is_text and len(set(cells)) * FEW <= len(cells)
        if self._repeats[column] and set(map(type, cells)) <= TEXTS:
            return list(map(self._known.setdefault, cells, cells))
        return cells


class Objects:
    """Many objects of one shape, turned into one sequence of values for each name: a few calls, all of them in C."""

    def __init__(self, shape: Shape, objects: Sequence[Any]) -> None:
        self.shape = shape
        values = zip(*map(astuple, objects), strict=True) if objects else repeat(())
        self._by_slot: dict[str, Sequence[Any]] = dict(
            zip(shape.blank.__struct_fields__, values, strict=False)
        )

    def __getitem__(self, name: str) -> Sequence[Any]:
        """What each object has of that name."""
        return self._by_slot[self.shape.slot(name)]

    def within(self, name: str) -> Objects:
        """The objects behind a name, a blank one where there is none."""
        shape = self.shape.inner(name)
        return Objects(shape, _filled(self[name], shape.blank))


class Table:
    """A page's resources, read name by name rather than row by row."""

    def __init__(self, row: Shape, rows: list[Any]) -> None:
        self._rows = Objects(row, rows)
        self._known: dict[tuple[str | None, str], Objects] = {}
        self._selected: dict[str, tuple[list[Any], Objects]] = {}
        self._count = len(rows)

    def resources(self, columns: Columns, ids: Sequence[str], texts: Texts) -> list[LiveResource]:
        """The resources, as `build_normalizer` would give them."""
        cells = [texts.share(column.text, self._cells(column)) for column in columns.all]
        values: Iterable[tuple[Cell, ...]] = zip(*cells, strict=True) if cells else [()] * self._count
        label = label_of(columns)
        names = list(ids)
        if label != "id":
            names = [name or id_ for name, id_ in zip(self.scalars(label), ids, strict=True)]
        return [
            LiveResource(
                id=id_, external_id=external, name=name, active=active, values=cell, elements=bits, members=members,
                etag=version or None,
            )
            for id_, external, name, active, cell, bits, members, version in zip(
                ids, _as_texts(self.scalars("externalId")), _as_texts(names), self._active(), values,
                self._elements(columns), self._members(columns), self._versions(), strict=True,
            )
        ]  # fmt: skip

    def scalars(self, name: str) -> Sequence[Any]:
        """A text, number or boolean of each resource; an empty text is none."""
        return _filtered(self._rows[name])

    def _active(self) -> Sequence[bool]:
        found = self.scalars("active")
        return found if set(map(type, found)) <= {bool} else [is_active(one) for one in found]

    def _versions(self) -> Sequence[Any]:
        return _as_texts([one or None for one in self._within(None, "meta")["version"]])

    def _cells(self, column: Column) -> Sequence[Cell]:
        path = column.path
        if path.key is not None:
            return _filtered(self._select(path)[1][path.sub or "value"])
        if path.sub is not None and column.kind != "reference":
            return _filtered(self._within(path.urn, path.name)[path.sub])
        home = self._home(path.urn)
        inner = home.shape.wanted[path.name]
        if inner is None:
            return _filtered(home[path.name])
        read = _texts if inner.kind == "texts" else _ids
        return read(home[path.name], attrgetter(inner.slot("value")))

    def _elements(self, columns: Columns) -> list[int]:
        """For each resource the bits of the selected elements that it has."""
        bits = [0] * self._count
        for bit, path in elements_of(columns.all).items():
            chosen, _ = self._select(path)
            bits = [have if one is None else have | bit for have, one in zip(bits, chosen, strict=True)]
        return bits

    def _members(self, columns: Columns) -> Iterable[tuple[str, ...]]:
        if not columns.has_members:
            return [()] * self._count
        value = attrgetter(self._rows.shape.inner("members").slot("value"))
        return [_distinct(map(value, members or ())) for members in self._rows["members"]]

    def _home(self, urn: str | None) -> Objects:
        return self._within(None, urn) if urn else self._rows

    def _within(self, urn: str | None, name: str) -> Objects:
        if (urn, name) not in self._known:
            self._known[urn, name] = self._home(urn).within(name)
        return self._known[urn, name]

    def _select(self, path: AttributePath) -> tuple[list[Any], Objects]:
        """What `select` finds in each resource; and the same with a blank element where there is none."""
        if path.element not in self._selected:
            home = self._home(path.urn)
            shape = home.shape.inner(path.name)
            chosen = _choose(home[path.name], shape, path)
            self._selected[path.element] = chosen, Objects(shape, _filled(chosen, shape.blank))
        return self._selected[path.element]


def _filtered(found: Sequence[Any]) -> Sequence[Any]:
    return [None if one == "" else one for one in found] if "" in found else found


def _filled(found: Sequence[Any], blank: Any) -> list[Any]:
    return [blank if one is None else one for one in found]


def _choose(lists: Iterable[list[Any] | None], shape: Shape, path: AttributePath) -> list[Any]:
    key = attrgetter(shape.slot(path.key or ""))
    wanted = str(path.value).casefold()
    usual = path.value if isinstance(path.value, str) else wanted

    def choose(elements: list[Any]) -> Any:
        for element in elements:
            found = key(element)
            if found == usual or str(found).casefold() == wanted:
                return element
        lone = elements[0] if len(elements) == 1 and path.key == "type" else None
        return lone if lone is not None and key(lone) in (None, "") else None

    return [
        (elements[0] if key(elements[0]) == usual else choose(elements)) if elements else None
        for elements in lists
    ]


def _texts(found: Sequence[Any], value: Callable[[Any], object]) -> Sequence[Cell]:
    return [
        tuple([one if isinstance(one, str) else str(value(one)) for one in texts]) if texts else None
        for texts in found
    ]


def _ids(found: Sequence[Any], value: Callable[[Any], object]) -> Sequence[Cell]:
    values = [one if one is None or isinstance(one, str) else value(one) for one in found]
    return _as_texts([None if one == "" else one for one in values])


def _as_texts(values: Sequence[Any]) -> Sequence[Any]:
    """Each value as text, none as none; as a rule they are texts, which one pass in C finds out."""
    return (
        values if set(map(type, values)) <= TEXTS else [None if one is None else str(one) for one in values]
    )


def _distinct(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(value) for value in values if value is not None))


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    return (
        int(value)
        if isinstance(value, int) or (isinstance(value, str) and value.isdecimal() and len(value) < 20)
        else None
    )


def _object(content: bytes) -> Document:
    if not content.strip():
        return {}
    try:
        body = msgspec.json.decode(content)
    except UNREADABLE:
        body = None
    if not isinstance(body, dict):
        raise TransportError("the answer is no JSON object", code=f"{SCIM}ServiceIncompatible")
    return body

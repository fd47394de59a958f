"""Normalize, page: a page of live resources, as bytes, into the mapping's columns.

What a document means is said once, in `normalize`. A page of the usual form is read much faster by a decoder that is made for
exactly the mapping's columns; it takes nothing of which it is not certain to say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import msgspec

from reconciler.model.attribute_path import AttributePath
from reconciler.model.column import Column, Columns, elements_of
from reconciler.model.errors import IncompleteRead, TransportError
from reconciler.model.resource import Cell, LiveResource
from reconciler.stages.normalize import Document, build_normalizer, field, is_active, label_of, reference
from reconciler.stages.normalize_shape import Doubt, Shape, plan_page

CHANCES = 8  # pages in a row that the typed decoder may fail to take before it is given up for the list
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
    """Reads pages of one list, and learns from those that it reads carefully which keys this endpoint sends.

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
        if self._typed is not None:
            try:
                page = self._typed(content)
            except (*UNREADABLE, Doubt):
                pass
            else:
                self._chances = CHANCES
                return page
        return self._carefully(content)

    def _carefully(self, content: bytes) -> Page:
        body = _object(content)
        rows = field(body, "Resources") or []
        total = _number(field(body, "totalResults"))
        if total is None or not isinstance(rows, list):
            raise IncompleteRead(f"the answer is no list: totalResults is {field(body, 'totalResults')!r}")
        read = [self._normalize(row) for row in rows]
        if self._chances and self._top is not None:
            self._learn(self._top, body)
        return Page(total=total, ids=tuple([row.id for row in read]), rows=read)

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
    row = page.wanted["Resources"]
    assert row is not None

    def decode(content: bytes) -> Page:
        body = decoder.decode(content)
        total = _number(total_of(body))
        table = Table(row, rows_of(body) or [])
        ids = table.scalars("id")
        if total is None or any(kind is not str for kind in set(map(type, ids))):
            raise Doubt
        return Page(total=total, ids=tuple(ids), rows=table.resources(columns, ids))

    return decode


class Table:
    """A page's resources, read name by name rather than row by row, so that each pass over them runs in C."""

    def __init__(self, row: Shape, rows: list[Any]) -> None:
        self._homes: dict[str | None, tuple[Shape, list[Any]]] = {None: (row, rows)}
        self._chosen: dict[str, tuple[Shape, list[Any]]] = {}
        self._count = len(rows)

    def resources(self, columns: Columns, ids: list[str]) -> list[LiveResource]:
        """The resources, as `build_normalizer` would give them."""
        elements = self._elements(columns)
        cells = [self._cells(column) for column in columns.all]
        values: Iterable[tuple[Cell, ...]] = zip(*cells, strict=True) if cells else [()] * self._count
        labels = self.scalars(label_of(columns))
        meta, metas = self._inner(None, "meta")
        return [
            LiveResource(
                id=id_, external_id=None if external is None else str(external), name=str(label or id_),
                active=active if active is True or active is False else is_active(active), values=cell,
                elements=bits, members=members, etag=str(version) if version else None,
            )
            for id_, external, label, active, cell, bits, members, version in zip(
                ids, self.scalars("externalId"), labels, self.scalars("active"), values, elements,
                self._members(columns), _scalars(meta, metas, "version"), strict=True,
            )
        ]  # fmt: skip

    def scalars(self, name: str) -> list[Any]:
        """A text, number or boolean of each resource; an empty text is none."""
        return _scalars(*self._homes[None], name)

    def _cells(self, column: Column) -> list[Cell]:
        path = column.path
        if path.key is not None:
            shape, chosen = self._select(path)
            return _scalars(
                shape, [shape.blank if one is None else one for one in chosen], path.sub or "value"
            )
        if path.sub is not None and column.kind != "reference":
            return _scalars(*self._inner(path.urn, path.name), path.sub)
        home, objects = self._home(path.urn)
        inner = home.wanted[path.name]
        if inner is None:
            return _scalars(home, objects, path.name)
        read = _texts if inner.kind == "texts" else _linked
        value = attrgetter(inner.slot("value"))
        found = map(attrgetter(home.slot(path.name)), objects)
        return [None if one is None else read(one, value) for one in found]

    def _elements(self, columns: Columns) -> list[int]:
        """For each resource the bits of the selected elements that it has."""
        bits = [0] * self._count
        for bit, path in elements_of(columns.all).items():
            _, chosen = self._select(path)
            bits = [have if one is None else have | bit for have, one in zip(bits, chosen, strict=True)]
        return bits

    def _members(self, columns: Columns) -> Iterable[tuple[str, ...]]:
        if not columns.has_members:
            return [()] * self._count
        row, rows = self._homes[None]
        shape = row.wanted["members"]
        assert shape is not None
        value = attrgetter(shape.slot("value"))
        return [
            _distinct(map(value, members or ())) for members in map(attrgetter(row.slot("members")), rows)
        ]

    def _home(self, urn: str | None) -> tuple[Shape, list[Any]]:
        if urn not in self._homes:
            self._homes[urn] = self._inner(None, str(urn))
        return self._homes[urn]

    def _inner(self, urn: str | None, name: str) -> tuple[Shape, list[Any]]:
        """The objects behind a name, a blank one where there is none."""
        home, objects = self._home(urn)
        shape = home.wanted[name]
        assert shape is not None
        found = map(attrgetter(home.slot(name)), objects)
        blank = shape.blank
        return shape, [blank if one is None else one for one in found]

    def _select(self, path: AttributePath) -> tuple[Shape, list[Any]]:
        """What `select` finds in each resource."""
        if path.element not in self._chosen:
            home, objects = self._home(path.urn)
            shape = home.wanted[path.name]
            assert shape is not None
            lists = map(attrgetter(home.slot(path.name)), objects)
            self._chosen[path.element] = shape, list(_choose(lists, shape, path))
        return self._chosen[path.element]


def _scalars(shape: Shape, objects: list[Any], name: str) -> list[Any]:
    found = list(map(attrgetter(shape.slot(name)), objects))
    return [None if one == "" else one for one in found] if "" in found else found


def _choose(lists: Iterable[list[Any] | None], shape: Shape, path: AttributePath) -> Iterator[Any]:
    key = attrgetter(shape.slot(path.key or ""))
    wanted = str(path.value).casefold()
    usual = path.value if isinstance(path.value, str) else wanted
    for elements in lists:
        chosen = None
        for element in elements or ():
            found = key(element)
            if found == usual or str(found).casefold() == wanted:
                chosen = element
                break
        if chosen is None and elements and len(elements) == 1 and path.key == "type":
            chosen = elements[0] if key(elements[0]) in (None, "") else None
        yield chosen


def _texts(found: list[Any], value: Callable[[Any], object]) -> Cell:
    return tuple([one if isinstance(one, str) else str(value(one)) for one in found]) or None


def _linked(found: Any, value: Callable[[Any], object]) -> Cell:
    return reference(found if isinstance(found, str) else value(found))


def _distinct(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(value) for value in values if value is not None))


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else None


def _object(content: bytes) -> Document:
    if not content.strip():
        return {}
    try:
        body = msgspec.json.decode(content)
    except UNREADABLE:
        body = None
    if not isinstance(body, dict):
        raise TransportError("the answer is no JSON object")
    return body

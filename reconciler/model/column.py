"""Columns: the attributes that a mapping manages, in its order, and how their values compare."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from reconciler.model.attribute_path import ENTERPRISE, AttributePath, parse_path
from reconciler.model.mapping import AttributeMapping, ObjectMapping
from reconciler.model.resource import Cell, Type
from reconciler.model.scim_schema import characteristic

_PHONE_NOISE = re.compile(r"[\s().\-/]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One managed path; `compare` gives the form in which two values are equal or not."""

    path: AttributePath
    text: str
    kind: Literal["single", "many", "reference"]
    compare: Callable[[Cell], object]
    mapping: AttributeMapping | None
    type: str | None = None  # the SCIM type (RFC 7643 section 2.3), None where nobody knows it
    element_bit: int = 0  # its bit in LiveResource.elements, for a selected element

    @property
    def is_boolean(self) -> bool:
        """Its values are true and false."""
        return self.compare is _boolean

    @property
    def is_redacted(self) -> bool:
        """Its values are shown nowhere."""
        return self.mapping is not None and self.mapping.is_redacted

    def added(self, before: Cell, after: Cell) -> Cell:
        """What is wanted where values are only added: those that there are, and the new ones."""
        if self.mapping is None or self.mapping.role != "added" or not isinstance(after, tuple):
            return after
        present = before if isinstance(before, tuple) else ()
        known = self.compare(present) if present else frozenset()
        return (*present, *(value for value in after if not self.compare((value,)) <= known))  # type: ignore[operator]  # sets

    def compare_all(self, cells: Iterable[Cell]) -> list[object]:
        """The form of each cell; where most are plain texts that takes a call for each of the others only."""
        compare = self.compare
        if compare is _folded:
            return [
                (cell.strip().lower() or None) if type(cell) is str and cell.isascii() else compare(cell)
                for cell in cells
            ]
        if compare is _exact:
            return [
                (cell.strip() or None) if type(cell) is str and cell.isascii() else compare(cell)
                for cell in cells
            ]
        return list(map(compare, cells))


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one resource type for one target, without `members`, which are compared as a set."""

    type: Type
    all: tuple[Column, ...]
    match: tuple[int, ...]
    external_id: int | None
    active: int | None
    reference: int | None
    has_members: bool

    def hides(self, text: str) -> bool:
        """The values of that path are shown nowhere."""
        return any(column.text == text and column.is_redacted for column in self.all)

    def index(self, text: str) -> int | None:
        """The position of the column of that path."""
        return next((i for i, column in enumerate(self.all) if column.text == text), None)


def build_columns(
    type_: Type, mapping: ObjectMapping, case_exact: dict[str, bool], types: Mapping[str, str] | None = None
) -> Columns:
    """The columns of a mapping; `case_exact` overrides RFC 7643's rule by path, `types` are those of paths beyond it.

    Users always get `active`.
    """
    mapped: list[tuple[AttributePath, AttributeMapping | None]] = [
        (m.path, m) for m in mapping.attributes if str(m.path) != "members"
    ]
    if type_ == "User" and not any(str(path) == "active" for path, _ in mapped):
        mapped.append((parse_path("active"), None))
    selectors = sorted({path.element for path, _ in mapped if path.key})
    columns = tuple(
        _column(
            type_, path, of, case_exact, types or {}, 1 << selectors.index(path.element) if path.key else 0
        )
        for path, of in mapped
    )
    texts = [column.text for column in columns]
    return Columns(
        type_,
        columns,
        tuple(texts.index(str(parse_path(path))) for path in mapping.match),
        texts.index("externalId") if "externalId" in texts else None,
        texts.index("active") if "active" in texts else None,
        next((index for index, column in enumerate(columns) if column.kind == "reference"), None),
        any(str(m.path) == "members" for m in mapping.attributes),
    )


def _column(
    type_: Type, path: AttributePath, mapping: AttributeMapping | None, exact: dict[str, bool], types: Mapping[str, str],
    bit: int,
) -> Column:  # fmt: skip
    known = characteristic(path, type_)
    if path.urn == ENTERPRISE and path.name == "manager":
        path = AttributePath(ENTERPRISE, "manager")
        return Column(
            path=path, text=str(path), kind="reference", compare=_exact, mapping=mapping, type="reference"
        )
    many = bool(known and known.multi_valued and path.key is None and path.sub is None)
    plain = str(AttributePath(path.urn, path.name, sub=path.sub))
    is_exact = exact.get(str(path), exact.get(plain, bool(known and known.case_exact)))
    one = _comparison(path, known.type if known else "string", is_exact)
    compare: Callable[[Cell], object] = one
    if many:
        compare = lambda cell: frozenset(map(one, cell)) or None if isinstance(cell, tuple) else one(cell)  # noqa: E731
    return Column(
        path=path,
        text=str(path),
        kind="many" if many else "single",
        compare=compare,
        mapping=mapping,
        type=known.type if known else types.get(str(path)),
        element_bit=bit,
    )


def _comparison(path: AttributePath, type_: str, exact: bool) -> Callable[[Cell], object]:
    """How values of an attribute compare (RFC 7643 section 2; research: scim_quirks C.1, C.4)."""
    if type_ == "boolean":
        return _boolean
    if type_ == "dateTime":
        return _instant
    if path.name == "phoneNumbers" and path.sub == "value":
        return _phone
    if path.name in ("locale", "preferredLanguage"):
        return lambda cell: text.replace("_", "-") if isinstance(text := _folded(cell), str) else text
    return _exact if exact else _folded


def _exact(cell: Cell) -> object:
    if isinstance(cell, str):
        return (cell if cell.isascii() else unicodedata.normalize("NFC", cell)).strip() or None
    if isinstance(cell, tuple):
        return frozenset(map(_exact, cell)) or None
    return cell


def _folded(cell: Cell) -> object:
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        return _exact(cell)
    return unicodedata.normalize("NFC", str(cell)).strip().casefold() or None


def _boolean(cell: Cell) -> object:
    """Booleans arrive as texts too (research: scim_quirks C.4 #16)."""
    return (
        {"true": True, "false": False, "1": True, "0": False}.get(str(cell).strip().lower(), cell)
        if cell is not None
        else None
    )


def _instant(cell: Cell) -> object:
    if not isinstance(cell, str) or not cell.strip():
        return _exact(cell)
    try:
        moment = datetime.fromisoformat(cell.strip())
    except ValueError:
        return _exact(cell)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _phone(cell: Cell) -> object:
    if not isinstance(cell, str | int) or isinstance(cell, bool):
        return _exact(cell)
    text = _PHONE_NOISE.sub("", str(cell).strip().lower().removeprefix("tel:"))
    return text.replace(";ext=", "x").replace("ext", "x") or None


def elements_of(columns: Iterable[Column]) -> dict[int, AttributePath]:
    """The selected elements (emails[type eq "work"]) that columns address, by bit."""
    return {
        c.element_bit: AttributePath(c.path.urn, c.path.name, c.path.key, c.path.value)
        for c in columns
        if c.element_bit
    }

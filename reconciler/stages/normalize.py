"""Normalize: a live SCIM resource, as JSON, into the mapping's columns."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.model.attribute_path import AttributePath
from reconciler.model.column import Column, Columns, elements_of
from reconciler.model.errors import IncompleteRead
from reconciler.model.resource import Cell, LiveResource

Document = dict[str, object]


def build_normalizer(columns: Columns) -> Callable[[Document], LiveResource]:
    """The function that reads one live resource; raises IncompleteRead for one without an id."""
    getters = tuple(_getter(column) for column in columns.all)
    elements = tuple(elements_of(columns.all).items())
    label = label_of(columns)

    def normalize(document: Document) -> LiveResource:
        id_ = field(document, "id")
        if not isinstance(id_, str | int) or isinstance(id_, bool) or id_ == "":
            raise IncompleteRead(f"a {columns.type} in the list has no id")
        external = field(document, "externalId")
        active = field(document, "active")
        bits = 0
        for bit, path in elements:
            if select(document, path) is not None:
                bits |= bit
        meta = field(document, "meta")
        return LiveResource(
            id=str(id_), external_id=str(external) if external not in (None, "") else None,
            name=str(field(document, label) or id_),
            active=is_active(active),
            values=tuple([get(document) for get in getters]), elements=bits,
            members=_members(document) if columns.has_members else (),
            etag=str(field(meta, "version") or "") or None if isinstance(meta, dict) else None,
        )  # fmt: skip

    return normalize


def field(document: object, name: str) -> object:
    """The attribute `name`; names are case-insensitive (RFC 7643 section 2.1)."""
    if not isinstance(document, dict):
        return None
    if name in document:
        return document[name]
    folded = name.casefold()
    return next((value for key, value in document.items() if key.casefold() == folded), None)


def label_of(columns: Columns) -> str:
    """The attribute by which people call such a resource: its id where its name is hidden."""
    label = "userName" if columns.type == "User" else "displayName"
    return "id" if columns.hides(label) else label


def is_active(value: object) -> bool:
    """Whether an account is active; one that does not say is (research: scim_quirks C.4 #16)."""
    return str(value).lower() not in ("false", "0") if value is not None else True


def select(document: Document, path: AttributePath) -> Document | None:
    """The element that a value filter selects, or None.

    The only element of a list counts for a type filter if it carries no type (research: scim_quirks C.4 #9).
    """
    elements = field(_home(document, path), path.name)
    if not isinstance(elements, list):
        return None
    wanted = str(path.value).casefold()
    candidates = [e for e in elements if isinstance(e, dict)]
    for element in candidates:
        if str(field(element, path.key or "")).casefold() == wanted:
            return element
    if len(candidates) == 1 and path.key == "type" and field(candidates[0], "type") in (None, ""):
        return candidates[0]
    return None


def _home(document: Document, path: AttributePath) -> object:
    return field(document, path.urn) if path.urn else document


def _getter(column: Column) -> Callable[[Document], Cell]:
    path = column.path
    if column.kind == "reference":
        return lambda document: reference(field(_home(document, path), path.name))
    if path.key is not None:
        sub = path.sub or "value"
        return lambda document: _cell(field(select(document, path), sub))
    if path.sub is not None:
        sub = path.sub
        return lambda document: _cell(field(field(_home(document, path), path.name), sub))
    if path.urn is None:
        name = path.name
        return lambda document: _cell(document[name] if name in document else field(document, name))
    return lambda document: _cell(field(_home(document, path), path.name))


def _cell(value: object) -> Cell:
    if value is None or value == "" or value == []:
        return None
    if isinstance(value, list):
        return tuple(str(field(item, "value")) if isinstance(item, dict) else str(item) for item in value)
    if isinstance(value, dict):
        inner = field(value, "value")
        return str(inner) if inner is not None else None
    return value  # type: ignore[return-value]  # JSON scalars are cells


def reference(value: object) -> Cell:
    """The id behind a reference.

    Servers give a reference as an object, a list of one, or a bare text (research: scim_quirks C.4 #34).
    """
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = field(value, "value")
    return str(value) if value not in (None, "") else None


def _members(document: Document) -> tuple[str, ...]:
    found = field(document, "members")
    if found is None:
        return ()
    if not isinstance(found, list):
        raise IncompleteRead("a group's members are not a list")
    values = [field(member, "value") if isinstance(member, dict) else member for member in found]
    return tuple(dict.fromkeys(str(value) for value in values if value is not None))

"""Answers: rows, ids and total of what a list or a look-up gave."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.column import Columns
from reconciler.model.errors import IncompleteRead
from reconciler.model.resource import LiveResource
from reconciler.model.sight import Asked
from reconciler.stages.normalize import Document, build_normalizer, field

FEW = 6


def rows_of(asked: Asked | None) -> list[Document]:
    """The resources of an answer; none where it is no list."""
    found = field(asked.body, "Resources") if asked is not None and asked.is_well else None
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def ids_of(asked: Asked | None) -> list[str]:
    """The ids of these resources, in their order."""
    return [str(field(row, "id")) for row in rows_of(asked)]


def bodies_of(asked: Iterable[Asked]) -> list[Document]:
    """What each of these look-ups by id gave."""
    return [one.body for one in asked if one.is_well and one.body is not None]


def normal(documents: Iterable[Document], columns: Columns) -> list[LiveResource]:
    """The resources in the mapping's columns, without those that are none."""
    normalize, found = build_normalizer(columns), []
    for document in documents:
        try:
            found.append(normalize(document))
        except IncompleteRead:
            continue
    return found


def members_in(documents: Iterable[Document], columns: Columns) -> bool:
    """Whether one of these groups shows a member."""
    return any(row.members for row in normal(documents, columns))


def total_of(asked: Asked | None) -> int | None:
    """How many there are, as the answer says; None where it is no list."""
    total = field(asked.body, "totalResults") if asked is not None and asked.is_well else None
    if isinstance(total, bool) or not isinstance(total, int | str):
        return None
    return int(total) if str(total).isdecimal() and len(str(total)) < 20 else None


def said(asked: Asked) -> str:
    """What came instead of an answer, in a few words."""
    if not asked.status:
        return asked.text
    return f"status {asked.status}" + (f": {asked.text}" if asked.text else "")


def counted(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def named(names: list[str]) -> str:
    """Names in one line, the first of many."""
    return ", ".join(names[:FEW]) + (f" and {len(names) - FEW} more" if len(names) > FEW else "")

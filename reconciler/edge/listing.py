"""Listing: a list read page by page and proven whole, or not at all (RFC 7644 section 3.4.2.4; research: scim_quirks B.2 #11, #13)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reconciler.edge.client import ScimReader
from reconciler.model.errors import IncompleteRead, Refused

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How a list was read: resources and pages."""

    total: int
    pages: int


async def read_list(
    reader: ScimReader, endpoint: str, page_size: int, accept: Callable[[Rows], None]
) -> Listing:
    """Hands every page to `accept`. Raises IncompleteRead unless unique ids = total and no id comes twice."""
    seen: set[str] = set()
    total: int | None = None
    pages = 0
    while total is None or len(seen) < total:
        body = await _page(reader, endpoint, len(seen) + 1, page_size)
        pages += 1
        rows = body.get("Resources", body.get("resources")) or []
        said = _number(body.get("totalResults"))
        if said is None or not isinstance(rows, list):
            raise IncompleteRead(
                f"{endpoint}: the answer is no list: totalResults is {body.get('totalResults')!r}"
            )
        if total is not None and said != total:
            raise IncompleteRead(
                f"{endpoint}: the total went from {total} to {said} between pages; try again when nothing writes there"
            )
        total = said
        _check(endpoint, rows, seen, total)
        accept(rows)
    if len(seen) != total:
        raise IncompleteRead(f"{endpoint}: {len(seen)} resources came, but the endpoint says {total}")
    return Listing(total=total, pages=pages)


def _check(endpoint: str, rows: Rows, seen: set[str], total: int) -> None:
    before = len(seen)
    for row in rows:
        id_ = row.get("id", row.get("ID")) if isinstance(row, dict) else None  # type: ignore[redundant-expr]  # what came is not trusted
        if id_ in (None, ""):
            raise IncompleteRead(f"{endpoint}: a resource has no id")
        if str(id_) in seen:
            raise IncompleteRead(
                f"{endpoint}: the id {id_} came twice; {len(seen)} of {total} were read, so the list is not whole"
            )
        seen.add(str(id_))
    if len(seen) == before and before < total:
        raise IncompleteRead(f"{endpoint}: the pages end after {before} of {total} resources")
    if len(seen) > total:
        raise IncompleteRead(f"{endpoint}: {len(seen)} resources came, but the endpoint says {total}")


async def _page(reader: ScimReader, endpoint: str, start: int, count: int) -> dict[str, Any]:
    params = {"startIndex": str(start), "count": str(count)}
    try:
        return (await reader.get(endpoint, params)).body or {}
    except Refused as refused:
        # Some endpoints refuse a count above their maximum, which nothing tells.
        if refused.status != 400 or count <= 100:
            raise
        return (await reader.get(endpoint, {**params, "count": "100"})).body or {}


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else None

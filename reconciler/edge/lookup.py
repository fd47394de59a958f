"""Look-up: one resource in a whole list, where a filter is not to be trusted."""

from __future__ import annotations

from typing import Any

from reconciler.edge.client import ScimReader
from reconciler.edge.listing import LARGEST_LIST
from reconciler.model.errors import Refused

PAGE = 100  # every endpoint that tells its maximum allows that many


async def scan_list(
    reader: ScimReader, endpoint: str, wanted: list[tuple[str, str]]
) -> dict[str, Any] | None:
    """The first resource whose attribute has one of the `wanted` values, in their order of precedence, or None.

    Raises Refused and TransportError.
    """
    found: dict[int, dict[str, Any]] = {}
    seen: set[str] = set()
    while True:
        body = (await reader.get(endpoint, {"startIndex": str(len(seen) + 1), "count": str(PAGE)})).body or {}
        rows = body.get("Resources") or body.get("resources")
        given = rows if isinstance(rows, list) else []
        fresh = [row for row in given if isinstance(row, dict) and str(row.get("id")) not in seen]
        for row in fresh:
            seen.add(str(row.get("id")))
            for precedence, (attribute, value) in enumerate(wanted):
                if str(row.get(attribute, "")).casefold() == value.casefold():
                    found.setdefault(precedence, row)
        if not fresh or 0 in found or len(seen) > LARGEST_LIST:
            break
    return found[min(found)] if found else None


async def is_known(reader: ScimReader, endpoint: str, id_: str) -> bool:
    """The endpoint knows that id. Raises TransportError; a refusal other than 404 counts as knowing."""
    try:
        return await reader.resource(endpoint, id_) is not None
    except Refused:
        return True

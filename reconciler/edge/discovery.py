"""Discovery: ServiceProviderConfig, ResourceTypes and /Me, each of which may be missing (RFC 7644 section 4)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from reconciler.edge.client import ScimReader
from reconciler.model.discovery import Discovery
from reconciler.model.errors import Refused, TransportError


async def discover(reader: ScimReader) -> Discovery:
    """What the endpoint says about itself. Raises Refused if the token is refused, TransportError if nobody answers."""
    config = await _document(reader, "/ServiceProviderConfig")
    me = await _document(reader, "/Me")
    patch = _inside(config, "patch").get("supported")
    most = _inside(config, "filter").get("maxResults")
    return Discovery(
        patch_supported=patch if isinstance(patch, bool) else None,
        etag_supported=_inside(config, "etag").get("supported") is True,
        filter_max_results=most
        if isinstance(most, int) and not isinstance(most, bool) and most > 0
        else None,
        endpoints=_endpoints(await _document(reader, "/ResourceTypes")),
        own_id=str(me["id"]) if "id" in me and "userName" in me else None,
    )


async def _document(reader: ScimReader, path: str) -> dict[str, Any]:
    try:
        return (await reader.get(path)).body or {}
    except Refused as refused:
        if refused.status == 401 and path == "/ServiceProviderConfig":
            raise
        return {}
    except TransportError as error:
        if "cannot reach" in str(error):
            raise
        return {}


def _inside(document: dict[str, Any], name: str) -> dict[str, Any]:
    inner = document.get(name)
    return inner if isinstance(inner, dict) else {}


def _endpoints(document: dict[str, Any]) -> dict[str, str]:
    """Servers give `/Users`, a full path or a whole url: the last segment is what follows the base."""
    found: dict[str, str] = {}
    rows = document.get("Resources")
    for row in rows if isinstance(rows, list) else []:
        if (
            isinstance(row, dict)
            and row.get("name") in ("User", "Group")
            and isinstance(row.get("endpoint"), str)
        ):
            segment = urlsplit(row["endpoint"]).path.rstrip("/").rpartition("/")[2]
            if segment:
                found[str(row["name"])] = f"/{segment}"
    return found

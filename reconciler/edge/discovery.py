"""Discovery: ServiceProviderConfig, ResourceTypes, Schemas and /Me, each of which may be missing (RFC 7644 section 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from reconciler.edge.client import ScimReader
from reconciler.model.discovery import Discovery
from reconciler.model.errors import Refused, TransportError
from reconciler.model.resource import Type

Body = dict[str, Any]
DOCUMENTS = ("/ServiceProviderConfig", "/Me", "/ResourceTypes", "/Schemas")
CORE = ("urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:core:2.0:Group")


async def discover(reader: ScimReader) -> Discovery:
    """What the endpoint says about itself. Raises Refused if the token is refused, TransportError if nobody answers."""
    config, me, resource_types, schemas = [await _document(reader, path) for path in DOCUMENTS]
    return understand(config, me, resource_types, schemas)


def understand(config: Body, me: Body, resource_types: Body, schemas: Body) -> Discovery:
    """What these documents say; an empty one says nothing."""
    patch = _inside(config, "patch").get("supported")
    most = _inside(config, "filter").get("maxResults")
    return Discovery(
        patch_supported=patch if isinstance(patch, bool) else None,
        etag_supported=_inside(config, "etag").get("supported") is True,
        filter_max_results=most
        if isinstance(most, int) and not isinstance(most, bool) and most > 0
        else None,
        endpoints=_endpoints(resource_types),
        case_exact=dict(_case_rules(schemas)),
        own_id=str(me["id"]) if isinstance(me.get("id"), str | int) and "userName" in me else None,
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


def _rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    rows = document.get("Resources")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _endpoints(document: dict[str, Any]) -> dict[Type, str]:
    """Servers give `/Users`, a full path or a whole url: the last segment is what follows the base."""
    found: dict[Type, str] = {}
    for row in _rows(document):
        name, endpoint = row.get("name"), row.get("endpoint")
        if name in ("User", "Group") and isinstance(endpoint, str):
            try:
                segment = urlsplit(endpoint).path.rstrip("/").rpartition("/")[2]
            except ValueError:
                continue
            if segment:
                found[name] = f"/{segment}"
    return found


def _case_rules(document: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """`caseExact: true` by path; what a schema calls inexact stays as RFC 7643 has it (identifiers are exact)."""
    for schema in _rows(document):
        urn = str(schema.get("id", ""))
        prefix = "" if urn in CORE else f"{urn}:"
        for attribute in _attributes(schema, "attributes"):
            name = f"{prefix}{attribute.get('name')}"
            if attribute.get("caseExact") is True:
                yield name, True
            for sub in _attributes(attribute, "subAttributes"):
                if sub.get("caseExact") is True:
                    yield f"{name}.{sub.get('name')}", True


def _attributes(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = document.get(key)
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []

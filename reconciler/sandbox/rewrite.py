"""Rewrite: one way in which an endpoint deviates, as a step around the library's application.

A rewrite gets a request and what serves it further in: it may change the request, change the answer, or answer by itself.
"""

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any

from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse

Serve = Callable[[ScimRequest], Awaitable[ScimResponse]]
Rewrite = Callable[[ScimRequest, Serve], Awaitable[ScimResponse]]
Document = dict[str, Any]
Operations = list[Document]

_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
_PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def wrap(serve: Serve, rewrites: Sequence[Rewrite]) -> Serve:
    """What serves a request through all of `rewrites`, the first of them outermost."""
    for rewrite in reversed(rewrites):
        serve = partial(_through, rewrite, serve)
    return serve


def refuse(status: HTTPStatus, detail: str, scim_type: str | None = None) -> ScimResponse:
    """An error as RFC 7644 section 3.12 writes it."""
    body = {"schemas": [_ERROR], "status": str(int(status)), "detail": detail}
    if scim_type:
        body["scimType"] = scim_type
    return ScimResponse(status=status, body=body)


def is_about(request: ScimRequest, endpoint: str, *methods: str) -> bool:
    """The request is one of `methods`, and about `endpoint` or a resource below it."""
    inside = request.path == endpoint or request.path.startswith(f"{endpoint}/")
    return inside and request.method.upper() in methods


def body_of(request: ScimRequest) -> Document:
    """The JSON object that a request carries; empty where it is none, which the library then refuses."""
    try:
        document = json.loads(request.body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def with_body(request: ScimRequest, document: Document) -> ScimRequest:
    """The same request with another body."""
    return replace(request, body=json.dumps(document).encode())


def operations_of(request: ScimRequest) -> Operations:
    """The operations of a PATCH; none where its body is no PatchOp."""
    found = body_of(request).get("Operations")
    return [dict(one) for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def with_operations(request: ScimRequest, operations: Operations) -> ScimRequest:
    """The same PATCH with other operations."""
    return with_body(request, {"schemas": [_PATCH_OP], "Operations": operations})


def is_removal(operation: Document) -> bool:
    """The operation removes; Entra writes `Remove` (research: entra 8.1)."""
    return str(operation.get("op", "")).lower() == "remove"


def path_of(operation: Document) -> str:
    """The path of an operation, empty where it has none."""
    return str(operation.get("path") or "")


def resources_in(response: ScimResponse) -> Iterator[Document]:
    """The resources of a list."""
    rows = (response.body or {}).get("Resources")
    yield from (row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()


async def _through(rewrite: Rewrite, serve: Serve, request: ScimRequest) -> ScimResponse:
    return await rewrite(request, serve)

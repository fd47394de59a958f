"""Keeping: what an endpoint makes of the values that it is given before it stores them."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse

from reconciler.sandbox.rewrite import (
    Document,
    Rewrite,
    Serve,
    body_of,
    is_about,
    operations_of,
    path_of,
    with_body,
    with_operations,
)

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
Keep = Callable[[str, Any], Any]
DROPPED = object()  # what a Keep gives for a value that is accepted and not stored


def keep_values(keep: Keep, *endpoints: str) -> Rewrite:
    """Stores what `keep` makes of each value of a POST, PUT or PATCH, by the name of its attribute."""

    async def rewrite(request: ScimRequest, serve: Serve) -> ScimResponse:
        if any(is_about(request, endpoint, "POST", "PUT") for endpoint in endpoints):
            request = with_body(request, _kept(body_of(request), keep))
        elif any(is_about(request, endpoint, "PATCH") for endpoint in endpoints):
            before = operations_of(request)
            after = [kept for one in before if (kept := _kept_operation(one, keep)) is not None]
            if before and not after:
                return ScimResponse(status=HTTPStatus.NO_CONTENT)
            request = with_operations(request, after)
        return await serve(request)

    return rewrite


def without_external_id(name: str, value: Any) -> Any:
    """Takes an externalId and forgets it (scim_quirks C.4 #36)."""
    return DROPPED if name.lower() == "externalid" else value


def without_extension(name: str, value: Any) -> Any:
    """Takes the enterprise extension and forgets it, as ServiceNow does (scim_quirks A.13)."""
    if name.lower().startswith(ENTERPRISE.lower()):
        return DROPPED
    return (
        [urn for urn in value if urn != ENTERPRISE]
        if name == "schemas" and isinstance(value, list)
        else value
    )


def lower_case(name: str, value: Any) -> Any:
    """Lower-cases userName and e-mail addresses (scim_quirks C.4 #2: Langfuse, PostHog, Infisical)."""
    return _lowered(value) if _attribute(name) in ("username", "emails") else value


def e164(name: str, value: Any) -> Any:
    """Stores phones as E.164, and e-mails and phones without their type, as Zitadel does (scim_quirks A.14, C.4 #4, #9)."""
    attribute = _attribute(name)
    if attribute not in ("emails", "phonenumbers"):
        return value
    if isinstance(value, list):
        return [_untyped(one, attribute) if isinstance(one, dict) else one for one in value]
    return _digits(value) if attribute == "phonenumbers" and isinstance(value, str) else value


def _kept(document: Document, keep: Keep) -> Document:
    kept = {name: keep(name, value) for name, value in document.items()}
    return {name: value for name, value in kept.items() if value is not DROPPED}


def _kept_operation(operation: Document, keep: Keep) -> Document | None:
    value = operation.get("value")
    if not path_of(operation):
        if not isinstance(value, dict):
            return operation
        after = _kept(value, keep)
        return {**operation, "value": after} if after or not value else None
    after = keep(path_of(operation), value)
    return None if after is DROPPED else {**operation, "value": after} if "value" in operation else operation


def _attribute(path: str) -> str:
    """The first attribute that a path names, in lower case."""
    return path.partition("[")[0].partition(".")[0].lower()


def _lowered(value: Any) -> Any:
    if isinstance(value, list):
        return [{**one, "value": str(one["value"]).lower()} if "value" in one else one for one in value]
    return value.lower() if isinstance(value, str) else value


def _untyped(element: Document, attribute: str) -> Document:
    kept = {name: value for name, value in element.items() if name != "type"}
    if attribute == "phonenumbers" and isinstance(kept.get("value"), str):
        kept["value"] = _digits(kept["value"])
    return kept


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit() or character == "+")

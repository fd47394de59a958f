"""Writing: which forms of a write an endpoint understands, and what it makes of the others."""

from collections.abc import Callable
from http import HTTPStatus

from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse

from reconciler.sandbox.rewrite import (
    Document,
    Operations,
    Rewrite,
    Serve,
    body_of,
    is_about,
    is_removal,
    operations_of,
    path_of,
    refuse,
    with_body,
    with_operations,
)

_MOST = 100  # membership changes that AWS takes in one request


def refuse_filtered_removal(operations: Operations) -> str:
    """Refuses `members[value eq …]`: Entra sends a value array by default (research: entra 8.2; scim_quirks A.1)."""
    is_filtered = any(is_removal(one) and path_of(one).lower().startswith("members[") for one in operations)
    return "remove members by path `members` and a value array" if is_filtered else ""


def refuse_removal_by_value(operations: Operations) -> str:
    """Refuses a value array: Okta sends a filter in the path (scim_quirks A.9, B.1)."""
    return "remove members by path `members[value eq …]`" if any(map(_is_by_value, operations)) else ""


def refuse_all_but_active(operations: Operations) -> str:
    """Refuses a user's PATCH that is not a pathless `active`: Okta sends nothing else and PUTs the rest (scim_quirks B.1)."""
    for one in operations:
        value = one.get("value")
        if path_of(one) or not isinstance(value, dict) or set(value) != {"active"}:
            return 'PATCH a user only with {"op": "replace", "value": {"active": …}}; PUT everything else'
    return ""


def refuse_replaced_members(operations: Operations) -> str:
    """Refuses what would replace a membership or remove all of it (scim_quirks A.1, PatchGroup)."""
    for one in operations:
        value = one.get("value")
        names = value if isinstance(value, dict) and not path_of(one) else (path_of(one),)
        concerned = any(str(name).lower() == "members" for name in names)
        op = str(one.get("op", "")).lower()
        if concerned and (op == "replace" or (op == "remove" and not one.get("value"))):
            return "Replacing group memberships is not supported"
    return ""


def refuse_many_members(operations: Operations) -> str:
    """Refuses more than 100 membership changes in one request (scim_quirks A.1)."""
    lists = [one["value"] for one in operations if isinstance(one.get("value"), list)]
    return f"at most {_MOST} membership changes a request" if sum(map(len, lists)) > _MOST else ""


def refuse_operations(endpoint: str, judge: Callable[[Operations], str]) -> Rewrite:
    """Answers 400 to a PATCH of `endpoint` that `judge` has something against."""

    async def rewrite(request: ScimRequest, serve: Serve) -> ScimResponse:
        against = judge(operations_of(request)) if is_about(request, endpoint, "PATCH") else ""
        return refuse(HTTPStatus.BAD_REQUEST, against, "invalidPath") if against else await serve(request)

    return rewrite


def refuse_method(method: str, *endpoints: str) -> Rewrite:
    """Answers 501 to a method (no PATCH: scim_quirks A.14, authentik; no PUT of groups: A.1)."""

    async def rewrite(request: ScimRequest, serve: Serve) -> ScimResponse:
        if any(is_about(request, endpoint, method) for endpoint in endpoints):
            return refuse(HTTPStatus.NOT_IMPLEMENTED, f"{method} is not supported here")
        return await serve(request)

    return rewrite


def change_removals(change: Callable[[Document], Operations]) -> Rewrite:
    """Understands the removals of a group's PATCH in another way than the library."""

    async def rewrite(request: ScimRequest, serve: Serve) -> ScimResponse:
        if not is_about(request, "/Groups", "PATCH"):
            return await serve(request)
        before = operations_of(request)
        after = [new for one in before for new in (change(one) if is_removal(one) else [one])]
        if before and not after:
            return ScimResponse(status=HTTPStatus.NO_CONTENT)
        return await serve(with_operations(request, after) if after != before else request)

    return rewrite


def remove_each_value(operation: Document) -> Operations:
    """Reads a value array as `these members` (research: entra 8.2; scim_quirks A.1)."""
    if not _is_by_value(operation):
        return [operation]
    ids = [str(one.get("value")) for one in operation["value"] if isinstance(one, dict)]
    return [{"op": "remove", "path": f'members[value eq "{id_}"]'} for id_ in ids]


def remove_everybody(operation: Document) -> Operations:
    """Reads a value array as RFC 7644 section 3.5.2.2 has it: no filter, so all of them go (scim_quirks A.15)."""
    return [{"op": "remove", "path": "members"}] if _is_by_value(operation) else [operation]


def remove_nobody(operation: Document) -> Operations:
    """Passes over a filtered removal and says that all is well (scim_quirks A.14: authentik source, issue 25686)."""
    return [] if path_of(operation).lower().startswith("members[") else remove_each_value(operation)


async def drop_members_on_create(request: ScimRequest, serve: Serve) -> ScimResponse:
    """Makes every group empty (scim_quirks A.11, Sentry; Entra never sends members in a POST: entra 8.1)."""
    if is_about(request, "/Groups", "POST"):
        document = body_of(request)
        request = with_body(request, {name: document[name] for name in document if name != "members"})
    return await serve(request)


async def deactivate_on_delete(request: ScimRequest, serve: Serve) -> ScimResponse:
    """Deactivates a deleted user and goes on listing it (scim_quirks A.2, Slack; A.13, Salesforce)."""
    if not is_about(request, "/Users", "DELETE"):
        return await serve(request)
    request.method = "PATCH"
    answer = await serve(with_operations(request, [{"op": "replace", "path": "active", "value": False}]))
    return ScimResponse(status=HTTPStatus.NO_CONTENT) if answer.status < HTTPStatus.BAD_REQUEST else answer


def _is_by_value(operation: Document) -> bool:
    is_list = isinstance(operation.get("value"), list) and bool(operation["value"])
    return is_removal(operation) and path_of(operation).lower() == "members" and is_list

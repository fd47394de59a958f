"""Answering: what an endpoint says of itself, how it lists, and how often it may be asked."""

import time
from collections import deque
from dataclasses import replace
from http import HTTPStatus

from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse

from reconciler.sandbox.rewrite import Rewrite, Serve, is_about, refuse, resources_in

DISCOVERY = ("/ServiceProviderConfig", "/ResourceTypes", "/Schemas")
LISTS = ("/Users", "/Groups")


async def leave_members_out(request: ScimRequest, serve: Serve) -> ScimResponse:
    """Lists groups without their members (scim_quirks A.1, C.4 #22)."""
    answer = await serve(request)
    if _is_list(request, "/Groups"):
        for group in resources_in(answer):
            group.pop("members", None)
    return answer


async def hide_members(request: ScimRequest, serve: Serve) -> ScimResponse:
    """Never shows who is in a group, but finds a group by `members.value`, as AWS does (scim_quirks A.1, GetGroup)."""
    answer = await leave_members_out(request, serve)
    if is_about(request, "/Groups", "GET", "POST", "PUT", "PATCH") and answer.body is not None:
        answer.body.pop("members", None)
    return answer


def clamp_pages(most: int) -> Rewrite:
    """Gives at most `most` resources a page, whatever is asked for (scim_quirks A.2, Slack; B.2 #13)."""

    async def rewrite(request: ScimRequest, serve: Serve) -> ScimResponse:
        asked = request.query.get("count", "")
        if _is_list(request, *LISTS) and (not asked.isdecimal() or int(asked) > most):
            request = replace(request, query={**request.query, "count": str(most)})
        return await serve(request)

    return rewrite


async def ignore_filter(request: ScimRequest, serve: Serve) -> ScimResponse:
    """Answers a filter with everybody (scim_quirks B.2 #12, C.4 #39)."""
    if _is_list(request, *LISTS):
        query = {name: value for name, value in request.query.items() if name.lower() != "filter"}
        request = replace(request, query=query)
    return await serve(request)


async def hide_discovery(request: ScimRequest, serve: Serve) -> ScimResponse:
    """Has no discovery endpoint (scim_quirks A.15, Logfire; C.5 #14)."""
    if any(is_about(request, endpoint, request.method.upper()) for endpoint in DISCOVERY):
        return refuse(HTTPStatus.NOT_FOUND, "not found")
    return await serve(request)


async def announce_no_patch(request: ScimRequest, serve: Serve) -> ScimResponse:
    """Says in ServiceProviderConfig that it has no PATCH (RFC 7643 section 5)."""
    answer = await serve(request)
    if request.path == "/ServiceProviderConfig" and answer.body is not None:
        answer.body["patch"] = {"supported": False}
    return answer


def throttle(per_second: int) -> Rewrite:
    """Answers 429 with Retry-After to more than `per_second` requests a second (scim_quirks A.2, A.9, B.2 #17)."""
    recent: deque[float] = deque(maxlen=per_second)

    async def rewrite(request: ScimRequest, serve: Serve) -> ScimResponse:
        now = time.monotonic()
        if len(recent) == per_second and now - recent[0] < 1:
            answer = refuse(HTTPStatus.TOO_MANY_REQUESTS, f"at most {per_second} requests a second")
            answer.headers["Retry-After"] = "1"
            return answer
        recent.append(now)
        return await serve(request)

    return rewrite


def _is_list(request: ScimRequest, *endpoints: str) -> bool:
    return request.method.upper() == "GET" and request.path.rstrip("/") in endpoints

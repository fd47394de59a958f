"""Client: SCIM over HTTP. A reader has no way to write; only apply is handed a writer (RFC 7644)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from reconciler.edge.answers import NO_SCIM, decoded, exchange, no_answer_code, refusal
from reconciler.edge.pace import Pace, backoff, told_wait
from reconciler.edge.trust import check_origin, is_certificate, onward, trust
from reconciler.model.errors import AnswerLost, Refused, TransportError
from reconciler.model.neutral import neutral
from reconciler.model.target import Client

RETRIES = 5
PATIENCE = 12  # how often a refusal for haste (429) is waited out
REDIRECTS = 3
HEADERS = {
    "Accept": "application/scim+json, application/json",
    "Content-Type": "application/scim+json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "scim-reconciler",
}
Token = Callable[[bool], Awaitable[str | None]]  # True asks for a fresh one
Hooks = Mapping[str, list[Callable[[Any], Awaitable[None]]]]  # what httpx calls at each request and answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer: status, JSON body if there is one, ETag."""

    status: int
    body: dict[str, Any] | None
    etag: str | None = None


@dataclass(slots=True)
class Tally:
    """How many requests one task sent, and the status of the last answer (0: there was none yet)."""

    requests: int = 0
    status: int = 0


TALLY: ContextVar[Tally | None] = ContextVar("TALLY", default=None)  # a task of its own sets its own


@dataclass(slots=True)
class _Tries:
    """How often one request was tried: without an answer or with a passing fault, and refused for haste."""

    count: int = 0
    haste: int = 0
    is_renewed: bool = False

    async def wait(self, told: float | None) -> None:
        """Waits before the next try, as told or longer each time."""
        await asyncio.sleep(told if told is not None else backoff(self.count))
        self.count += 1


class ScimReader:
    """Reads one endpoint; paced, retried, and never following a redirect to another host.

    Each connection has a client of its own: one shared pool gets slower with every connection
    (research: perf 5c).
    """

    def __init__(self, connections: list[httpx.AsyncClient], base: str, client: Client, token: Token) -> None:
        self.base = base.rstrip("/")
        self._free: asyncio.LifoQueue[httpx.AsyncClient] = asyncio.LifoQueue()
        for connection in connections:
            self._free.put_nowait(connection)
        self._pace = Pace(client.requests_per_second)
        self._longest = client.timeout_seconds * 10
        self._token = token

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        """The answer to a GET below the base. Raises Refused or TransportError."""
        response = await self._request("GET", path, params=params)
        body = decoded(response)
        if body is None and response.content.strip():
            kind = neutral(response.headers.get("content-type", "no content type")[:100])
            raise TransportError(
                f"GET {path}: status {response.status_code}, but no JSON object ({kind}); does the url end where /Users begins?",
                code=NO_SCIM,
            )
        return Answer(status=response.status_code, body=body, etag=response.headers.get("etag"))

    async def get_bytes(self, path: str, params: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and body of the answer to a GET, as it came. Raises Refused or TransportError."""
        response = await self._request("GET", path, params=params)
        return response.status_code, response.content

    async def resource(self, endpoint: str, id_: str) -> dict[str, Any] | None:
        """One resource, or None if the endpoint does not know that id."""
        try:
            return (await self.get(f"{endpoint}/{quote(id_, safe='')}")).body
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    async def find(self, endpoint: str, attribute: str, value: str) -> list[dict[str, Any]]:
        """What an equality filter finds and what really fits it; an endpoint may ignore a filter (scim_quirks B.2 #12).

        Raises Refused where the endpoint cannot filter.
        """
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        body = (await self.get(endpoint, {"filter": f'{attribute} eq "{escaped}"'})).body or {}
        found = body.get("Resources") or body.get("resources") or []
        rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
        return [row for row in rows if str(row.get(attribute, "")).casefold() == value.casefold()]

    async def _request(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: object = None,
        etag: str | None = None,
    ) -> httpx.Response:  # fmt: skip
        content = msgspec.json.encode(body) if body is not None else None
        tries = _Tries()
        while True:
            try:
                response = await self._once(method, path, params, content, etag)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                await self._after_no_contact(error, tries)
            except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
                await self._after_no_answer(method, path, error, tries)
            else:
                if response.status_code < 300:
                    self._pace.ease()
                    return response
                await self._after_refusal(method, path, response, tries)

    async def _after_no_contact(self, error: Exception, tries: _Tries) -> None:
        """Nothing was sent: once more, unless the other side cannot be trusted or was tried often enough."""
        if tries.count >= RETRIES or is_certificate(error):
            text = f"cannot reach {self.base}: {str(error) or type(error).__name__}"
            raise TransportError(text, code=no_answer_code(error)) from None
        await tries.wait(None)

    async def _after_no_answer(self, method: str, path: str, error: Exception, tries: _Tries) -> None:
        """It may have been done: only what may be done twice is sent again from here."""
        text = f"{method} {path}: no answer ({type(error).__name__})"
        if method in ("POST", "PATCH"):
            raise AnswerLost(text, code=no_answer_code(error)) from None
        if tries.count >= RETRIES:
            raise TransportError(text, code=no_answer_code(error)) from None
        await tries.wait(None)

    async def _after_refusal(self, method: str, path: str, response: httpx.Response, tries: _Tries) -> None:
        status = response.status_code
        if status == 401 and not tries.is_renewed:
            tries.is_renewed = True
            if await self._token(True) is not None:
                return
        if status == 429 and tries.haste < PATIENCE:
            tries.haste += 1
            self._pace.hold(told_wait(response.headers) or backoff(min(tries.haste, 6)))
            return
        if method in ("POST", "PATCH") and status >= 500 and status != 501:
            raise AnswerLost(f"{method} {path}: status {status}; it may have taken effect", status=status)
        if tries.count >= RETRIES or not _is_retried(method, status):
            raise refusal(method, path, response, await self._token(False))
        await tries.wait(told_wait(response.headers))

    async def _once(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        content: bytes | None,
        etag: str | None,
    ) -> httpx.Response:
        url = self.base + path
        # What an endpoint calls an ETag may be no header at all; without it, the comparison atom by atom still holds.
        headers = {"If-Match": etag} if etag and etag.isascii() and etag.isprintable() else {}
        token = await self._token(False)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection = await self._free.get()
        try:
            response = await self._exchange(connection, method, url, params, content, headers)
            for _ in range(REDIRECTS):
                there = onward(method, url, response)
                if there is None:
                    break
                url = there
                response = await self._exchange(connection, method, url, None, content, headers)
            return response
        finally:
            self._free.put_nowait(connection)

    async def _exchange(
        self, connection: httpx.AsyncClient, method: str, url: str, params: Mapping[str, str] | None,
        content: bytes | None, headers: Mapping[str, str],
    ) -> httpx.Response:  # fmt: skip
        await self._pace.turn()
        tally = TALLY.get() or Tally()
        tally.requests, tally.status = tally.requests + 1, 0
        request = connection.build_request(method, url, params=params, content=content, headers=headers)
        async with asyncio.timeout(self._longest):
            response = await exchange(connection, request)
        tally.status = response.status_code
        return response


class ScimWriter(ScimReader):
    """Writes too; only apply is handed one."""

    async def send(self, method: str, path: str, body: object = None, etag: str | None = None) -> Answer:
        """The answer to a write; deleting what is gone counts as done.

        Raises AnswerLost where nobody knows whether it took effect (an answer that is no JSON may be anybody's),
        Refused and TransportError.
        """
        try:
            response = await self._request(method, path, body=body, etag=etag)
        except Refused as refused:
            if method == "DELETE" and refused.status == 404:
                return Answer(status=404, body=None)
            raise
        found = decoded(response)
        if found is None and response.content.strip():
            raise AnswerLost(f"{method} {path}: the answer is not JSON", code=NO_SCIM)
        return Answer(status=response.status_code, body=found, etag=response.headers.get("etag"))


@asynccontextmanager
async def open_reader(
    url: str, token: Token, client: Client, hooks: Hooks | None = None
) -> AsyncIterator[ScimReader]:
    """A reader of the endpoint at `url`, whose exchanges `hooks` hear. Raises TransportError for plain http to another machine."""
    async with AsyncExitStack() as stack:
        yield ScimReader(await _connections(stack, url, client, hooks), url, client, token)


@asynccontextmanager
async def open_writer(url: str, token: Token, client: Client) -> AsyncIterator[ScimWriter]:
    """A writer to the endpoint at `url`. Raises TransportError for plain http to another machine."""
    async with AsyncExitStack() as stack:
        yield ScimWriter(await _connections(stack, url, client, None), url, client, token)


async def _connections(
    stack: AsyncExitStack, url: str, client: Client, hooks: Hooks | None
) -> list[httpx.AsyncClient]:
    check_origin(url)
    verify = trust(url, client)
    return [
        await stack.enter_async_context(
            httpx.AsyncClient(
                headers=HEADERS, timeout=client.timeout_seconds, verify=verify, proxy=client.proxy,
                follow_redirects=False, trust_env=False, limits=httpx.Limits(max_connections=1), event_hooks=hooks,
            )
        )
        for _ in range(client.concurrency)
    ]  # fmt: skip


def _is_retried(method: str, status: int) -> bool:
    return status in (502, 503, 504) or (method == "GET" and status == 500)

"""Client: SCIM over HTTP. A reader has no way to write; only apply is handed a writer (RFC 7644)."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from reconciler.model.errors import AnswerLost, Refused, TransportError
from reconciler.model.target import Client

RETRIES = 5
LONGEST_WAIT = 60.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")
HEADERS = {
    "Accept": "application/scim+json, application/json",
    "Content-Type": "application/scim+json",
    "User-Agent": "scim-reconciler",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer: status, JSON body if there is one, ETag."""

    status: int
    body: dict[str, Any] | None
    etag: str | None = None


class ScimReader:
    """Reads one endpoint; paced, retried, and never following a redirect to another host."""

    def __init__(self, http: httpx.AsyncClient, base: str, client: Client) -> None:
        self._http, self._base = http, base.rstrip("/")
        self._slots = asyncio.Semaphore(client.concurrency)
        self._interval = 1 / client.requests_per_second
        self._next = 0.0

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        """The answer to a GET below the base. Raises Refused or TransportError."""
        return await self._request("GET", path, params=params)

    async def resource(self, endpoint: str, id_: str) -> dict[str, Any] | None:
        """One resource, or None if the endpoint does not know that id."""
        try:
            return (await self.get(f"{endpoint}/{quote(id_, safe='')}")).body
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    async def find(self, endpoint: str, filter_: str) -> list[dict[str, Any]]:
        """What a filter finds; the caller checks that each hit fits (research: scim_quirks B.2 #12)."""
        body = (await self.get(endpoint, {"filter": filter_})).body or {}
        found = body.get("Resources") or body.get("resources") or []
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []

    async def _request(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: object = None
    ) -> Answer:
        for attempt in range(RETRIES + 1):
            try:
                response = await self._once(method, path, params, body)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if attempt == RETRIES:
                    raise TransportError(f"cannot reach {self._base}: {error}") from None
                wait = _backoff(attempt)
            except httpx.HTTPError as error:
                if method == "POST":
                    raise AnswerLost(
                        f"{method} {path}: the answer was lost ({type(error).__name__})"
                    ) from None
                if attempt == RETRIES:
                    raise TransportError(f"{method} {path}: no answer ({type(error).__name__})") from None
                wait = _backoff(attempt)
            else:
                status = response.status_code
                if status < 300:
                    return _answer(method, path, response)
                if method == "POST" and status in (502, 504):
                    raise AnswerLost(f"POST {path}: status {status}; it may have taken effect")
                if attempt == RETRIES or not _is_retried(method, status, response):
                    raise _refusal(method, path, response)
                wait = _told(response) or _backoff(attempt)
            await asyncio.sleep(wait)
        raise TransportError(f"{method} {path}: no answer")

    async def _once(
        self, method: str, path: str, params: Mapping[str, str] | None, body: object
    ) -> httpx.Response:
        async with self._slots:
            await self._pace()
            content = msgspec.json.encode(body) if body is not None else None
            return await self._http.request(method, self._base + path, params=params, content=content)

    async def _pace(self) -> None:
        now = time.monotonic()
        self._next = max(self._next, now) + self._interval
        await asyncio.sleep(max(0.0, self._next - self._interval - now))


class ScimWriter(ScimReader):
    """Writes too; only apply is handed one."""

    async def send(self, method: str, path: str, body: object = None) -> Answer:
        """The answer to a write; deleting what is gone counts as done.

        Raises AnswerLost where nobody knows whether a POST took effect, Refused and TransportError.
        """
        try:
            return await self._request(method, path, body=body)
        except Refused as refused:
            if method == "DELETE" and refused.status == 404:
                return Answer(status=404, body=None)
            raise


@asynccontextmanager
async def open_reader(url: str, token: str | None, client: Client) -> AsyncIterator[ScimReader]:
    """A reader of the endpoint at `url`. Raises TransportError for plain http to another machine."""
    async with _http(url, token, client) as http:
        yield ScimReader(http, url, client)


@asynccontextmanager
async def open_writer(url: str, token: str | None, client: Client) -> AsyncIterator[ScimWriter]:
    """A writer to the endpoint at `url`. Raises TransportError for plain http to another machine."""
    async with _http(url, token, client) as http:
        yield ScimWriter(http, url, client)


def _http(url: str, token: str | None, client: Client) -> httpx.AsyncClient:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise TransportError(f"{url}: write an https url; plain http is for loopback only")
    headers = {**HEADERS, **({"Authorization": f"Bearer {token}"} if token else {})}
    return httpx.AsyncClient(
        headers=headers, timeout=client.timeout_seconds, verify=client.ca_file or True, proxy=client.proxy,
        follow_redirects=False, trust_env=False, limits=httpx.Limits(max_connections=client.concurrency),
    )  # fmt: skip


def _is_retried(method: str, status: int, response: httpx.Response) -> bool:
    if status == 429:
        return True
    if method == "POST":
        return status == 503 and "retry-after" in response.headers
    return status in (502, 503, 504) or (method == "GET" and status == 500)


def _told(response: httpx.Response) -> float | None:
    """Seconds to wait, as the endpoint says: Retry-After in seconds or as a date, or X-RateLimit-Reset."""
    after, reset = response.headers.get("retry-after", ""), response.headers.get("x-ratelimit-reset", "")
    wait: float | None = None
    if after.strip().isdecimal():
        wait = float(after)
    elif after:
        try:
            wait = parsedate_to_datetime(after).timestamp() - time.time()
        except ValueError:
            wait = None
    elif reset.strip().isdecimal():
        wait = float(reset) - time.time() if float(reset) > 1_000_000_000 else float(reset)
    return min(max(wait, 0.05), LONGEST_WAIT) if wait is not None else None


def _backoff(attempt: int) -> float:
    return min(LONGEST_WAIT, 0.2 * float(2**attempt)) * random.uniform(0.5, 1.0)  # noqa: S311  # jitter is no secret


def _answer(method: str, path: str, response: httpx.Response) -> Answer:
    if not response.content.strip() or response.status_code == 204:
        return Answer(status=response.status_code, body=None, etag=response.headers.get("etag"))
    try:
        body = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        body = None
    if not isinstance(body, dict):
        if method == "POST":
            raise AnswerLost(f"POST {path}: the answer is not JSON")
        if method != "GET":
            return Answer(status=response.status_code, body=None)
        kind = response.headers.get("content-type", "no content type")
        raise TransportError(f"{method} {path}: status {response.status_code}, but no JSON object ({kind})")
    return Answer(status=response.status_code, body=body, etag=response.headers.get("etag"))


def _refusal(method: str, path: str, response: httpx.Response) -> Refused | TransportError:
    status = response.status_code
    if status < 400:
        return TransportError(
            f"{method} {path}: redirected (status {status}); the token is not carried elsewhere: correct the url"
        )
    try:
        body = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        body = {}
    body = body if isinstance(body, dict) else {}
    detail = str(body.get("detail") or "")[:500]
    words = {401: "the token is refused: renew it", 403: "the token may not do this"}.get(
        status, detail or "refused"
    )
    scim_type = body.get("scimType")
    return Refused(
        f"{method} {path}: status {status}: {words}",
        status=status,
        scim_type=str(scim_type) if scim_type else None,
        detail=detail,
    )

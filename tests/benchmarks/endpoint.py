"""A SCIM endpoint that costs next to nothing: a raw asyncio protocol over resources that are rendered before it starts.

    python -m tests.benchmarks.endpoint FOLDER [REQUESTS_PER_SECOND]

Serves FOLDER's Users and Groups (a line of JSON each) below /scim/v2 on loopback, prints its port, and takes PATCH and POST.
Above the rate, if there is one, it answers 429. `GET /told` gives what it counted since the last `GET /reset`.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

SCIM = "/scim/v2"
PAGE = 1_000
CONFIG = {
    "patch": {"supported": True},
    "filter": {"supported": True, "maxResults": PAGE},
    "etag": {"supported": False},
}
FILTER = re.compile(r'(\w+) eq "(.*)"')
MEMBER = re.compile(r'members\[value eq "(.*)"\]')


@dataclass(slots=True)
class Collection:
    """One type's resources, rendered; pages of 1,000 are rendered once and again when one in them changed."""

    lines: list[bytes]
    pages: dict[int, bytes] = field(default_factory=dict)
    place_by_id: dict[str, int] = field(default_factory=dict)

    def page(self, start: int, count: int) -> bytes:
        """An answer to a list request, as RFC 7644 section 3.4.2.4 wants it."""
        count = min(count, PAGE)
        if (start - 1) % PAGE or count < PAGE:
            return self._render(start, count)
        if start not in self.pages:
            self.pages[start] = self._render(start, count)
        return self.pages[start]

    def _render(self, start: int, count: int) -> bytes:
        found = self.lines[start - 1 : start - 1 + count]
        head = f'"totalResults":{len(self.lines)},"startIndex":{start},"itemsPerPage":{len(found)}'
        schemas = '"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"]'
        return b'{%s,%s,"Resources":[%s]}' % (schemas.encode(), head.encode(), b",".join(found))

    def find(self, id_: str) -> int | None:
        """The place of a resource."""
        if not self.place_by_id:
            self.place_by_id = {json.loads(line)["id"]: place for place, line in enumerate(self.lines)}
        return self.place_by_id.get(id_)

    def put(self, place: int, resource: dict[str, Any]) -> bytes:
        """Keeps a resource at its place, or as the last one."""
        line = json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()
        if place == len(self.lines):
            self.find("")
            self.lines.append(line)
            self.place_by_id[resource["id"]] = place
            self.pages.clear()
        else:
            self.lines[place] = line
            self.pages.pop(place // PAGE * PAGE + 1, None)
        return line

    def search(self, name: str, value: str) -> list[bytes]:
        """The resources whose attribute has that value."""
        wanted = f'"{name}":{json.dumps(value, ensure_ascii=False)}'.encode()
        return [line for line in self.lines if wanted in line]


@dataclass(slots=True)
class Endpoint:
    """What is served, at which rate, and what was counted."""

    collections: dict[str, Collection]
    rate: float | None
    requests: int = 0
    refused: int = 0
    writes: list[float] = field(default_factory=list)
    allowance: float = 1.0
    moment: float = 0.0

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        """Status and content of the answer to a request."""
        parts = urlsplit(target)
        if parts.path in ("/told", "/reset"):
            return 200, self._told(parts.path)
        self.requests += 1
        if self.rate and not self._is_allowed(self.rate):
            self.refused += 1
            return 429, b"{}"
        path = parts.path.removeprefix(SCIM)
        _, kind, *rest = path.split("/")
        if kind in self.collections:
            collection = self.collections[kind]
            if method == "GET":
                return _read(collection, rest, parse_qs(parts.query))
            self.writes.append(time.monotonic())
            return _write(collection, kind, rest, json.loads(body))
        static = {
            "/ServiceProviderConfig": CONFIG,
            "/ResourceTypes": {"Resources": []},
            "/Schemas": {"Resources": []},
        }
        return (200, json.dumps(static[path]).encode()) if path in static else (404, b"{}")

    def _is_allowed(self, rate: float) -> bool:
        """A bucket of a tenth of a second's requests, filled at the rate."""
        now = time.monotonic()
        self.allowance = min(max(1.0, rate / 10), self.allowance + (now - self.moment) * rate)
        self.moment = now
        if self.allowance < 1:
            return False
        self.allowance -= 1
        return True

    def _told(self, path: str) -> bytes:
        took = self.writes[-1] - self.writes[0] if self.writes else 0
        told = {
            "requests": self.requests,
            "refused": self.refused,
            "writes": len(self.writes),
            "seconds": took,
        }
        if path == "/reset":
            self.requests = self.refused = 0
            self.writes.clear()
        return json.dumps(told).encode()


def _read(collection: Collection, rest: list[str], query: dict[str, list[str]]) -> tuple[int, bytes]:
    if rest:
        place = collection.find(unquote(rest[0]))
        return (200, collection.lines[place]) if place is not None else (404, b"{}")
    if wanted := FILTER.fullmatch(query.get("filter", [""])[0]):
        found = collection.search(wanted[1], wanted[2])
        return 200, b'{"totalResults":%d,"Resources":[%s]}' % (len(found), b",".join(found))
    return 200, collection.page(
        int(query.get("startIndex", ["1"])[0]), int(query.get("count", [str(PAGE)])[0])
    )


def _write(collection: Collection, kind: str, rest: list[str], body: dict[str, Any]) -> tuple[int, bytes]:
    if not rest:
        place = len(collection.lines)
        return 201, collection.put(place, {**body, "id": f"new-{kind}-{place}"})
    found = collection.find(unquote(rest[0]))
    if found is None:
        return 404, b"{}"
    resource = json.loads(collection.lines[found])
    for operation in body["Operations"]:
        _patch(resource, operation)
    return 200, collection.put(found, resource)


def _patch(resource: dict[str, Any], operation: dict[str, Any]) -> None:
    """The operations that the benchmarks cause: one attribute, or members one by one."""
    op, path = operation["op"].lower(), operation.get("path", "")
    value: Any = operation.get("value")
    if member := MEMBER.fullmatch(path):
        resource["members"] = [one for one in resource["members"] if one["value"] != member[1]]
    elif path == "members" and op == "add":
        resource["members"] = [*resource.get("members", ()), *value]
    elif path.isalpha() and op in ("add", "replace"):
        resource[path] = value
    else:
        raise NotImplementedError(operation)


class Connection(asyncio.Protocol):
    """One connection that is kept: requests with Content-Length in, answers with Content-Length out."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._received = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while self._transport is not None and (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end].decode("latin-1")
            length = re.search(r"\ncontent-length: *(\d+)", head.lower())
            until = end + 4 + (int(length[1]) if length else 0)
            if len(self._received) < until:
                return
            body, self._received = self._received[end + 4 : until], self._received[until:]
            method, target, _ = head.split(" ", 2)
            status, content = self._endpoint.answer(method, target, body)
            line = f"HTTP/1.1 {status} x\r\nContent-Type: application/scim+json\r\nContent-Length: {len(content)}\r\n\r\n"
            self._transport.write(line.encode() + content)


async def serve(folder: Path, rate: float | None) -> None:
    """Serves until it is ended."""
    collections = {
        name: Collection((folder / name).read_bytes().splitlines()) for name in ("Users", "Groups")
    }
    for collection in collections.values():
        for start in range(1, len(collection.lines) + 1, PAGE):
            collection.page(start, PAGE)
    endpoint = Endpoint(collections, rate)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(endpoint), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else None))

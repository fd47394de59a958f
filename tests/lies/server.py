"""A small SCIM server on loopback that lies as it is told to, and remembers every write that it got.

It is honest wherever its lie says nothing. What it holds is set directly, whatever a server would refuse: twins too.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, cast
from urllib.parse import parse_qs, unquote, urlsplit

from tests.loopback import LOOPBACK, serving

TOKEN = "a-token-for-tests"
BASE = "/scim/v2"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
SCHEMAS = {
    "/Users": "urn:ietf:params:scim:schemas:core:2.0:User",
    "/Groups": "urn:ietf:params:scim:schemas:core:2.0:Group",
}
NAMES = {
    "/Users": ("userName", "displayName", "externalId", "title", "active", ENTERPRISE),
    "/Groups": ("displayName", "externalId", "members"),
}
PAGE = 20  # the most that it gives at once

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a list was asked for."""

    rows: list[Document]  # all that there are to see
    start: int
    count: int
    served: int  # how many answers to lists of this kind were given before


Answering = Callable[[Asked], "Document | list[object] | str"]


def honest(asked: Asked) -> Document:
    """A page as RFC 7644 has it."""
    return listed(
        asked.rows[asked.start - 1 : asked.start - 1 + min(asked.count, PAGE)], len(asked.rows), asked.start
    )


def listed(rows: object, total: object, start: int = 1) -> Document:
    """A list's envelope."""
    count = len(rows) if isinstance(rows, list) else 0
    return {
        "schemas": [LIST], "totalResults": total, "startIndex": start, "itemsPerPage": count, "Resources": rows,
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Lie:
    """How an endpoint deviates from the truth; by default it does not."""

    name: str = "the truth"
    about: tuple[str, ...] = ("/Users",)
    hides: Callable[[Document], bool] = field(
        default=lambda _: False
    )  # not in lists; found by filter and by id
    answers: Answering = honest
    honest_lists: int = 0  # so many lists of a kind are honest before it lies
    finds: Literal["what is asked for", "everyone", "nobody"] = "what is asked for"
    keeps: bool = True  # what a PATCH or PUT says
    created: Literal["in full", "without body", "without Location"] = "in full"
    patches: bool = True
    echoes: bool = False  # refuses what is written, and repeats it as the reason
    id_of: Callable[[int], object] = field(default=lambda number: f"id-{number}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One write, as it came, and what was answered."""

    method: str
    path: str  # below the base, as it was sent
    body: Any
    status: int


class LyingServer:
    """Users and groups in memory, and the lie about them."""

    def __init__(self, lie: Lie) -> None:
        self.lie = lie
        self.url = ""
        self.writes: list[Write] = []
        self.lock = threading.Lock()
        self._rows: dict[str, dict[str, Document]] = {"/Users": {}, "/Groups": {}}
        self._served = {"/Users": 0, "/Groups": 0}
        self._number = 0

    def lets_in(self, authorization: str | None) -> bool:
        """Whether a request with this header is answered at all."""
        return authorization == f"Bearer {TOKEN}"

    def hold(self, endpoint: str, **document: object) -> str:
        """Hold one more resource, unasked; gives its id as text."""
        self._number += 1
        id_ = self.lie.id_of(self._number)
        self._rows[endpoint][str(id_)] = {
            "schemas": [SCHEMAS[endpoint]], "id": id_, **document, "meta": {"resourceType": endpoint[1:-1]},
        }  # fmt: skip
        return str(id_)

    def rows(self, endpoint: str) -> dict[str, Document]:
        """A copy of what it really holds, by id."""
        with self.lock:
            return cast("dict[str, Document]", json.loads(json.dumps(self._rows[endpoint])))

    @property
    def kept(self) -> list[Write]:
        """The writes that it accepted."""
        return [write for write in self.writes if write.status < 300]

    def answer(self, method: str, target: str, body: Any) -> tuple[int, object, dict[str, str]]:
        """Status, body and headers for a request below the base."""
        parts = urlsplit(target)
        with self.lock:
            if self.lie.echoes and body:
                return _refuse(400, detail=f"cannot take {json.dumps(body)}")
            status, said, headers = self._answer(method, parts.path, parse_qs(parts.query), body)
            if method != "GET":
                self.writes.append(Write(method=method, path=parts.path, body=body, status=status))
        return status, said, headers

    def _answer(
        self, method: str, path: str, params: dict[str, list[str]], body: Any
    ) -> tuple[int, object, dict[str, str]]:
        endpoint = next(
            (known for known in self._rows if path == known or path.startswith(known + "/")), None
        )
        if path == "/ServiceProviderConfig" and method == "GET":
            return 200, {"patch": {"supported": self.lie.patches}, "filter": {"supported": True}}, {}
        if endpoint is None:
            return _refuse(404)
        rows, id_ = self._rows[endpoint], unquote(path[len(endpoint) + 1 :])
        if not id_:
            if method == "GET":
                return 200, self._list(endpoint, params), {}
            return self._create(endpoint, body) if method == "POST" else _refuse(405)
        if id_ not in rows:
            return _refuse(404)
        match method:
            case "GET":
                return 200, rows[id_], {}
            case "DELETE":
                del rows[id_]
                return 204, None, {}
            case "PATCH" if not self.lie.patches:
                return _refuse(501)
            case "PATCH" | "PUT":
                return self._change(method, endpoint, id_, body)
            case _:
                return _refuse(405)

    def _list(self, endpoint: str, params: dict[str, list[str]]) -> object:
        rows = list(self._rows[endpoint].values())
        lie = self.lie if endpoint in self.lie.about else Lie()
        if "filter" in params:
            found = _filtered(rows, params["filter"][0], lie.finds)
            return listed(found[:PAGE], len(found))
        served = self._served[endpoint]
        self._served[endpoint] += 1
        visible = [row for row in rows if not lie.hides(row)] if served >= lie.honest_lists else rows
        asked = Asked(
            rows=visible, start=max(1, int(params.get("startIndex", ["1"])[0])),
            count=int(params.get("count", ["100"])[0]), served=served,
        )  # fmt: skip
        return lie.answers(asked) if served >= lie.honest_lists else honest(asked)

    def _create(self, endpoint: str, body: Document) -> tuple[int, object, dict[str, str]]:
        name = "userName" if endpoint == "/Users" else "displayName"
        if any(_fold(row.get(name)) == _fold(body.get(name)) for row in self._rows[endpoint].values()):
            return _refuse(409, scimType="uniqueness")
        id_ = self.hold(endpoint, **{key: value for key, value in body.items() if key != "schemas"})
        location = {"Location": f"{self.url}{endpoint}/{id_}"}
        match self.lie.created:
            case "without body":
                return 201, None, location
            case "without Location":
                return 201, self._rows[endpoint][id_], {}
            case _:
                return 201, self._rows[endpoint][id_], location

    def _change(
        self, method: str, endpoint: str, id_: str, body: Document
    ) -> tuple[int, object, dict[str, str]]:
        row = self._rows[endpoint][id_]
        after: Document = json.loads(json.dumps(row))
        if method == "PUT":
            after = {"schemas": row["schemas"], **body, "id": row["id"], "meta": row["meta"]}
        elif not all(_carry_out(after, operation, NAMES[endpoint]) for operation in body["Operations"]):
            return _refuse(400, scimType="invalidPath")
        name = after.get("userName")
        others = (other for key, other in self._rows[endpoint].items() if key != id_)
        if name is not None and any(_fold(other.get("userName")) == _fold(name) for other in others):
            return _refuse(409, scimType="uniqueness")
        if self.lie.keeps:
            self._rows[endpoint][id_] = after
        return 200, self._rows[endpoint][id_], {}


def _filtered(rows: list[Document], filter_: str, finds: str) -> list[Document]:
    if finds == "everyone":
        return rows
    found = re.fullmatch(r'(\w+) eq ("(?:[^"\\]|\\.)*")', filter_)
    if finds == "nobody" or found is None:
        return []
    name, value = found[1], json.loads(found[2])
    is_exact = name in ("id", "externalId")
    return [r for r in rows if r.get(name) == value or (not is_exact and _fold(r.get(name)) == _fold(value))]


def _carry_out(row: Document, operation: Document, names: tuple[str, ...]) -> bool:
    """One operation of a PATCH; False for a path that is not known here."""
    op, path = str(operation["op"]).lower(), operation.get("path")
    value: Any = operation.get("value")
    if path is None:
        return all(
            _carry_out(row, {"op": op, "path": key, "value": inner}, names) for key, inner in value.items()
        )
    member = re.fullmatch(r'members\[value eq ("(?:[^"\\]|\\.)*")\]', path)
    if member is not None or (path == "members" and op == "remove" and isinstance(value, list)):
        gone = [json.loads(member[1])] if member else [entry["value"] for entry in value]
        row["members"] = [
            entry for entry in row.get("members", []) if str(entry["value"]) not in map(str, gone)
        ]
    elif path == "members" and op == "add":
        row.setdefault("members", []).extend(value)
    elif path.startswith(ENTERPRISE + ":"):
        inner = row.setdefault(ENTERPRISE, {})
        _put(inner, op, path[len(ENTERPRISE) + 1 :], value)
    elif path in names:
        _put(row, op, path, value)
    else:
        return False
    return True


def _put(row: Document, op: str, name: str, value: object) -> None:
    if op == "remove" or value is None:
        row.pop(name, None)
    else:
        row[name] = value


def _fold(value: object) -> object:
    return value.casefold() if isinstance(value, str) else value


def _refuse(status: int, **more: str) -> tuple[int, object, dict[str, str]]:
    return status, {"schemas": [ERROR], "status": str(status), **more}, {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        lying = cast("_Listener", self.server).lying
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not lying.lets_in(self.headers.get("Authorization")):
            status, said, headers = _refuse(401)
        elif not self.path.startswith(BASE):
            status, said, headers = _refuse(404)
        else:
            given = json.loads(body) if body else None
            status, said, headers = lying.answer(self.command, self.path[len(BASE) :], given)
        content = (
            said.encode() if isinstance(said, str) else json.dumps(said).encode() if said is not None else b""
        )
        self.send_response(status)
        kind = "text/html" if isinstance(said, str) else "application/scim+json"
        for name, value in {**headers, "Content-Type": kind, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815  # the library's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
        del format, args


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, lying: LyingServer) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.lying = lying

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away says nothing about the server."""


@contextmanager
def lie_about(lie: Lie) -> Iterator[LyingServer]:
    """A server that tells this lie."""
    lying = LyingServer(lie)
    with serve(lying):
        yield lying


@contextmanager
def serve(lying: LyingServer) -> Iterator[None]:
    """Answers on loopback, at the server's `url`."""
    with serving(_Listener(lying)) as listener:
        lying.url = f"http://{LOOPBACK}:{listener.server_address[1]}{BASE}"
        yield

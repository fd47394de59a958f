"""An API of GitHub on loopback: comments, issues, pull requests, runs and artifacts of one repository.

A token may do what its job's `permissions:` say and no more; faults can be put before the next writes.
"""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

Row = dict[str, Any]
REPOSITORY = "o/r"
LONGEST = 65_536
BOT = {"login": "github-actions[bot]", "type": "Bot"}
_TOO_LONG = {
    "message": "Validation Failed",
    "errors": [{"code": "unprocessable", "field": "data", "message": f"Body is too long (maximum is {LONGEST} characters)"}],
}  # fmt: skip


@dataclass(slots=True)
class Answer:
    """What the API answers: status, JSON or bytes, headers."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Denied(Exception):
    """An answer that ends a request."""

    def __init__(self, status: int, body: Row) -> None:
        super().__init__(status)
        self.answer = Answer(status, body)


@dataclass(slots=True)
class Hub:
    """What GitHub holds of the repository, and the journal of what was written there."""

    is_private: bool = True
    has_issues: bool = True
    comments: dict[int, list[Row]] = field(default_factory=dict)
    issues: dict[int, Row] = field(default_factory=dict)
    pulls_of: dict[str, list[Row]] = field(default_factory=dict)
    runs: list[Row] = field(default_factory=list)
    artifacts: list[Row] = field(default_factory=list)
    journal: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    faults: list[Answer] = field(default_factory=list)
    tokens: dict[str, frozenset[str]] = field(default_factory=dict)  # "issues:write", …
    last: int = 1000

    def next(self) -> int:
        """A number that nothing has yet."""
        self.last += 1
        return self.last

    def token_for(self, scopes: frozenset[str]) -> str:
        """A token that may do these things."""
        token = f"ghs_{len(self.tokens)}"
        self.tokens[token] = scopes
        return token

    def issue(self) -> Row:
        """The only issue there is."""
        (issue,) = self.issues.values()
        return issue

    def comment(self, number: int = 7) -> str:
        """The only comment of ours of a pull request."""
        (body,) = (row["body"] for row in self.comments.get(number, []) if row["user"] == BOT)
        return str(body)


@contextmanager
def open_hub() -> Iterator[tuple[Hub, str]]:
    """A hub and the url of its API."""
    hub, lock = Hub(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            del format, args

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            with lock:
                answer = _answer(
                    hub, self.command, self.path, dict(self.headers), json.loads(body) if body else {}
                )
            content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {
                "content-length": str(len(content)),
                "content-type": "application/json",
                **answer.headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PATCH = do_GET  # noqa: N815 - the library's names

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(slots=True)
class _Request:
    hub: Hub
    method: str
    url: str
    query: dict[str, str]
    body: Row
    scopes: frozenset[str]
    host: str

    def need(self, *any_of: str) -> None:
        if not self.scopes & set(any_of):
            raise Denied(403, {"message": "Resource not accessible by integration"})

    def need_room(self) -> None:
        if len(self.body.get("body") or "") > LONGEST:
            raise Denied(422, _TOO_LONG)

    def page(self, rows: list[Row], key: str = "") -> Answer:
        size, number = min(int(self.query.get("per_page", 30)), 100), int(self.query.get("page", 1))
        part, headers = rows[(number - 1) * size : number * size], {}
        if number * size < len(rows):
            onward = urlencode({**self.query, "page": str(number + 1)})
            headers = {"link": f'<http://{self.host}{self.url}?{onward}>; rel="next"'}
        return Answer(200, {"total_count": len(rows), key: part} if key else part, headers)


def _answer(hub: Hub, method: str, path: str, headers: dict[str, str], body: Row) -> Answer:
    parts = urlsplit(path)
    given = {name.lower(): value for name, value in headers.items()}
    hub.requests.append(f"{method} {parts.path}")
    if parts.path.startswith("/storage/"):
        if "authorization" in given:
            return Answer(400, {"message": "a token came to the storage"})
        return Answer(200, _zip(hub, int(parts.path.rpartition("/")[2])))
    scopes = hub.tokens.get(given.get("authorization", "").removeprefix("Bearer "))
    if scopes is None:
        return Answer(401, {"message": "Bad credentials"})
    if method != "GET" and hub.faults:
        return hub.faults.pop(0)
    request = _Request(hub, method, parts.path, dict(parse_qsl(parts.query)), body, scopes, given["host"])
    for pattern, handle in ROUTES:
        if found := re.fullmatch(rf"/repos/{REPOSITORY}{pattern}", parts.path):
            try:
                return handle(request, *found.groups())
            except Denied as denied:
                return denied.answer
    return Answer(404, {"message": "Not Found"})


def _repository(request: _Request) -> Answer:
    return Answer(200, {"private": request.hub.is_private})


def _comments(request: _Request, number: str) -> Answer:
    rows = request.hub.comments.setdefault(int(number), [])
    if request.method == "GET":
        return request.page(rows)
    request.need("pull-requests:write", "issues:write")
    request.need_room()
    row = {"id": request.hub.next(), "body": request.body["body"], "user": BOT}
    rows.append(row)
    request.hub.journal.append("comment created")
    return Answer(201, row)


def _comment(request: _Request, id_: str) -> Answer:
    request.need("pull-requests:write", "issues:write")
    request.need_room()
    for row in (row for rows in request.hub.comments.values() for row in rows):
        if row["id"] == int(id_):
            row["body"] = request.body["body"]
            request.hub.journal.append("comment edited")
            return Answer(200, row)
    raise Denied(404, {"message": "Not Found"})


def _issues(request: _Request) -> Answer:
    hub = request.hub
    if not hub.has_issues:
        raise Denied(410, {"message": "Issues are disabled for this repo"})
    if request.method == "GET":
        request.need("issues:read", "issues:write")
        label, state = request.query.get("labels", ""), request.query.get("state", "open")
        rows = [
            row for row in hub.issues.values() if label in row["labels"] and state in ("all", row["state"])
        ]
        return request.page(sorted(rows, key=lambda row: -row["number"]))
    request.need("issues:write")
    request.need_room()
    number = hub.next()
    row = {
        "number": number, "state": "open", "state_reason": None, "title": request.body["title"], "body": request.body["body"],
        "labels": request.body["labels"], "user": BOT,
    }  # fmt: skip
    hub.issues[number] = row
    hub.journal.append("issue created")
    return Answer(201, row)


def _issue(request: _Request, number: str) -> Answer:
    request.need("issues:write")
    request.need_room()
    row = request.hub.issues[int(number)]
    row.update(request.body)
    state = request.body.get("state")
    request.hub.journal.append(
        {"closed": "issue closed", "open": "issue reopened"}.get(state or "", "issue edited")
    )
    return Answer(200, row)


def _pulls(request: _Request, commit: str) -> Answer:
    request.need("pull-requests:read", "pull-requests:write")
    return request.page(request.hub.pulls_of.get(commit, []))


def _runs(request: _Request, workflow: str) -> Answer:
    request.need("actions:read", "actions:write")
    rows = [
        row for row in request.hub.runs
        if row["path"].endswith(f"/{workflow}")
        and all(row.get(at) == wanted for name, at in (("head_sha", "head_sha"), ("event", "event"), ("branch", "head_branch"))
                if (wanted := request.query.get(name)))
    ]  # fmt: skip
    return request.page(sorted(rows, key=lambda row: -row["id"]), "workflow_runs")


def _artifacts(request: _Request, run: str) -> Answer:
    request.need("actions:read", "actions:write")
    rows = [row for row in request.hub.artifacts if row["workflow_run"]["id"] == int(run)]
    return request.page(
        [{name: value for name, value in row.items() if name != "folder"} for row in rows], "artifacts"
    )


def _download(request: _Request, id_: str) -> Answer:
    request.need("actions:read", "actions:write")
    return Answer(302, {}, {"location": f"http://{request.host}/storage/{id_}"})


def _zip(hub: Hub, id_: int) -> bytes:
    (folder,) = (Path(row["folder"]) for row in hub.artifacts if row["id"] == id_)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as files:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                files.write(path, path.relative_to(folder))
    return stream.getvalue()


ROUTES: list[tuple[str, Callable[..., Answer]]] = [
    ("", _repository),
    (r"/issues/(\d+)/comments", _comments),
    (r"/issues/comments/(\d+)", _comment),
    ("/issues", _issues),
    (r"/issues/(\d+)", _issue),
    (r"/commits/([0-9a-f]+)/pulls", _pulls),
    (r"/actions/workflows/([\w.-]+)/runs", _runs),
    (r"/actions/runs/(\d+)/artifacts", _artifacts),
    (r"/actions/artifacts/(\d+)/zip", _download),
]

"""A small company, an endpoint that is in trouble as it is told to, and the command line between them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse

from reconciler.sandbox import Dialect, running
from reconciler.sandbox.rewrite import Rewrite, Serve, refuse
from tests.properties.bench import TOKEN, Done, Repository

Record = dict[str, Any]
Answer = Callable[[ScimRequest, Serve], Awaitable[ScimResponse | None]]
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MAPPINGS = f"""\
mappings:
  plain:
    users:
      match: [externalId, userName]
      attributes:
        externalId: objectId
        userName: userPrincipalName
        active: {{expression: 'Not([IsSoftDeleted])'}}
        displayName: displayName
        title: jobTitle
        '{ENTERPRISE}:manager': manager
    groups:
      match: [externalId, displayName]
      attributes: {{externalId: objectId, displayName: displayName, members: members}}
"""
TARGET = """\
targets:
  acme:
    url: {env: SCIM_URL}
    auth: {bearer: {env: SCIM_TOKEN}}
    mapping: plain
    scope: {users: all, groups: all}
    ownership: externalId
    client: {requestsPerSecond: 1000}
    budgets: {adopt: {count: 5}, create: {count: 500}}
"""


@dataclass(slots=True, kw_only=True)
class Troubled:
    """The desired state by id, what the endpoint answers instead of serving, and the command line."""

    repository: Repository
    people: dict[str, Record] = field(default_factory=dict)
    teams: dict[str, Record] = field(default_factory=dict)
    target: str = TARGET
    scopes: str = ""
    answers: list[Answer] = field(default_factory=list)

    def declare(self) -> None:
        """Writes the desired state."""
        files = {
            "mappings.yaml": MAPPINGS, "targets.yaml": self.target, "users.yaml": json.dumps({"users": self.people}),
            "groups.yaml": json.dumps({"groups": self.teams}),
        }  # fmt: skip
        self.repository.write({**files, **({"scopes.yaml": self.scopes} if self.scopes else {})})

    def run(self, *arguments: str) -> Done:
        """Writes the desired state and runs a command on it."""
        self.declare()
        return self.repository.run(*arguments)

    def apply(self, *arguments: str) -> Done:
        """Applies, whoever asks."""
        return self.run("apply", "--yes", "--no-progress", *arguments)

    def refuse(
        self,
        methods: str,
        path: str,
        status: int,
        detail: str = "",
        scim_type: str | None = None,
        **headers: str,
    ) -> None:
        """Has such requests refused; the last word is the first to be asked."""

        async def answer(request: ScimRequest, _: Serve) -> ScimResponse | None:
            if request.method not in methods.split() or not request.path.startswith(path):
                return None
            response = refuse(HTTPStatus(status), detail, scim_type)
            response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
            return response

        self.answers.insert(0, answer)

    def runs(self) -> list[list[Record]]:
        """The records of every run's log, the oldest first."""
        paths = sorted((self.repository.base / ".reconcile" / "runs").glob("*.jsonl"))
        return [[json.loads(line) for line in path.read_bytes().splitlines()] for path in paths]

    def outcomes(self) -> list[Record]:
        """What the latest log says of each change."""
        return [record for record in self.runs()[-1] if record["record"] == "outcome"]

    def of(self, key: str, status: str = "") -> Record:
        """The latest record of one object, or its latest of that status."""
        return [
            record for record in self.outcomes()
            if record["sourceIdentity"]["id"] == key and status in ("", record["statusInfo"]["status"])
        ][-1]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """An endpoint that several tests use one after another, and what it answers at the moment."""

    url: str
    answers: list[Answer]

    def clear(self) -> None:
        """It is empty and well again."""
        self.answers.clear()
        with httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False
        ) as client:
            for path in ("/Groups", "/Users"):
                found = client.get(path, params={"count": "1000"}).raise_for_status().json()
                for row in found.get("Resources", ()):
                    client.delete(f"{path}/{row['id']}").raise_for_status()

    def found_company(self, base: Path) -> Troubled:
        """A company of Ada, Grace and Bob, and Engineering, of which the endpoint knows nothing yet."""
        people = {
            key: {"userPrincipalName": f"{key}@example.com", "displayName": key.capitalize(), "jobTitle": "Engineer"}
            for key in ("ada", "grace", "bob")
        }  # fmt: skip
        teams = {"engineering": {"displayName": "Engineering", "members": ["ada", "grace"]}}
        repository = Repository(base=base, url=self.url)
        return Troubled(repository=repository, people=people, teams=teams, answers=self.answers)


@contextmanager
def open_ground() -> Iterator[Ground]:
    """An endpoint that answers as it is told to."""
    answers: list[Answer] = []

    async def rewrite(request: ScimRequest, serve: Serve) -> ScimResponse:
        for answer in answers:
            response = await answer(request, serve)
            if response is not None:
                return response
        return await serve(request)

    def rewrites() -> Sequence[Rewrite]:
        return (rewrite,)

    dialect = Dialect(name="troubled", text="as told", rewrites=rewrites)
    with running(None, TOKEN, dialect=dialect) as endpoint:
        yield Ground(url=endpoint.url, answers=answers)

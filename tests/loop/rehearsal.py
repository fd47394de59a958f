"""A rehearsal: a year of a small company against the sandbox in one dialect, with every request and every membership seen."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse

from reconciler.cli import reconcile
from reconciler.sandbox import Dialect, Endpoint, running
from reconciler.sandbox.rewrite import Rewrite, Serve

TOKEN = "a-token"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
STAFF = [f"staff{number}" for number in range(1, 11)]  # with the others more than a page of ten
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
        name.givenName: givenName
        name.familyName: surname
        title: jobTitle
        'emails[type eq "work"].value': mail
        'phoneNumbers[type eq "mobile"].value': mobile
        '{ENTERPRISE}:department': department
        '{ENTERPRISE}:manager': manager
    groups:
      match: [externalId, displayName]
      attributes: {{externalId: objectId, displayName: displayName, members: members}}
"""
TARGETS = """\
targets:
  live:
    profile: rfc
    url: {env: SCIM_URL}
    auth: {bearer: {env: SCIM_TOKEN}}
    mapping: plain
    scope: {users: all, groups: all}
    client: {requestsPerSecond: 1000}
    budgets: {deactivate: {count: 5}, delete: {count: 5}, reactivate: {count: 5}, removeMembersPerGroup: {count: 9}}
"""


@dataclass(slots=True)
class Seen:
    """What came in at the endpoint's door, and who was in which group after each write that got through."""

    writes: list[tuple[str, str, int]] = field(default_factory=list)
    moments: list[dict[str, frozenset[str]]] = field(default_factory=list)

    def around(self, dialect: Dialect) -> Dialect:
        """The same dialect, watched from outside and from inside."""

        def rewrites() -> Sequence[Rewrite]:
            return (self._at_the_door, *dialect.rewrites(), self._inside)

        return replace(dialect, rewrites=rewrites)

    @property
    def members(self) -> dict[str, frozenset[str]]:
        """The ids of the members of each group, by its id, as they are now."""
        return self.moments[-1] if self.moments else {}

    async def _at_the_door(self, request: ScimRequest, serve: Serve) -> ScimResponse:
        method, path = request.method, request.path
        answer = await serve(request)
        if method != "GET":
            self.writes.append((method, path, int(answer.status)))
        return answer

    async def _inside(self, request: ScimRequest, serve: Serve) -> ScimResponse:
        answer = await serve(request)
        if request.method != "GET":
            listed = await serve(replace(request, method="GET", path="/Groups", query={}, body=b""))
            groups = (listed.body or {}).get("Resources", [])
            self.moments.append(
                {group["id"]: frozenset(m["value"] for m in group.get("members", ())) for group in groups}
            )
        return answer


@dataclass(slots=True)
class Rehearsal:
    """The company's desired state, and the command line run on it."""

    base: Path
    seen: Seen
    endpoint: Endpoint
    said: str = ""
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)

    def begin(self, target: str = "") -> None:
        """Writes the company as it is founded."""
        folder = self.base / "desired_state"
        folder.mkdir()
        (folder / "mappings.yaml").write_text(MAPPINGS, encoding="utf-8")
        kept = "" if "ownership:" in target else "    ownership: externalId\n"
        (folder / "targets.yaml").write_text(TARGETS + kept + target, encoding="utf-8")
        for key in ("ada", "grace", "bob", *STAFF):
            name = key.capitalize()
            self.people[key] = {
                "userPrincipalName": f"{name}@Example.com", "displayName": f"{name} Li", "givenName": name,
                "surname": "Li", "mail": f"{name}@Example.com", "mobile": "+44 20 7946-0001", "jobTitle": "Engineer",
                "department": "Works", "accountEnabled": True,
            }  # fmt: skip
        self.people["ada"]["manager"] = "grace"
        self.groups = {"engineering": ["ada", "grace", *STAFF[:5]], "sales": ["bob", *STAFF[5:]]}

    def write(self) -> None:
        """Writes the people and the groups."""
        folder = self.base / "desired_state"
        groups = {
            key: {"displayName": key.capitalize(), "members": keys} for key, keys in self.groups.items()
        }
        (folder / "users.yaml").write_text(json.dumps({"users": self.people}), encoding="utf-8")
        (folder / "groups.yaml").write_text(json.dumps({"groups": groups}), encoding="utf-8")

    def run(self, *arguments: str) -> tuple[int, str]:
        """Exit code and stdout of one command, typed in the company's folder."""
        environ = {"SCIM_URL": self.endpoint.url, "SCIM_TOKEN": TOKEN, "NO_COLOR": "1", **self.environ}
        done = CliRunner().invoke(reconcile, ["-C", str(self.base), *arguments], env=environ)
        self.said = done.output
        return done.exit_code, done.stdout

    def plan(self) -> dict[str, Any]:
        """The target's part of the plan."""
        code, text = self.run("plan", "--format", "json")
        assert code == 0, self.said
        target: dict[str, Any] = json.loads(text)["targets"][0]
        assert target["error"] is None, target["error"]
        return target

    def apply(self) -> tuple[int, list[tuple[str, str, int]]]:
        """Writes the YAML and applies it: the exit code, and the writes that this took."""
        self.write()
        before = len(self.seen.writes)
        code, _ = self.run("apply", "--yes", "--no-progress")
        return code, self.seen.writes[before:]

    def connect(self) -> httpx.Client:
        """A client of the endpoint, as an administrator has one."""
        return httpx.Client(
            base_url=self.endpoint.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60
        )

    def inactive(self) -> list[str]:
        """The given names in lower case of the accounts that are closed, as anybody can list them."""
        with self.connect() as client:
            sent = {"filter": "active eq false"}
            found = client.get("/Users", params=sent).raise_for_status().json().get("Resources", [])
        return [user["name"]["givenName"].lower() for user in found if not user["active"]]

    def documents(self, kind: str) -> list[dict[str, Any]]:
        """The users or groups as they are stored; after the endpoint has stopped."""
        with closing(sqlite3.connect(self.base / "sandbox.sqlite3")) as connection:
            rows = connection.execute("SELECT document FROM resources WHERE type = ?", (kind,)).fetchall()
        return [json.loads(text) for (text,) in rows]

    def live(self) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
        """The users by given name and the groups by name, both in lower case; after the endpoint has stopped."""
        users, groups = self.documents("User"), self.documents("Group")
        return (
            {user["name"]["givenName"].lower(): user for user in users},
            {group["displayName"].lower(): group for group in groups},
        )


@contextmanager
def rehearse(base: Path, dialect: Dialect, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsal]:
    """Gives a company and an endpoint that speaks `dialect`."""
    monkeypatch.chdir(base)  # -C changes the folder of this process: put it back afterwards
    seen = Seen()
    with running(base / "sandbox.sqlite3", TOKEN, dialect=seen.around(dialect)) as endpoint:
        yield Rehearsal(base, seen, endpoint)

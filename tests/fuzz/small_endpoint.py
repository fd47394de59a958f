"""A small endpoint that holds fixed users and groups, and refuses every write in words of its own choice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.faults.company import MAPPING, RULES
from tests.fuzz.hostile import as_yaml
from tests.fuzz.raw_server import RawServer, answer, raw_server

Document = dict[str, Any]
USERS: tuple[Document, ...] = (
    {"id": "1", "externalId": "ada", "userName": "ada@example.com", "displayName": "Ada", "title": "Clerk", "active": True},
    {"id": "2", "externalId": "bob", "userName": "bob@example.com", "displayName": "Bob", "title": "Clerk", "active": True},
)  # fmt: skip
GROUPS: tuple[Document, ...] = (
    {"id": "3", "externalId": "red", "displayName": "red", "members": [{"value": "2"}]},
)
PEOPLE: Document = {
    "ada": {"userPrincipalName": "ada@example.com", "displayName": "Ada", "jobTitle": "Director"},
    "eve": {"userPrincipalName": "eve@example.com", "displayName": "Eve", "jobTitle": "Clerk"},
}  # fmt: skip
TEAMS: Document = {"red": {"displayName": "red", "members": ["ada"]}}


@contextmanager
def small_endpoint(
    users: tuple[Document, ...] = USERS,
    groups: tuple[Document, ...] = GROUPS,
    refusal: object = None,
    status: str = "400 Bad Request",
) -> Iterator[RawServer]:
    """The endpoint; `refusal` is the body of its answer to a write."""
    rows = {"Users": users, "Groups": groups}

    def answers(method: str, path: str) -> bytes:
        parts = urlsplit(path)
        kind = parts.path.removeprefix("/scim/v2/")
        if method != "GET":
            return answer(refusal if refusal is not None else {"detail": "no"}, status)
        if kind in rows:
            asked = parse_qs(parts.query)
            if "filter" in asked:
                return answer({"totalResults": 0, "Resources": []})
            first = int(asked.get("startIndex", ["1"])[0])
            page = rows[kind][first - 1 : first - 1 + int(asked.get("count", ["100"])[0])]
            return answer(
                {
                    "totalResults": len(rows[kind]),
                    "startIndex": first,
                    "itemsPerPage": len(page),
                    "Resources": page,
                }
            )
        return answer({"detail": "not here"}, "404 Not Found")

    with raw_server(answers) as raw:
        yield raw


def declare(
    base: Path, url: object, users: Document = PEOPLE, groups: Document = TEAMS, **target: object
) -> None:
    """Write the desired state; further settings of the target replace what they name."""
    settings = {
        "profile": "rfc", "url": url, "auth": {"bearer": {"env": "SCIM_TOKEN"}}, "mapping": "plain",
        "scope": {"users": "all", "groups": "all"}, "ownership": "externalId",
        "budgets": {rule: {"count": 1_000_000, "percent": 100} for rule in RULES},
        "client": {"concurrency": 4, "requestsPerSecond": 1000, "timeoutSeconds": 5}, **target,
    }  # fmt: skip
    folder = base / "desired_state"
    folder.mkdir(parents=True, exist_ok=True)
    for kind, content in (
        ("users", users), ("groups", groups), ("mappings", {"plain": MAPPING}), ("targets", {"live": settings}),
    ):  # fmt: skip
        (folder / f"{kind}.yaml").write_text(as_yaml({kind: content}), encoding="utf-8")

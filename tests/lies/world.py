"""A desired state, a server that lies about it, and the command line between them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.company import MAPPING, RULES
from tests.lies.server import TOKEN, Document, Lie, LyingServer, lie_about
from tests.tool import Result, Tool


@dataclass(slots=True, kw_only=True)
class World:
    """What a test of one lie works with. Budgets are so wide that nothing but the reading protects anybody."""

    tool: Tool
    base: Path
    server: LyingServer

    def declare(
        self, users: dict[str, Document], groups: dict[str, Document] | None = None, **target: object
    ) -> None:
        """Write the desired state; further settings of the target replace what they name."""
        settings = {
            "profile": "rfc", "url": self.server.url, "auth": {"bearer": {"env": "SCIM_TOKEN"}}, "mapping": "plain",
            "scope": {"users": "all", "groups": "all"}, "ownership": "externalId", "adopt": "empty",
            "budgets": {rule: {"count": 1_000_000, "percent": 100} for rule in RULES},
            "client": {"concurrency": 4, "requestsPerSecond": 1000, "timeoutSeconds": 5}, **target,
        }  # fmt: skip
        folder = self.base / "desired_state"
        folder.mkdir(parents=True, exist_ok=True)
        for kind, content in (
            ("users", users), ("groups", groups or {}), ("mappings", {"plain": MAPPING}), ("targets", {"live": settings}),
        ):  # fmt: skip
            (folder / f"{kind}.yaml").write_text(json.dumps({kind: content}, indent=1), encoding="utf-8")

    def run(self, *arguments: str) -> Result:
        """Run a command to its end."""
        return self.tool.run(self.base, arguments, {"SCIM_TOKEN": TOKEN})

    def plan(self) -> tuple[int, Document]:
        """The exit code of `plan`, and its target as JSON."""
        result = self.run("plan", "--format", "json")
        plan: dict[str, Any] = json.loads(result.out)
        target: Document = plan["targets"][0]
        assert (result.code == 0) is (target["error"] is None), str(result)
        return result.code, target

    def apply(self) -> Result:
        """Apply, whoever asks."""
        result = self.run("apply", "--yes")
        assert "Traceback" not in result.err, str(result)
        assert "internal error" not in result.err, str(result)
        return result


@contextmanager
def open_world(tool: Tool, base: Path, lie: Lie) -> Iterator[World]:
    """A world with that lie in it."""
    with lie_about(lie) as server:
        yield World(tool=tool, base=base, server=server)


def user(key: str, **given: object) -> Document:
    """A user of a desired state."""
    return {
        "userPrincipalName": f"{key}@example.com", "displayName": key, "jobTitle": "Engineer", **given,
    }  # fmt: skip


def live_user(key: str, **given: object) -> Document:
    """The same user as the endpoint holds it."""
    return {
        "userName": f"{key}@example.com", "displayName": key, "title": "Engineer", "active": True, "externalId": key,
        **given,
    }  # fmt: skip

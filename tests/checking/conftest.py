"""What tests of `check` ask for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lies.server import TOKEN, LyingServer
from tests.lies.world import World, live_user, user
from tests.tool import Result, Tool, shared_tool

ADA, BOB = "Ada", "Bob"


@pytest.fixture(scope="session")
def tool() -> Tool:
    return shared_tool()


class Checked:
    """What `check --format json` said of one target."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self.document: dict[str, Any] = json.loads(result.out)
        assert self.document["exitCode"] == result.code, str(result)
        assert "Traceback" not in result.err, str(result)
        [self.target] = self.document["targets"]

    @property
    def code(self) -> int:
        """The exit code."""
        return self.result.code

    def codes(self, *severities: str) -> list[str]:
        """The codes of these severities, in their order."""
        return [one["code"] for one in self.target["findings"] if one["severity"] in severities]

    @property
    def troubles(self) -> list[str]:
        """Warnings and errors."""
        return self.codes("warning", "error")

    def text(self, code: str) -> str:
        """Text and remedy of the findings of that code."""
        found = [f"{one['text']} → {one['remedy']}" for one in self.target["findings"] if one["code"] == code]
        assert found, f"no {code}\n{self.result}"
        return "\n".join(found)


class Desk:
    """A desired state, and `check` run on it."""

    def __init__(self, tool: Tool, base: Path) -> None:
        self.tool, self.base = tool, base

    def declare(self, server: LyingServer, **target: object) -> World:
        """Two users and a group, declared and live."""
        world = World(tool=self.tool, base=self.base, server=server)
        ids = [server.hold("/Users", **live_user(key)) for key in (ADA, BOB)]
        members = [{"value": id_} for id_ in ids]
        server.hold("/Groups", displayName="Red", externalId="Red", members=members)
        world.declare(
            {ADA: user(ADA), BOB: user(BOB)}, {"Red": {"displayName": "Red", "members": [ADA, BOB]}}, **target
        )
        return world

    def run(self, *arguments: str, **environ: str) -> Result:
        """One command."""
        return self.tool.run(self.base, arguments, {"SCIM_TOKEN": TOKEN, **environ})

    def check(self, *arguments: str, **environ: str) -> Checked:
        """`check`, as JSON."""
        return Checked(self.run("check", "--format", "json", *arguments, **environ))


@pytest.fixture
def desk(tool: Tool, tmp_path: Path) -> Desk:
    return Desk(tool, tmp_path)

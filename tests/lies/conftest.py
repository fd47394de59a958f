"""The command line, for tests of lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.lies.server import Lie
from tests.lies.world import World, open_world
from tests.tool import Tool, shared_tool


@pytest.fixture(scope="session")
def tool() -> Tool:
    return shared_tool()


@pytest.fixture
def make_world(tool: Tool, tmp_path: Path) -> Iterator[Callable[[Lie], World]]:
    """Worlds with a given lie."""
    with ExitStack() as stack:
        yield lambda lie: stack.enter_context(open_world(tool, tmp_path, lie))

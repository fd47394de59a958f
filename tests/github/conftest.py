from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.github.world import World, open_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A repository and its endpoint, where nothing was applied yet."""
    with open_world(tmp_path) as opened:
        yield opened


@pytest.fixture
def applied(world: World) -> World:
    """The same, with the company applied."""
    world.apply_by_hand()
    return world

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.github.world import World, digest_in, open_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A repository and its endpoint, where nothing was applied yet."""
    with open_world(tmp_path) as opened:
        yield opened


@pytest.fixture
def applied(world: World) -> World:
    """The same, with the company applied by the digest of its first plan."""
    refused = world.apply()
    assert refused.results()["apply"] == "failure", refused.log
    done = world.dispatch(digest_in(refused.jobs["apply (live)"].summary))
    assert done.conclusion == "success", done.log
    world.hub.journal.clear()
    return world

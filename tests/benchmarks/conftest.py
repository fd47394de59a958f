"""What benchmarks ask for."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that is large, and goes with the test."""
    yield tmp_path
    shutil.rmtree(tmp_path)

"""What tests of the log may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.log.troubled import Ground, Troubled, open_ground


@pytest.fixture(scope="package")
def ground() -> Iterator[Ground]:
    """An endpoint that answers as it is told to."""
    with open_ground() as made:
        yield made


@pytest.fixture
def company(ground: Ground, tmp_path: Path) -> Troubled:
    """A company at that endpoint, which is empty and well so far."""
    ground.clear()
    return ground.found_company(tmp_path)

"""What tests of faults ask for: the command line, a small company, and benches on copies of its endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.bench import Bench, Boundary, Lane, rehearse
from tests.faults.company import Company, make_company
from tests.faults.matrix import FULL, Matrix
from tests.faults.proxy import open_proxy
from tests.properties.bench import Strict, strict_endpoint
from tests.tool import Tool, shared_tool

SMALL = 12

collect_ignore = [] if FULL else ["test_matrix.py"]
tried = pytest.StashKey[Matrix]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The table of the full matrix."""
    if matrix := config.stash.get(tried, None):
        terminalreporter.section("faults and boundaries")
        for line in matrix.table():
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def tool() -> Tool:
    return shared_tool()


@pytest.fixture(scope="session")
def company() -> Company:
    return make_company(SMALL)


@pytest.fixture(scope="session")
def endpoint() -> Iterator[Strict]:
    with strict_endpoint() as strict:
        yield strict


@pytest.fixture
def lane(tool: Tool, endpoint: Strict) -> Iterator[Lane]:
    with open_proxy(endpoint.url) as proxy:
        yield Lane(tool=tool, endpoint=endpoint, proxy=proxy)


@pytest.fixture(scope="session")
def boundaries(
    tool: Tool, company: Company, endpoint: Strict, tmp_path_factory: pytest.TempPathFactory
) -> list[Boundary]:
    """The requests of a rehearsal without faults."""
    with open_proxy(endpoint.url) as proxy:
        lane = Lane(tool=tool, endpoint=endpoint, proxy=proxy)
        return rehearse(lane.bench(tmp_path_factory.mktemp("rehearsal"), company))


@pytest.fixture
def bench(lane: Lane, company: Company, tmp_path: Path) -> Bench:
    return lane.bench(tmp_path, company)


@pytest.fixture(scope="session")
def matrix(pytestconfig: pytest.Config) -> Matrix:
    """What the full matrix tried, for the table at the end."""
    return pytestconfig.stash.setdefault(tried, Matrix())

"""What tests of faults ask for: the command line, a small company, and benches on copies of its endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.bench import Bench, Boundary, open_bench, open_endpoint, rehearse
from tests.faults.company import Company, make_company
from tests.faults.matrix import FULL, Tried, table
from tests.tool import Tool, shared_tool

SMALL = 12

collect_ignore = [] if FULL else ["test_matrix.py"]
tried = pytest.StashKey[list[Tried]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The table of the full matrix."""
    if rows := config.stash.get(tried, []):
        terminalreporter.section("faults and boundaries")
        for line in table(rows):
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def tool() -> Tool:
    return shared_tool()


@pytest.fixture(scope="session")
def company() -> Company:
    return make_company(SMALL)


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    with open_endpoint() as url:
        yield url


@pytest.fixture(scope="session")
def boundaries(
    tool: Tool, company: Company, endpoint: str, tmp_path_factory: pytest.TempPathFactory
) -> list[Boundary]:
    """The requests of a rehearsal without faults."""
    with open_bench(tool, tmp_path_factory.mktemp("rehearsal"), company, endpoint) as bench:
        return rehearse(bench)


@pytest.fixture
def make_bench(
    tool: Tool, company: Company, endpoint: str, tmp_path: Path
) -> Iterator[Callable[[int], Bench]]:
    """Benches of a given concurrency."""
    with ExitStack() as stack:

        def make(concurrency: int) -> Bench:
            return stack.enter_context(open_bench(tool, tmp_path, company, endpoint, concurrency=concurrency))

        yield make


@pytest.fixture
def bench(make_bench: Callable[[int], Bench]) -> Bench:
    return make_bench(4)


@pytest.fixture(scope="session")
def tries(pytestconfig: pytest.Config) -> list[Tried]:
    """Where the full matrix notes what it tried, for the table at the end."""
    return pytestconfig.stash.setdefault(tried, [])

"""The command line for fuzzing, and how much was tried."""

from __future__ import annotations

import pytest

from tests.fuzz.volume import IS_FULL, TRIED
from tests.tool import Tool, shared_tool


@pytest.fixture(scope="session")
def tool() -> Tool:
    return shared_tool()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not TRIED or not IS_FULL:
        return
    terminalreporter.section("examples tried")
    for target, count in sorted(TRIED.items()):
        terminalreporter.write_line(f"{count:>9,}  {target}")
    terminalreporter.write_line(f"{TRIED.total():>9,}  in all")

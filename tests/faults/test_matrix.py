"""Every fault at every request of an apply that changes 200 resources; collected with RECONCILE_FULL=1 only.

It takes hours. RECONCILE_FULL=25 tries every 25th request.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.bench import Boundary, open_bench, rehearse
from tests.faults.company import Company, make_company
from tests.faults.faults import ALL, KILLS, STOPS
from tests.faults.matrix import FULL, Tried
from tests.faults.proxy import Fault
from tests.tool import Tool

SIZE = 200
CONCURRENCY = 4

pytestmark = pytest.mark.timeout(0)


@pytest.fixture(scope="module")
def large() -> Company:
    return make_company(SIZE)


@pytest.fixture(scope="module")
def all_boundaries(
    tool: Tool, large: Company, endpoint: str, tmp_path_factory: pytest.TempPathFactory
) -> list[Boundary]:
    with open_bench(
        tool, tmp_path_factory.mktemp("large"), large, endpoint, concurrency=CONCURRENCY
    ) as bench:
        return rehearse(bench)


@pytest.mark.parametrize("fault", ALL, ids=lambda fault: fault.name)
def test_nothing_is_lost_at_any_boundary(
    tool: Tool,
    large: Company,
    endpoint: str,
    all_boundaries: list[Boundary],
    tmp_path: Path,
    tries: list[Tried],
    fault: Fault,
) -> None:
    row = Tried(fault.name)
    tries.append(row)
    for number, boundary in enumerate(all_boundaries[::FULL]):
        base = tmp_path / str(number)
        try:
            row.runs.append(_further_runs(tool, base, large, endpoint, fault, boundary))
        except AssertionError as lost:
            row.losses.append(f"{fault.name} at {boundary.name}: {lost}")

    assert row.losses == [], "\n\n".join(row.losses[:5])


def _further_runs(
    tool: Tool, base: Path, company: Company, endpoint: str, fault: Fault, boundary: Boundary
) -> int:
    with open_bench(tool, base, company, endpoint, concurrency=CONCURRENCY) as bench:
        result = bench.apply_under(fault, boundary)
        if fault in STOPS:
            assert result.code in ((0, 5) if bench.proxy.writes else (130, 143, -fault.signal)), str(result)
        if fault in KILLS:
            assert result.code == -fault.signal, str(result)
        return bench.converge(result)

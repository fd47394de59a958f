"""Every fault at every request of an apply that changes 200 resources; collected with RECONCILE_FULL=1 only.

It takes an hour or two. RECONCILE_FULL=25 tries every 25th request; RECONCILE_MATRIX=results.jsonl keeps each result
as it comes, and a run that finds the file goes on from there.
"""

from __future__ import annotations

import gc
import itertools
import queue
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.bench import Boundary, Lane, rehearse
from tests.faults.company import Company, make_company
from tests.faults.faults import ALL, KILLS, STOPS
from tests.faults.matrix import FULL, Matrix, Tried
from tests.faults.proxy import Fault, open_proxy
from tests.properties.bench import strict_endpoint
from tests.tool import open_tool

SIZE = 200
LANES = 2  # one goes on while the other waits as it was told to
STRETCHES = 5

pytestmark = pytest.mark.timeout(0)


@pytest.fixture(scope="module")
def large() -> Company:
    return make_company(SIZE)


@pytest.fixture(scope="module")
def lanes() -> Iterator[queue.SimpleQueue[Lane]]:
    """Lanes that are free."""
    free: queue.SimpleQueue[Lane] = queue.SimpleQueue()
    gc.collect()
    gc.freeze()
    with ExitStack() as stack:
        for _ in range(LANES):
            endpoint = stack.enter_context(strict_endpoint())
            proxy = stack.enter_context(open_proxy(endpoint.url))
            free.put(Lane(tool=stack.enter_context(open_tool()), endpoint=endpoint, proxy=proxy))
        yield free
    gc.unfreeze()


@pytest.fixture(scope="module")
def all_boundaries(
    large: Company, lanes: queue.SimpleQueue[Lane], tmp_path_factory: pytest.TempPathFactory
) -> list[Boundary]:
    lane = lanes.get()
    found = rehearse(lane.bench(tmp_path_factory.mktemp("large"), large))
    lanes.put(lane)
    return found


# In stretches, so that a run which is cut off has tried every fault at boundaries from the first to the last.
@pytest.mark.parametrize("stretch", range(STRETCHES))
def test_nothing_is_lost_at_any_boundary(
    large: Company,
    lanes: queue.SimpleQueue[Lane],
    all_boundaries: list[Boundary],
    tmp_path: Path,
    matrix: Matrix,
    stretch: int,
) -> None:
    def attempt(number: int, fault: Fault, boundary: Boundary) -> Tried:
        base, lane, start = tmp_path / str(number), lanes.get(), time.monotonic()
        runs, lost = 0, ""
        try:
            runs = _further_runs(lane, base, large, fault, boundary)
            shutil.rmtree(base)
        except AssertionError as error:
            lost = str(error)
        finally:
            lanes.put(lane)
        seconds = time.monotonic() - start
        tried = Tried(fault=fault.name, boundary=boundary.name, further_runs=runs, lost=lost, seconds=seconds)
        matrix.note(tried)
        return tried

    cases = [
        (fault, boundary)
        for boundary, fault in itertools.product(all_boundaries[::FULL][stretch::STRETCHES], ALL)
        if not matrix.has(fault.name, boundary.name)
    ]
    with ThreadPoolExecutor(LANES) as pool:
        attempts = [pool.submit(attempt, number, *case) for number, case in enumerate(cases)]

    tried = [one.result() for one in attempts]
    lost = [f"{row.fault} at {row.boundary}: {row.lost}" for row in tried if row.lost]
    assert lost == [], "\n\n".join(lost[:5])


def _further_runs(lane: Lane, base: Path, company: Company, fault: Fault, boundary: Boundary) -> int:
    bench = lane.bench(base, company)
    result = bench.apply_under(fault, boundary)
    if fault in STOPS:
        assert result.code in ((0, 5) if bench.proxy.writes else (130, 143, -fault.signal)), str(result)
    if fault in KILLS:
        assert result.code == -fault.signal, str(result)
    return bench.converge(result)

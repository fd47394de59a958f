"""Apply of many changes: how much of an endpoint's rate it uses, and the most that it reaches where there is none.

RECONCILE_BENCH_CHANGES (2,000; 10,000 in full) is how many users change.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.benchmarks.company import Company
from tests.benchmarks.running import Run, endpoint, reconcile

CHANGES = int(os.environ.get("RECONCILE_BENCH_CHANGES", "2000"))
RATE = 50.0


@pytest.mark.timeout(1_800)
def test_an_apply_within_a_rate(folder: Path) -> None:
    prepare(folder, RATE)
    with endpoint(folder / "live", RATE) as port:
        run = apply(folder / "company", port)

        assert plan(folder / "company", port).code == 0
    print(f"\n\n{CHANGES:,} changes at an endpoint that takes {RATE:g} requests a second")
    tell(run)
    print(
        f"{run.writes / run.seconds / RATE:.0%} of the rate; {run.refused} of {run.requests} requests were refused with 429"
    )


@pytest.mark.timeout(1_800)
def test_an_apply_without_a_rate(folder: Path) -> None:
    prepare(folder, 10_000)
    with endpoint(folder / "live") as port:
        run = apply(folder / "company", port)

        assert plan(folder / "company", port).code == 0
    print(f"\n\n{CHANGES:,} changes at an endpoint that takes all that comes, 8 at a time")
    tell(run)
    prepare(folder / "again", 10_000)
    with endpoint(folder / "again/live") as port:
        sampled = apply(folder / "again/company", port, folder / "report")
    print("where the time of such a run goes, sampled")
    for name, seconds in sorted(sampled.report["leaves"].items(), key=lambda entry: -entry[1])[:20]:
        print(f"  {seconds:8.3f} s {seconds / sampled.wall:5.0%}  {name}")


def prepare(folder: Path, rate: float) -> None:
    users = max(CHANGES, 1_000)
    company = Company(users=users, changed=CHANGES)
    company.write_desired(folder / "company", rate)
    company.write_live(folder / "live")


def apply(company: Path, port: int, sampled: Path | None = None) -> Run:
    run = reconcile(company, port, "apply", "--yes", sampled=sampled)
    assert run.code == 0, run.output[-2000:]
    return run


def plan(company: Path, port: int) -> Run:
    return reconcile(company, port, "plan", "--detailed-exitcode")


def tell(run: Run) -> None:
    print(
        f"{run.writes:,} writes in {run.seconds:.1f} s: {run.writes / run.seconds:,.1f} a second; "
        f"the whole command {run.wall:.1f} s, CPU {run.cpu:.1f} s, {run.peak:.0f} MiB, {run.requests:,} requests"
    )

"""A plan of a large directory: what it takes, where that goes, and how near it is to what reading the bytes costs at least.

RECONCILE_BENCH_USERS (100,000) is the size, RECONCILE_BENCH_ROUNDS (3) how often each is run; rounds are interleaved, medians are printed.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tests.benchmarks.company import Company
from tests.benchmarks.running import Run, endpoint, limit, reconcile

USERS = int(os.environ.get("RECONCILE_BENCH_USERS", "100000"))
ROUNDS = int(os.environ.get("RECONCILE_BENCH_ROUNDS", "3"))
READ = ("read files", "read pages", "decode JSON")


@pytest.mark.timeout(3_600)
def test_a_plan(folder: Path) -> None:
    same = Company(users=USERS)
    edited = Company(users=USERS, changed=USERS // 100, changed_groups=same.groups // 100)
    same.write_desired(folder / "company", 10_000)
    for name, company in (("nothing changed", same), ("1 % changed", edited)):
        company.write_live(folder / name)
    runs: dict[str, list[Run]] = {}
    limits: list[dict[str, Any]] = []
    with endpoint(folder / "nothing changed") as quiet, endpoint(folder / "1 % changed") as busy:
        for _ in range(ROUNDS):
            limits.append(limit(folder / "company", quiet))
            for name, port, code in (("no-op", quiet, 0), ("1 % changed", busy, 2)):
                shutil.rmtree(folder / "company/.reconcile", ignore_errors=True)
                for heat in ("cold", "warm"):
                    run = plan(folder / "company", port)
                    assert run.code == code, run.output[-2000:]
                    runs.setdefault(f"{name}, {heat}", []).append(run)
        sampled = plan(folder / "company", quiet, folder / "report")
    tell(same, runs, limits)
    tell_stages(sampled)


def plan(company: Path, port: int, sampled: Path | None = None) -> Run:
    return reconcile(company, port, "plan", "--detailed-exitcode", sampled=sampled)


def tell(company: Company, runs: dict[str, list[Run]], limits: list[dict[str, Any]]) -> None:
    parts = {part: median(one[part] for one in limits) for part in limits[0] if part != "parser"}
    said = ", ".join(f"{part} {seconds:.2f}" for part, seconds in parts.items())
    cold = [sum(one[part] for part in (*READ, "parse YAML")) for one in limits]
    warm = [sum(one[part] for part in (*READ, "decode cache")) for one in limits]
    print(f"\n\n{company.users:,} users, {company.groups:,} groups, {ROUNDS} rounds: medians (min-max)")
    print(f"limit, s: {said}; the parser is {limits[0]['parser']}")
    print(
        f"limit cold {spread(cold)} s (all but the cache), warm {spread(warm)} s (the cache, not the YAML)\n"
    )
    print(
        f"{'':18}{'wall s':>20}{'CPU s':>8}{'× cold limit':>14}{'× warm limit':>14}{'peak MiB':>10}{'requests':>10}"
    )
    for name, found in runs.items():
        wall = median(run.wall for run in found)
        print(
            f"{name:18}{spread([run.wall for run in found]):>20}{median(run.cpu for run in found):8.2f}"
            f"{wall / median(cold):14.2f}{wall / median(warm):14.2f}{max(run.peak for run in found):10.0f}"
            f"{max(run.requests for run in found):10}"
        )


def tell_stages(run: Run) -> None:
    report = run.report
    print(
        f"\nstages of a no-op plan, sampled ({run.wall:.2f} s, of which garbage collection {report['collecting']:.2f} s)"
    )
    for kind, most in (("stages", 20), ("functions", 25)):
        print(f"  by {kind.removesuffix('s')}")
        for name, seconds in sorted(report[kind].items(), key=lambda entry: -entry[1])[:most]:
            print(f"  {seconds:8.3f} s {seconds / run.wall:5.0%}  {name}")


def spread(seconds: list[float]) -> str:
    return f"{median(seconds):.2f} ({min(seconds):.2f}-{max(seconds):.2f})"

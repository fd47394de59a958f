"""Runs what is measured in processes of its own, which are ended by their id and whose folders go when they are done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.benchmarks.endpoint import SCIM

ROOT = Path(__file__).parents[2]
# The limit may be measured by another interpreter, which has a faster YAML parser than the product.
LIMIT_PYTHON = os.environ.get("RECONCILE_BENCH_LIMIT_PYTHON", sys.executable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run of a command took, and what it said."""

    wall: float
    cpu: float
    peak: float  # MiB
    requests: int
    refused: int
    writes: int
    seconds: float  # from the first write to the last
    code: int
    output: str
    report: dict[str, Any]


@contextmanager
def endpoint(folder: Path, rate: float | None = None) -> Iterator[int]:
    """The port of an endpoint that serves `folder`."""
    arguments = [
        sys.executable,
        "-m",
        "tests.benchmarks.endpoint",
        str(folder),
        *([str(rate)] if rate else []),
    ]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def reconcile(folder: Path, port: int, *arguments: str, sampled: Path | None = None) -> Run:
    """Runs `reconcile` in `folder` against the endpoint at `port`, under the sampler if a place for its report is given."""
    program = ["-m", "tests.benchmarks.stages", str(sampled)] if sampled else ["-m", "reconciler"]
    environ = {
        **os.environ,
        "BENCH_URL": f"http://127.0.0.1:{port}{SCIM}",
        "BENCH_TOKEN": "t",
        "NO_COLOR": "1",
    }
    _ask(port, "/reset")
    output = folder / "output"
    began = time.perf_counter()
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, *program, "-C", str(folder), *arguments],
            cwd=ROOT, env={**environ, "PYTHONPATH": str(ROOT)}, stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    told = _ask(port, "/reset")
    return Run(
        wall=wall, cpu=used.ru_utime + used.ru_stime, peak=used.ru_maxrss / 1024, code=process.returncode,
        output=output.read_text("utf-8"), report=json.loads(sampled.read_text()) if sampled else {}, **told,
    )  # fmt: skip


def limit(folder: Path, port: int) -> dict[str, Any]:
    """The seconds of each part of the limit."""
    arguments = [LIMIT_PYTHON, "-m", "tests.benchmarks.limit", str(folder), str(port)]
    done = subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def _ask(port: int, path: str) -> dict[str, Any]:
    with urlopen(f"http://127.0.0.1:{port}{path}") as answer:
        return dict(json.load(answer))

"""Where a command's time goes: samples of the main thread, so that no stage is slowed down or has to time itself.

    python -m tests.benchmarks.stages REPORT COMMAND…

Runs `reconcile COMMAND…` and writes to REPORT, as JSON, the seconds by stage (the innermost frame that is in a part of the program other
than its values and functions) and by function (the innermost frame of the program), and what the garbage collector took of them.
"""

from __future__ import annotations

import gc
import json
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from types import FrameType

INTERVAL = 0.004
INNER = ("model", "functions", "policies")  # they work for the stage that calls them


class Sampler:
    """Counts where the main thread is, every few milliseconds."""

    def __init__(self) -> None:
        self.stages: Counter[str] = Counter()
        self.functions: Counter[str] = Counter()
        self.leaves: Counter[str] = Counter()
        self.collecting = 0.0
        self._last = self._began = time.perf_counter()

    def sample(self, _number: int, frame: FrameType | None) -> None:
        """Charges the time since the last sample to the frame that is found now."""
        now = time.perf_counter()
        passed, self._last = now - self._last, now
        stage = function = leaf = ""
        while frame is not None and not stage:
            module = str(frame.f_globals.get("__name__", ""))
            leaf = leaf or f"{module}:{frame.f_code.co_qualname}"
            if module.startswith("reconciler."):
                function = function or f"{module.removeprefix('reconciler.')}:{frame.f_code.co_qualname}"
                if module.split(".")[1] not in INNER:
                    stage = module.removeprefix("reconciler.")
            frame = frame.f_back
        self.stages[stage or "imports and the rest"] += passed  # type: ignore[assignment]  # a Counter of seconds
        self.functions[function or "imports and the rest"] += passed  # type: ignore[assignment]
        self.leaves[leaf] += passed  # type: ignore[assignment]

    def collected(self, phase: str, _told: dict[str, int]) -> None:
        """Adds what a garbage collection took."""
        now = time.perf_counter()
        if phase == "start":
            self._began = now
        else:
            self.collecting += now - self._began


def main() -> None:
    """Runs the command under the sampler."""
    report, arguments = Path(sys.argv[1]), sys.argv[2:]
    sampler = Sampler()
    gc.callbacks.append(sampler.collected)
    signal.signal(signal.SIGALRM, sampler.sample)
    signal.setitimer(signal.ITIMER_REAL, INTERVAL, INTERVAL)
    from reconciler.cli import main as reconcile

    sys.argv = ["reconcile", *arguments]
    try:
        reconcile()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        told = {
            "stages": sampler.stages, "functions": sampler.functions, "leaves": sampler.leaves, "collecting": sampler.collecting,
        }  # fmt: skip
        report.write_text(json.dumps(told))


if __name__ == "__main__":
    main()

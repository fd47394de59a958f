"""Progress: a live bar on a terminal; without one, a line every ten seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

EVERY = 10.0  # seconds between lines where there is no terminal


class Progress:
    """Tells on stderr how far a phase is: counts, failures, rate and remaining time."""

    def __init__(self, every: float = EVERY) -> None:
        self._every = every
        self._phase = ""
        self._began = self._told = 0.0
        self._bar: Any = None

    def __call__(self, phase: str, done: int, total: int, failed: int = 0) -> None:
        """So many of `total` are done by now."""
        if phase != self._phase:
            self.close()
            self._phase, self._began = phase, time.monotonic()
            self._told = self._began
            self._bar = _bar(phase, total) if sys.stderr.isatty() else None
        now = time.monotonic()
        rate = done / max(now - self._began, 0.001)
        lost = f", {failed:,} failed" if failed else ""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=done, total=total, said=f"{rate:,.0f}/s{lost}")
        elif now - self._told >= self._every:
            self._told = now
            left = f", {max(total - done, 0) / rate:,.0f} s left" if rate else ""
            print(f"{phase}: {done:,} of {total:,}{lost}, {rate:,.1f}/s{left}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.stop()
        self._bar = None
        self._phase = ""


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress | None]:
    """What tells how far things are; None where nothing is to be told on the way."""
    if quiet:
        yield None
        return
    told = Progress()
    try:
        yield told
    finally:
        told.close()


def _bar(phase: str, total: int) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    bar = RichProgress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[said]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
    bar.add_task(phase, total=total, said="")
    bar.start()
    return bar

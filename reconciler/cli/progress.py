"""Progress: a live bar on a terminal; without one, a line every ten seconds."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from reconciler.model.request import Outcome

EVERY = 10.0  # seconds between lines where there is no terminal


class Progress:
    """Tells on stderr how far a phase is: counts, failures, rate and remaining time."""

    def __init__(self, phase: str, total: int, *, enabled: bool) -> None:
        self._phase, self._total = phase, total
        self._done = self._failed = 0
        self._began = self._told = time.monotonic()
        self._bar: Any = _bar(phase, total) if enabled and sys.stderr.isatty() else None
        self._lines = enabled and self._bar is None

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def take(self, outcome: Outcome) -> None:
        """One change is over."""
        self._failed += outcome.status == "failure"
        self.advance(self._done + 1)

    def advance(self, done: int, total: int | None = None) -> None:
        """So many are done by now."""
        self._done, self._total = done, total if total is not None else self._total
        if self._bar is not None:
            failed = f" · {self._failed} failed" if self._failed else ""
            self._bar.update(self._bar.task_ids[0], completed=done, total=self._total, failed=failed)
        elif self._lines and time.monotonic() - self._told >= EVERY:
            self._told = time.monotonic()
            rate = done / max(self._told - self._began, 0.001)
            left = f", {max(self._total - done, 0) / rate:,.0f} s left" if rate and self._total else ""
            failed = f", {self._failed} failed" if self._failed else ""
            print(
                f"{self._phase}: {done:,} of {self._total:,}{failed}, {rate:,.1f}/s{left}",
                file=sys.stderr,
                flush=True,
            )


def _bar(phase: str, total: int) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    bar = RichProgress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[failed]}"),
        TimeRemainingColumn(), console=Console(stderr=True), transient=True,
    )  # fmt: skip
    bar.add_task(phase, total=total, failed="")
    return bar

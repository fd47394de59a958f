"""What the full matrix tried, and the table that tells it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field

FULL = int(os.environ.get("RECONCILE_FULL", "0"))  # 1: every boundary; n: every n-th
COLUMNS = ("boundaries", "done at once", "by the next run", "by the one after", "lost")


@dataclass(slots=True)
class Tried:
    """One fault at all boundaries: how often how many further runs were needed, and what was lost."""

    fault: str
    runs: list[int] = field(default_factory=list)  # further runs, by boundary
    losses: list[str] = field(default_factory=list)

    def figures(self) -> tuple[int, ...]:
        """The figures of its row."""
        counts = [self.runs.count(number) for number in range(3)]
        return (len(self.runs) + len(self.losses), *counts, len(self.losses))


def table(rows: Iterable[Tried]) -> list[str]:
    """The rows as lines of text."""
    lines = [f"{'fault':<22}" + "".join(f"{column:>18}" for column in COLUMNS)]
    lines += [f"{row.fault:<22}" + "".join(f"{figure:>18}" for figure in row.figures()) for row in rows]
    return lines

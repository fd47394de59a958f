"""What the full matrix tried, and the table that tells it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

FULL = int(os.environ.get("RECONCILE_FULL", "0"))  # 1: every boundary; n: every n-th
KEPT = os.environ.get("RECONCILE_MATRIX")  # a file that gets each result as it comes; none is tried again
COLUMNS = ("boundaries", "done at once", "by the next run", "by the one after", "lost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One fault at one boundary: how many further runs were needed, or what was lost."""

    fault: str
    boundary: str
    further_runs: int = 0
    lost: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class Matrix:
    """Everything that was tried, in the order in which it ended."""

    tried: list[Tried] = field(default_factory=list)

    def __post_init__(self) -> None:
        if KEPT and Path(KEPT).exists():
            lines = Path(KEPT).read_text(encoding="utf-8").splitlines()
            self.tried = [Tried(**json.loads(line)) for line in lines]

    def note(self, tried: Tried) -> None:
        """Keep a result."""
        self.tried.append(tried)
        if KEPT:
            with Path(KEPT).open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(tried)) + "\n")

    def has(self, fault: str, boundary: str) -> bool:
        """Whether that was tried already; only the numbers of a boundary are the same in every rehearsal."""
        number = boundary.partition(":")[0]
        return any(t.fault == fault and t.boundary.partition(":")[0] == number for t in self.tried)

    def table(self) -> Iterator[str]:
        """A line for each fault."""
        yield f"{'fault':<22}" + "".join(f"{column:>18}" for column in COLUMNS)
        for fault in dict.fromkeys(tried.fault for tried in self.tried):
            rows = [tried for tried in self.tried if tried.fault == fault]
            runs = [row.further_runs for row in rows if not row.lost]
            figures = (len(rows), *map(runs.count, range(3)), len(rows) - len(runs))
            yield f"{fault:<22}" + "".join(f"{figure:>18}" for figure in figures)

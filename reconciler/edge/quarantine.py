"""Quarantine: a target whose last run was stopped by its circuit breaker or its credentials (DESIGN 6).

It is remembered until another apply succeeds or somebody clears it; runs by a schedule leave the target alone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

from reconciler.model.quarantine_reason import QuarantineReason

REASONS: tuple[QuarantineReason, ...] = get_args(QuarantineReason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """Why, as Graph names it and in words, since when (ISO 8601, UTC), and by which run; `runs` that ended so in a row."""

    code: QuarantineReason
    reason: str
    since: str
    run: str
    runs: int = 1

    @property
    def told(self) -> str:
        """The quarantine in words."""
        times = f", {self.runs} runs in a row" if self.runs > 1 else ""
        return f"in quarantine since {self.since}{times} ({self.code}): {self.reason}"


def load_quarantine(data: Path, target: str) -> Quarantine | None:
    """The target's quarantine, None if it is in none; a broken file counts as one."""
    path = _path(data, target)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Quarantine(
            code=found.get("code") if found.get("code") in REASONS else "Unknown",
            reason=str(found["reason"]),
            since=str(found["since"]),
            run=str(found["run"]),
            runs=int(found["runs"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return Quarantine(
            code="Unknown", reason=f"{path.name} cannot be read", since="unknown", run="unknown"
        )


def list_quarantines(data: Path) -> dict[str, Quarantine]:
    """Every quarantine by its target."""
    targets = sorted(path.stem for path in (data / "quarantine").glob("*.json"))
    return {target: found for target in targets if (found := load_quarantine(data, target)) is not None}


def enter_quarantine(
    data: Path, target: str, code: QuarantineReason, reason: str, *, run: str, at: str
) -> Quarantine:
    """Puts the target into quarantine; what it was in before counts on."""
    before = load_quarantine(data, target)
    fresh = Quarantine(
        code=code, reason=reason, run=run, since=before.since if before else at, runs=before.runs + 1 if before else 1
    )  # fmt: skip
    path = _path(data, target)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(asdict(fresh), indent=2, sort_keys=True), encoding="utf-8")
    new.replace(path)
    return fresh


def leave_quarantine(data: Path, target: str) -> bool:
    """Takes the target out of quarantine; says whether it was in one."""
    path = _path(data, target)
    if not path.exists():
        return False
    path.unlink()
    return True


def _path(data: Path, target: str) -> Path:
    return data / "quarantine" / f"{target}.json"

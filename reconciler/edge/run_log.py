"""Run log: every outcome appended and fsynced as a JSON line (fields: research: entra 7.1)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from reconciler.model.change import Change
from reconciler.model.errors import UsageError
from reconciler.model.request import Outcome


class RunLog:
    """The log of one run of one target, at `<data>/runs/<run>.jsonl`."""

    def __init__(self, data: Path, run: str) -> None:
        (data / "runs").mkdir(parents=True, exist_ok=True)
        self._run = run
        self._file = (data / "runs" / f"{run}.jsonl").open("x", encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def start(self, *, digest: str, as_of: str, targets: list[str], at: str) -> None:
        """The first line: what is about to be applied."""
        self._write(
            {
                "record": "run",
                "runId": self._run,
                "digest": digest,
                "asOf": as_of,
                "targets": targets,
                "activityDateTime": at,
            }
        )

    def outcome(self, change: Change, outcome: Outcome, *, at: str) -> None:
        """One line for what one change came to."""
        modified = [
            {"displayName": a.path, "oldValue": a.before, "newValue": a.after} for a in change.attributes
        ]
        modified += [{"displayName": "members", "oldValue": None, "newValue": m.key} for m in change.add]
        modified += [{"displayName": "members", "oldValue": m.key, "newValue": None} for m in change.remove]
        self._write({
            "record": "outcome", "runId": self._run, "activityDateTime": at, "target": outcome.target,
            "action": outcome.action, "status": outcome.status, "code": outcome.code, "reason": outcome.text,
            "sourceIdentity": {"key": outcome.key, "name": outcome.name, "type": outcome.type},
            "targetIdentity": {"id": outcome.id}, "modifiedProperties": modified,
        })  # fmt: skip

    def finish(self, *, at: str, succeeded: int, failed: int) -> None:
        """The last line: how it ended. A log without it was cut off."""
        self._write(
            {
                "record": "end",
                "runId": self._run,
                "activityDateTime": at,
                "succeeded": succeeded,
                "failed": failed,
            }
        )

    def _write(self, record: dict[str, object]) -> None:
        self._file.write(json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def list_runs(data: Path) -> list[str]:
    """The names of the runs, newest first."""
    return sorted((path.stem for path in (data / "runs").glob("*.jsonl")), reverse=True)


def read_run(data: Path, run: str) -> list[dict[str, Any]]:
    """The records of one run; a line cut by a crash is left out. Raises UsageError for an unknown run."""
    if run not in list_runs(data):
        raise UsageError(f"there is no run {run}; `reconcile log` lists them")
    records = []
    for line in (data / "runs" / f"{run}.jsonl").read_text(encoding="utf-8").splitlines():
        try:
            records.append(json.loads(line))
        except ValueError:
            continue
    return records

"""Run log: every outcome appended and synced as a JSON line (fields: research: entra 7.1)."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from reconciler.model.errors import TargetError, UsageError
from reconciler.model.plan import Budget
from reconciler.model.request import Outcome
from reconciler.model.stand_in import shown

BURST = 0.02  # seconds; at 50 requests a second every outcome has an fsync of its own
STEPS = {"create": "create", "adopt": "update", "update": "update", "reactivate": "update", "deactivate": "disable", "delete": "delete"}  # fmt: skip


class RunLog:
    """The log of one run of one target, at `<data>/runs/<run>.jsonl`. Raises TargetError if it cannot be written."""

    def __init__(self, data: Path, run: str) -> None:
        self.run = run
        self._synced = 0.0
        try:
            (data / "runs").mkdir(parents=True, exist_ok=True)
            path = data / "runs" / f"{run}.jsonl"
            path.touch(mode=0o600, exist_ok=False)  # it holds people's data
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise TargetError(
                f"cannot write a run log below {data}: {error.strerror}; nothing was written"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def start(
        self,
        *,
        target: str,
        digest: str,
        desired: str,
        as_of: str,
        at: str,
        changes: int,
        budgets: tuple[Budget, ...],
    ) -> None:
        """The first line: what is about to be applied, and what its budgets held."""
        held = [
            {"rule": row.rule, "subject": row.subject, "digest": row.digest, "atoms": sorted(row.atoms)}
            for row in budgets if not row.exceeded or row.approved
        ]  # fmt: skip
        self._write({
            "record": "run", "runId": self.run, "target": target, "digest": digest, "desired": desired, "asOf": as_of,
            "activityDateTime": at, "changes": changes, "budgets": held,
        })  # fmt: skip

    def outcome(self, outcome: Outcome, *, at: str) -> None:
        """One line for what one change came to."""
        change = outcome.change
        modified: list[dict[str, object]] = [
            {"displayName": a.path, "oldValue": shown(a.before), "newValue": shown(a.after)}
            for a in change.attributes
        ]
        modified += [{"displayName": "members", "oldValue": None, "newValue": m.key} for m in change.add]
        modified += [{"displayName": "members", "oldValue": m.key, "newValue": None} for m in change.remove]
        record = {
            "record": "outcome", "runId": self.run, "activityDateTime": at, "target": change.target,
            "action": change.action, "provisioningAction": STEPS[change.action],
            "durationInMilliseconds": outcome.milliseconds, "requests": outcome.requests,
            "sourceIdentity": {"id": change.key, "displayName": change.name, "identityType": change.type},
            "targetIdentity": {"id": outcome.id, "displayName": change.name, "identityType": change.type},
            "statusInfo": {"status": outcome.status, "errorCode": outcome.code or None, "reason": outcome.text or None},
            "modifiedProperties": modified,
        }  # fmt: skip
        self._write(record, durable=outcome.requests > 0)

    def finish(self, *, at: str, succeeded: int, failed: int, withheld: int, reason: str) -> None:
        """The last line: how it ended. A log without it was cut off."""
        self._write({
            "record": "end", "runId": self.run, "activityDateTime": at, "succeeded": succeeded, "failed": failed,
            "withheld": withheld, "reason": reason or None,
        })  # fmt: skip

    def _write(self, record: dict[str, object], *, durable: bool = True) -> None:
        """Every line has left the process when this returns. Lines that come thick and fast share one fsync."""
        self._file.write(json.dumps(record, ensure_ascii=True, sort_keys=True) + "\n")
        self._file.flush()
        now = time.monotonic()
        if durable and (record["record"] != "outcome" or now - self._synced >= BURST):
            os.fsync(self._file.fileno())
            self._synced = now


def list_runs(data: Path) -> list[str]:
    """The names of the runs, newest first."""
    return sorted((path.stem for path in (data / "runs").glob("*.jsonl")), reverse=True)


def read_run(data: Path, run: str) -> list[dict[str, Any]]:
    """The records of one run; a line cut by a crash is left out. Raises UsageError for an unknown run."""
    if run not in list_runs(data):
        raise UsageError(f"there is no run {run}; `reconcile log` lists them")
    return list(_records(data / "runs" / f"{run}.jsonl"))


def held_by_interrupted_run(data: Path, target: str) -> dict[str, frozenset[str]]:
    """What the target's last run held within its budgets, by rule, if it did not end well; else nothing (DESIGN 5)."""
    for run in list_runs(data):
        records = list(_records(data / "runs" / f"{run}.jsonl"))
        if not records or records[0].get("target") != target:
            continue
        end = records[-1]
        if end.get("record") == "end" and not end.get("failed"):
            return {}
        held: dict[str, frozenset[str]] = {}
        for row in records[0].get("budgets", ()):
            held[row["rule"]] = held.get(row["rule"], frozenset()) | frozenset(row["atoms"])
        return held
    return {}


def last_written(data: Path, target: str) -> dict[tuple[str, str, str], tuple[object, int]]:
    """What runs last wrote to each place (type, key, path or `members:<key>`) of the target, and how many in a row did."""
    written: dict[tuple[str, str, str], tuple[object, int]] = {}
    last_run: dict[tuple[str, str, str], str] = {}
    for run in reversed(list_runs(data)):
        for record in _records(data / "runs" / f"{run}.jsonl"):
            if record.get("record") != "outcome" or record.get("target") != target:
                continue
            if record["statusInfo"]["status"] != "success":
                continue
            who = record["sourceIdentity"]
            for row in record["modifiedProperties"]:
                path, value = row["displayName"], row["newValue"]
                if path == "members":
                    path, value = f"members:{value or row['oldValue']}", value is not None
                place = (who["identityType"], who["id"], path)
                before, times = written.get(place, (None, 0))
                is_again = times and before == value
                if not is_again or last_run[place] != run:
                    written[place] = (value, times + 1 if is_again else 1)
                last_run[place] = run
    return written


def _records(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict) and _is_sound(record):
            yield record


def _is_sound(record: dict[str, Any]) -> bool:
    """A record as a run writes it; another one tells nothing."""
    match record:
        case {
            "record": "run", "target": str(), "digest": str(), "changes": int(), "activityDateTime": str(), "budgets": list(rows),
        }:  # fmt: skip
            return all(_is_budget(row) for row in rows)
        case {
            "record": "outcome", "target": str(), "action": str(), "activityDateTime": str(), "modifiedProperties": list(rows),
            "sourceIdentity": {"id": str(), "displayName": str(), "identityType": str()},
            "statusInfo": {"status": "success" | "failure" | "skipped" | "warning", "errorCode": _, "reason": _},
        }:  # fmt: skip
            return all(_is_property(row) for row in rows)
        case {"record": "end", "succeeded": int(), "failed": int(), "activityDateTime": str(), "reason": _}:
            return True
    return False


def _is_budget(row: object) -> bool:
    match row:
        case {"rule": str(), "atoms": list(atoms)}:
            return all(isinstance(atom, str) for atom in atoms)
    return False


def _is_property(row: object) -> bool:
    match row:
        case {"displayName": str(), "oldValue": _, "newValue": _}:
            return True
    return False

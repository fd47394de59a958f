"""Run log: every outcome appended and synced as a JSON line (fields: research: entra 7.1)."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from reconciler.model.errors import TargetError, UsageError

BURST = 0.02  # seconds; at 50 requests a second every outcome has an fsync of its own
Record = Mapping[str, object]


class RunLog:
    """The log of one run of one target, at `<data>/runs/<run>.jsonl`; `shared` stands in each of its records.

    Raises TargetError if it cannot be written.
    """

    def __init__(self, data: Path, run: str, shared: Record) -> None:
        self.run = run
        self._synced, self._count = 0.0, 0
        self._shared = _encode({"runId": run, **shared})[1:]
        try:
            (data / "runs").mkdir(parents=True, exist_ok=True)
            path = data / "runs" / f"{run}.jsonl"
            path.touch(mode=0o600, exist_ok=False)  # it holds people's data
            self._file = path.open("ab", buffering=0)
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

    def write(self, record: Record, *, at: str) -> None:
        """Appends a record. It has left the process when this returns; lines that come thick and fast share one fsync.

        Raises OSError where the disk is full.
        """
        own = _encode({**record, "id": f"{self.run}/{self._count}", "activityDateTime": at})
        self._count += 1
        line = own[:-1] + b"," + self._shared + b"\n"
        while line:  # a disk that is nearly full takes a part, and refuses the rest
            line = line[self._file.write(line) :]
        is_outcome = record["record"] == "outcome"
        now = time.monotonic()
        if not is_outcome or (record["requests"] and now - self._synced >= BURST):
            os.fsync(self._file.fileno())
            self._synced = now


def _encode(record: Record) -> bytes:
    """JSON in ASCII: the file is text that people look at in a terminal."""
    try:
        content = msgspec.json.encode(record)
    except UnicodeEncodeError:  # half of a surrogate pair
        content = b"\xff"
    return content if content.isascii() else json.dumps(record).encode("ascii")


def list_runs(data: Path) -> list[str]:
    """The names of the runs, newest first."""
    return sorted((path.stem for path in (data / "runs").glob("*.jsonl")), reverse=True)


def read_run(data: Path, run: str) -> tuple[list[dict[str, Any]], int]:
    """The records of one run, and how many lines cannot be read. Raises UsageError for an unknown run."""
    if run not in list_runs(data):
        raise UsageError(f"there is no run {run}; `reconcile log` lists them")
    return _records(data / "runs" / f"{run}.jsonl")


def last_run(data: Path, target: str) -> dict[str, Any] | None:
    """The first record of the target's newest run."""
    for run in _runs_of(data, target):
        with suppress(OSError), (data / "runs" / f"{run}.jsonl").open("rb") as file:
            return _record(file.readline())
    return None


def held_by_interrupted_run(data: Path, target: str) -> dict[str, frozenset[str]]:
    """What the target's last run held within its budgets, by rule, if it did not end well; else nothing (DESIGN 5)."""
    for run in _runs_of(data, target):
        records, _ = _records(data / "runs" / f"{run}.jsonl")
        if not records or records[0]["record"] != "run":
            return {}
        if records[0].get("refused") or not records[0]["changes"]:
            continue  # it was not to write anything, and ended nothing
        end = records[-1]
        if end.get("record") == "end" and not end.get("failed"):
            return {}
        held: dict[str, frozenset[str]] = {}
        for row in records[0].get("budgets", ()):
            held[row["rule"]] = held.get(row["rule"], frozenset()) | frozenset(row["atoms"])
        return held
    return {}


def _runs_of(data: Path, target: str) -> list[str]:
    """The names of the target's runs, newest first: what follows the moment in a run's name is its target."""
    return [run for run in list_runs(data) if run.partition("-")[2] == target]


def last_written(data: Path, target: str) -> dict[tuple[str, str, str], tuple[object, int]]:
    """What runs last wrote to each place (type, key, path or `members:<key>`) of the target, and how many in a row did."""
    written: dict[tuple[str, str, str], tuple[object, int]] = {}
    last_run: dict[tuple[str, str, str], str] = {}
    for run in reversed(_runs_of(data, target)):
        for record in _records(data / "runs" / f"{run}.jsonl")[0]:
            if record["record"] != "outcome" or record["statusInfo"]["status"] != "success":
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


def _records(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The sound records of a file, and how many of its lines are none, such as one that a kill cut off."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return [], 0
    records = [record for record in map(_record, lines) if record is not None]
    return records, len(lines) - len(records)


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and _is_sound(record) else None


def _is_sound(record: dict[str, Any]) -> bool:
    """A record as a run writes it; another one tells nothing."""
    match record:
        case {
            "record": "run", "target": str(), "digest": str(), "changes": int(), "activityDateTime": str(), "budgets": list(rows),
        }:  # fmt: skip
            return all(_is_budget(row) for row in rows)
        case {
            "record": "outcome", "target": str(), "action": str(), "activityDateTime": str(), "modifiedProperties": list(rows),
            "sourceIdentity": {"id": str(), "displayName": str(), "identityType": str()}, "targetIdentity": {"id": str() | None},
            "statusInfo": {"status": "success" | "failure" | "skipped" | "warning", "errorCode": _, "reason": _},
        }:  # fmt: skip
            return all(_is_property(row) for row in rows)
        case {
            "record": "end", "succeeded": int(), "failed": int(), "withheld": int(), "activityDateTime": str(), "reason": _,
        }:  # fmt: skip
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

"""What run logs say, held against what happened at the endpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.faults.company import ENTERPRISE, Document, Live

Line = dict[str, Any]
Logs = dict[str, list[Line]]


def read_logs(base: Path) -> Logs:
    """Every line of every run log, by file; raises ValueError for a line that is no JSON."""
    return {
        path.name: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for path in sorted((base / ".reconcile" / "runs").glob("*.jsonl"))
    }


def untruths(logs: Logs, before: Live, after: Live) -> list[str]:
    """Where the logs of the runs between two moments do not fit what happened, in words."""
    outcomes = [line for lines in logs.values() for line in lines if line.get("record") == "outcome"]
    latest = {
        (line["sourceIdentity"]["identityType"], line["sourceIdentity"]["id"]): line for line in outcomes
    }
    wrong = [
        text
        for line in latest.values()
        if line["statusInfo"]["status"] == "success"
        for text in _unfounded(line, after)
    ]
    if logs and not all(any(line.get("record") == "end" for line in lines) for lines in logs.values()):
        return wrong  # cut off: the last writes may have no line
    told = {line["targetIdentity"]["id"] for line in outcomes} - {None, ""}
    told |= {line["sourceIdentity"]["id"] for line in outcomes}
    old, new = before.all(), after.all()
    for id_ in old.keys() | new.keys():
        if old.get(id_) != new.get(id_):
            row = new.get(id_) or old[id_]
            if id_ not in told and row.get("externalId") not in told:
                wrong.append(f"{row} changed and no log says so")
    return wrong


def _unfounded(line: Line, after: Live) -> list[str]:
    action, key, id_ = line["action"], line["sourceIdentity"]["id"], line["targetIdentity"]["id"]
    rows = after.users if line["sourceIdentity"]["identityType"] == "User" else after.groups
    row = rows.get(id_) if id_ else next((r for r in rows.values() if r.get("externalId") == key), None)
    text = f"{action} {key} is logged as a success"
    if action == "delete":
        return [f"{text}, and it is still there"] if row else []
    if row is None:
        return [f"{text}, and it is not there"]
    if action == "deactivate" and row.get("active") is not False:
        return [f"{text}, and it is active"]
    return [
        f"{text}, and {entry['displayName']} is not {entry['newValue']!r}"
        for entry in line["modifiedProperties"]
        if not _holds(row, after, entry)
    ]


def _holds(row: Document, after: Live, entry: Line) -> bool:
    path, old, new = entry["displayName"], entry["oldValue"], entry["newValue"]
    if path == "members":
        members = {member["value"] for member in row.get("members") or []}
        # An account that is not adopted yet has its name only; names here begin with keys.
        ids = {user["userName"].partition("@")[0]: id_ for id_, user in after.users.items()}
        ids |= {user["externalId"]: id_ for id_, user in after.users.items() if user.get("externalId")}
        return ids.get(new) in members if new is not None else ids.get(old) not in members
    if path.startswith(ENTERPRISE):
        return bool(row.get(ENTERPRISE)) is (new is not None)
    return bool(row.get(path) == new)

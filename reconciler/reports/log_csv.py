"""Log, CSV: one row for each outcome, for spreadsheets, which must not take a value for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.model.neutral import neutral
from reconciler.reports.log_text import shown_properties

FORMULA = ("=", "+", "-", "@")  # what a spreadsheet computes (OWASP, CSV injection)
COLUMNS = (
    "activityDateTime", "runId", "target", "action", "provisioningAction", "status", "errorCode", "errorCategory", "reason",
    "recommendedAction", "identityType", "sourceId", "displayName", "targetId", "modifiedProperties", "requests",
    "durationInMilliseconds",
)  # fmt: skip


def render(records: Iterable[Mapping[str, Any]]) -> str:
    """A header and the outcomes among `records` (RFC 4180)."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for record in records:
        if record["record"] == "outcome":
            row = _row(record)
            writer.writerow([_cell(row.get(column)) for column in COLUMNS])
    return file.getvalue()


def _row(record: Mapping[str, Any]) -> Mapping[str, Any]:
    who = record["sourceIdentity"]
    return {
        **record, **record["statusInfo"], "identityType": who["identityType"], "sourceId": who["id"],
        "displayName": who["displayName"], "targetId": record["targetIdentity"]["id"],
        "modifiedProperties": "; ".join(shown_properties(record, "added", "removed")),
    }  # fmt: skip


def _cell(value: object) -> str:
    text = "" if value is None else neutral(str(value))
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text

"""Log summary: one run in one row: when, how many changes, how it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]


def summarize(run: str, records: Sequence[Record], unreadable: int) -> dict[str, Any]:
    """The row of a run; `ended` is None where its log was cut off, `codes` counts its failures."""
    begin = records[0] if records and records[0]["record"] == "run" else {}
    end = records[-1] if records and records[-1]["record"] == "end" else None
    outcomes = [record for record in records if record["record"] == "outcome"]
    done = sum(record["statusInfo"]["status"] == "success" for record in outcomes)
    codes = Counter(
        str(record["statusInfo"]["errorCode"])
        for record in outcomes
        if record["statusInfo"]["status"] == "failure"
    )
    return {
        "record": "summary", "runId": run, "target": begin.get("target"), "activityDateTime": begin.get("activityDateTime"),
        "planned": begin.get("changes"), "succeeded": end["succeeded"] if end else done, "failed": end["failed"] if end else None,
        "withheld": end.get("withheld") if end else None, "refused": begin.get("refused"), "codes": dict(sorted(codes.items())),
        "ended": end["activityDateTime"] if end else None, "reason": end["reason"] if end else "cut off",
        "reasonCode": end.get("reasonCode") if end else None, "unreadableLines": unreadable,
    }  # fmt: skip

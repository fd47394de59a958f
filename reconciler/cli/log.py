"""`reconcile log`: what runs did."""

from __future__ import annotations

import json
from typing import Any

import click

from reconciler.cli import Settings
from reconciler.model.neutral import neutral_json

MARKS = {"success": "✓", "failure": "✗", "skipped": "·", "warning": "!"}


@click.command("log")
@click.argument("run", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    envvar="RECONCILE_FORMAT",
    help="How to print it.",
)
@click.pass_obj
def command(settings: Settings, run: str | None, form: str) -> None:
    """List the runs, newest first, or show one."""
    from reconciler.edge.run_log import list_runs, read_run

    if run is not None:
        records = read_run(settings.data, run)
    else:
        records = [_summary(name, read_run(settings.data, name)) for name in list_runs(settings.data)]
    if form == "json":
        click.echo(neutral_json(json.dumps(records, indent=2, sort_keys=True, ensure_ascii=False)))
        return
    if not records:
        click.echo(f"no runs below {settings.data}; `reconcile apply` writes them", err=True)
    for record in records:
        click.echo(_line(record))


def _summary(name: str, records: list[dict[str, Any]]) -> dict[str, Any]:
    begin = records[0] if records and records[0]["record"] == "run" else {}
    end = records[-1] if records and records[-1]["record"] == "end" else None
    outcomes = [record for record in records if record["record"] == "outcome"]
    done = sum(record["statusInfo"]["status"] == "success" for record in outcomes)
    return {
        "record": "summary", "runId": name, "target": begin.get("target"), "activityDateTime": begin.get("activityDateTime"),
        "planned": begin.get("changes"), "succeeded": end["succeeded"] if end else done,
        "failed": end["failed"] if end else None, "ended": end["activityDateTime"] if end else None,
        "reason": end["reason"] if end else "cut off",
    }  # fmt: skip


def _line(record: dict[str, Any]) -> str:
    from reconciler.model.neutral import neutral

    match record["record"]:
        case "summary":
            end = (
                "cut off"
                if record["ended"] is None
                else f"{record['failed']} failed"
                if record["failed"]
                else "complete"
            )
            return neutral(f"{record['runId']}   {record['succeeded']} of {record['planned']} changes, {end}")
        case "run":
            return neutral(
                f"{record['activityDateTime']} run    {record['target']}: {record['changes']} changes, digest {record['digest'][7:19]}…"
            )
        case "end":
            reason = f": {record['reason']}" if record["reason"] else ""
            return neutral(
                f"{record['activityDateTime']} end    {record['succeeded']} succeeded, {record['failed']} failed{reason}"
            )
    who, status = record["sourceIdentity"], record["statusInfo"]
    why = f"  {status['errorCode']}: {status['reason']}" if status["errorCode"] else ""
    name = f"{who['identityType'].lower():<5} {who['displayName']}"
    return neutral(
        f"{record['activityDateTime']} {MARKS[status['status']]} {record['action']:<10} {name}{why}"
    )

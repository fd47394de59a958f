"""`reconcile log`: what runs did."""

from __future__ import annotations

import json
from typing import Any

import click

from reconciler.cli import Settings
from reconciler.cli.options import option
from reconciler.cli.saying import say
from reconciler.model.neutral import neutral_json

MARKS = {"success": "✓", "failure": "✗", "skipped": "·", "warning": "!"}


@click.command("log")
@click.argument("run", required=False)
@click.option("--user", "users", multiple=True, help="Only of this user, by id, name or live id.")
@click.option("--target", "targets", multiple=True, help="Only of this target.")
@click.option("--action", "actions", multiple=True, help="Only this action: create, update, deactivate, …")
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice(list(MARKS)), help="Only what came to this."
)
@click.option("--code", "codes", multiple=True, help="Only with this error code.")
@click.option("--since", help="Not before this date or timestamp (UTC).")
@click.option("--until", help="Before this date or timestamp (UTC).")
@option("--format", "How to print it.", name="form", type=click.Choice(["text", "json"]), default="text")
@click.pass_obj
def command(settings: Settings, /, run: str | None, form: str, **filters: Any) -> None:
    """List the runs, newest first, or show one; with a filter, what fits it of one run or of all."""
    from reconciler.edge.run_log import list_runs, read_run

    if any(filters.values()):
        runs = [run] if run is not None else sorted(list_runs(settings.data))
        records = [
            record for name in runs for record in read_run(settings.data, name)
            if record["record"] == "outcome" and _fits(record, filters)
        ]  # fmt: skip
    elif run is not None:
        records = read_run(settings.data, run)
    else:
        records = [_summary(name, read_run(settings.data, name)) for name in list_runs(settings.data)]
    if form == "json":
        click.echo(neutral_json(json.dumps(records, indent=2, sort_keys=True, ensure_ascii=False)))
        return
    if not records:
        say(
            "nothing fits"
            if any(filters.values())
            else f"no runs below {settings.data}; `reconcile apply` writes them"
        )
    for record in records:
        click.echo(_line(record))


def _fits(record: dict[str, Any], filters: dict[str, Any]) -> bool:
    who, status, at = record["sourceIdentity"], record["statusInfo"], record["activityDateTime"]
    names = {str(name).casefold() for name in (who["id"], who["displayName"], record["targetIdentity"]["id"])}
    is_user = who["identityType"] == "User" and any(user.casefold() in names for user in filters["users"])
    return (
        (not filters["users"] or is_user)
        and (not filters["targets"] or record["target"] in filters["targets"])
        and (not filters["actions"] or record["action"] in filters["actions"])
        and (not filters["statuses"] or status["status"] in filters["statuses"])
        and (not filters["codes"] or status["errorCode"] in filters["codes"])
        and (not filters["since"] or at >= filters["since"])
        and (not filters["until"] or at < filters["until"])
    )


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

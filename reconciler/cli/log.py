"""`reconcile log`: what runs did."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

import click

from reconciler.cli import Settings
from reconciler.cli.options import option
from reconciler.cli.saying import say

Record = dict[str, Any]
STATUSES = ("success", "failure", "skipped", "warning")
AGO = re.compile(r"(\d{1,9})([smhdw])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@click.command("log")
@click.argument("run", required=False)
@click.option(
    "--user", "users", multiple=True, help="Only of this user, by id, name or live id; * is any text."
)
@click.option(
    "--group", "groups", multiple=True, help="Only of this group, by id, name or live id; * is any text."
)
@click.option("--target", "targets", multiple=True, help="Only of this target.")
@click.option(
    "--action",
    "actions",
    multiple=True,
    help="Only this action: create, update, deactivate, disable, stageddelete, …",
)
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice(STATUSES), help="Only what came to this."
)
@click.option("--code", "codes", multiple=True, help="Only with this error code: EntryConflict, …")
@click.option("--since", help="Not before: 2h, 7d ago, a date or a timestamp (UTC).")
@click.option("--until", help="Not after: 2h, 7d ago, the end of a date, or a timestamp (UTC).")
@click.option("--details", is_flag=True, help="Tell each outcome's steps, values and what to do.")
@option(
    "--format", "How to print it.", name="form", type=click.Choice(["text", "json", "csv"]), default="text"
)
@click.pass_obj
def command(settings: Settings, /, run: str | None, form: str, details: bool, **filters: Any) -> None:
    """List the runs, newest first, or show one; with a filter, what fits it of one run or of all.

    RUN is a run's name, or how it begins.
    """  # fmt: skip
    from reconciler.edge.run_log import list_runs, read_run

    now = datetime.now(UTC)
    filters |= {"since": _moment("--since", filters["since"], now), "until": _moment("--until", filters["until"], now)}  # fmt: skip
    is_filtered = any(filters.values())
    names = list_runs(settings.data)
    chosen = [_named(run, names)] if run is not None else sorted(names)
    logs = {name: read_run(settings.data, name) for name in chosen}
    for name, (_, unreadable) in logs.items():
        if unreadable:
            lines = "1 line" if unreadable == 1 else f"{unreadable} lines"
            say(
                f"warning: {name}: {lines} cannot be read, as where a run was cut off while it wrote; what it told is lost"
            )
    if is_filtered or form == "csv" or (details and run is not None):
        outcomes = [
            r
            for records, _ in logs.values()
            for r in records
            if r["record"] == "outcome" and _fits(r, filters)
        ]
        _show(outcomes, form, is_detailed=details)
    elif run is not None:
        [(records, unreadable)] = logs.values()
        _show_run(records, unreadable, form)
    else:
        _show_runs(settings, logs, form)


def _named(run: str, names: Sequence[str]) -> str:
    """The run of that name, or the only one whose name begins so. Raises UsageError."""
    from reconciler.model.errors import UsageError

    found = [run] if run in names else [name for name in names if name.startswith(run)]
    if not found:
        raise UsageError(f"there is no run {run}; `reconcile log` lists them")
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} runs begin with {run}; write more of the name: {', '.join(found[:3])}"
        )
    return found[0]


def _moment(flag: str, text: str | None, now: datetime) -> str | None:
    """A bound as the log writes moments. Raises click.UsageError."""
    from reconciler.functions.moments import end, start

    if not text:
        return None
    ago = AGO.fullmatch(text.strip())
    try:
        if ago:
            moment = now - timedelta(**{UNITS[ago[2]]: int(ago[1])})
        else:
            moment = (start if flag == "--since" else end)(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.UsageError(
            f"{flag} {text}: write 2h or 7d, a date as 2026-01-31, or a timestamp as 2026-01-31T18:00:00Z"
        ) from None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fits(record: Record, filters: dict[str, Any]) -> bool:
    status, at = record["statusInfo"], record["activityDateTime"]
    return (
        (not (filters["users"] or filters["groups"]) or _is_about(record, filters))
        and (not filters["targets"] or record["target"] in filters["targets"])
        and (
            not filters["actions"]
            or not {record["action"], record.get("provisioningAction")}.isdisjoint(filters["actions"])
        )
        and (not filters["statuses"] or status["status"] in filters["statuses"])
        and (
            not filters["codes"]
            or str(status["errorCode"]).casefold() in [code.casefold() for code in filters["codes"]]
        )
        and (not filters["since"] or at >= filters["since"])
        and (not filters["until"] or at < filters["until"])
    )


def _is_about(record: Record, filters: dict[str, Any]) -> bool:
    who = record["sourceIdentity"]
    names = {str(name).casefold() for name in (who["id"], who["displayName"], record["targetIdentity"]["id"])}
    wanted = filters["users"] if who["identityType"] == "User" else filters["groups"]
    return any(
        one.casefold() in names or any(fnmatchcase(name, one.casefold()) for name in names) for one in wanted
    )


def _show(outcomes: list[Record], form: str, *, is_detailed: bool) -> None:
    if form == "json":
        _print_json(outcomes)
    elif form == "csv":
        from reconciler.reports.log_csv import render

        click.echo(render(outcomes), nl=False)
    elif not outcomes:
        say("nothing fits")
    else:
        from rich.console import Console

        from reconciler.reports.log_text import write_outcomes

        write_outcomes(outcomes, Console(soft_wrap=True), is_detailed=is_detailed)


def _show_run(records: list[Record], unreadable: int, form: str) -> None:
    if form == "json":
        _print_json(records)
        return
    from rich.console import Console

    from reconciler.reports.log_text import write_run

    write_run(records, unreadable, Console(soft_wrap=True))


def _show_runs(settings: Settings, logs: dict[str, tuple[list[Record], int]], form: str) -> None:
    from dataclasses import asdict

    from reconciler.edge.quarantine import list_quarantines
    from reconciler.reports.log_summary import summarize

    runs = [summarize(name, *log) for name, log in sorted(logs.items(), reverse=True)]
    quarantines = list_quarantines(settings.data)
    if form == "json":
        shut = [
            {"record": "quarantine", "target": target, **asdict(found)}
            for target, found in quarantines.items()
        ]
        _print_json([*runs, *shut])
        return
    for target, found in quarantines.items():
        say(
            f"!! {target} is {found.told}; `reconcile apply --target {target} --clear-quarantine` lifts it",
            err=False,
        )
    if not runs:
        say(f"no runs below {settings.data}; `reconcile apply` writes them")
        return
    from rich.console import Console

    from reconciler.reports.log_text import write_runs

    write_runs(runs, Console(soft_wrap=True))


def _print_json(records: list[Record]) -> None:
    from reconciler.model.neutral import neutral_json

    click.echo(neutral_json(json.dumps(records, indent=2, sort_keys=True, ensure_ascii=False)))

"""`reconcile log`: what runs did."""

from __future__ import annotations

import json
from typing import Any

import click

from reconciler.cli import Settings


@click.command("log")
@click.argument("run", required=False)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print it."
)
@click.pass_obj
def command(settings: Settings, run: str | None, form: str) -> None:
    """List the runs, newest first, or show one."""
    from reconciler.edge.run_log import list_runs, read_run
    from reconciler.reports.text import neutral

    records: list[dict[str, Any]] = (
        read_run(settings.data, run) if run else [{"run": name} for name in list_runs(settings.data)]
    )
    if form == "json":
        click.echo(json.dumps(records, indent=2, sort_keys=True, ensure_ascii=False))
        return
    for record in records:
        if "run" in record:
            click.echo(record["run"])
        elif record["record"] == "outcome":
            who = record["sourceIdentity"]
            click.echo(
                neutral(
                    f"{record['activityDateTime']} {record['status']:<8} {record['action']:<10} {who['type']} {who['name']} {record['reason']}"
                )
            )
        else:
            click.echo(neutral(f"{record['activityDateTime']} {record['record']} {record.get('digest', '')}"))

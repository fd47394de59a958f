"""Showing: a plan on stdout or in files, in the formats that were asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.saying import say

if TYPE_CHECKING:
    from reconciler.model.plan import Plan


FORMATS = ("text", "json")


def show_plan(plan: Plan, forms: tuple[str, ...]) -> None:
    """Prints or writes `plan` in every form; targets' errors go to stderr in every format."""
    from rich.console import Console

    from reconciler.reports import json_plan
    from reconciler.reports.text import write_plan

    for form in forms:
        kind, _, file = form.partition("=")
        if kind == "json" and file:
            Path(file).write_text(json_plan.render(plan), encoding="utf-8")
        elif kind == "json":
            click.echo(json_plan.render(plan), nl=False)
        elif file:
            with Path(file).open("w", encoding="utf-8") as stream:
                write_plan(plan, Console(file=stream, width=120))
        else:
            write_plan(plan, Console(soft_wrap=True))
    for target in plan.targets:
        if target.error:
            say(f"{target.name}: {target.error}")


def check_formats(forms: tuple[str, ...]) -> None:
    """Raises click.UsageError for a format that does not exist."""
    for form in forms:
        if form.partition("=")[0] not in FORMATS:
            raise click.UsageError(f"--format {form}: choose one of {', '.join(FORMATS)}, or json=FILE")

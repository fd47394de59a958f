"""Showing: a plan on stdout or in files, in the formats that were asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.saying import say
from reconciler.model.neutral import neutral_json

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
            say(f"{target.name}: {target.error}", err=True)


@contextmanager
def json_on_failure(forms: tuple[str, ...]) -> Iterator[None]:
    """Keeps stdout valid JSON where JSON was asked for and an error stops the command; the error goes on.

    Raises click.UsageError for a format that does not exist.
    """
    from reconciler.model.errors import ReconcilerError

    for form in forms:
        if form.partition("=")[0] not in FORMATS:
            raise click.UsageError(f"--format {form}: choose one of {', '.join(FORMATS)}, or json=FILE")
    try:
        yield
    except ReconcilerError as error:
        if "json" in forms:
            click.echo(
                neutral_json(
                    json.dumps(
                        {"error": str(error), "exitCode": error.exit_code}, indent=2, ensure_ascii=False
                    )
                )
            )
        raise

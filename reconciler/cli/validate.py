"""`reconcile validate`: every mistake offline, with place and remedy."""

from __future__ import annotations

import json
import sys

import click

from reconciler.cli import Settings
from reconciler.cli.options import option
from reconciler.cli.saying import say
from reconciler.model.neutral import neutral_json


@click.command("validate")
@option(
    "--format", "How to print the result.", name="form", type=click.Choice(["text", "json"]), default="text"
)
@click.pass_obj
def command(settings: Settings, form: str) -> None:
    """Check the desired state offline: every mistake, with place and remedy."""
    from reconciler.model.errors import DesiredStateError
    from reconciler.pipeline import here
    from reconciler.pipeline.validating import check

    try:
        state = check(here(settings.base, settings.desired, settings.data))
    except DesiredStateError as error:
        if form == "json":
            mistakes = [
                {"path": m.document, "line": m.line, "column": m.column, "text": m.text}
                for m in error.mistakes
            ]
            click.echo(
                neutral_json(json.dumps({"valid": False, "mistakes": mistakes}, indent=2, ensure_ascii=False))
            )
        else:
            say(str(error), err=False)
            count = len(error.mistakes)
            click.echo(f"{count} mistake{'s' * (count > 1)}", err=True)
        sys.exit(1)
    counts = {"users": len(state.users), "groups": len(state.groups), "targets": len(state.targets)}
    if form == "json":
        click.echo(json.dumps({"valid": True, "mistakes": [], **counts}, indent=2))
    else:
        said = [f"{number:,} {noun if number != 1 else noun[:-1]}" for noun, number in counts.items()]
        click.echo(f"valid: {', '.join(said)}")

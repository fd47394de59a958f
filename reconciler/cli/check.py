"""`reconcile check`: connection, credentials, discovery; what the endpoint says and does against its profile."""

from __future__ import annotations

import sys

import click

from reconciler.cli import Settings
from reconciler.cli.options import option, target_option
from reconciler.cli.saying import say


@click.command("check")
@target_option
@option(
    "--format", "How to print the result.", name="form", type=click.Choice(["text", "json"]), default="text"
)
@click.pass_obj
def command(settings: Settings, targets: tuple[str, ...], form: str) -> None:
    """Look at the endpoints: connection, credentials, discovery, lists; reads only."""
    from uuid import uuid4

    from reconciler.pipeline import here, load
    from reconciler.pipeline.checking import check_targets
    from reconciler.reports.checkup import render_checkups, write_checkup

    world = here(settings.base, settings.desired, settings.data)
    checkups = check_targets(load(world), targets, world, str(uuid4()))
    codes = {checkup.exit_code for checkup in checkups}
    code = next(code for code in (5, 130, 1, 6, 0) if code in codes or code == 0)
    if form == "json":
        click.echo(render_checkups(checkups, code), nl=False)
    else:
        from rich.console import Console

        for at, checkup in enumerate(checkups):
            click.echo("" if not at else "\n", nl=False)
            write_checkup(checkup, Console(soft_wrap=True))
    for checkup in checkups:
        if checkup.error:
            say(f"{checkup.target}: {checkup.error}")
    sys.exit(code)

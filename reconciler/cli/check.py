"""`reconcile check`: connection, credentials, discovery; what the endpoint says and does against its profile."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from reconciler.cli import Settings
from reconciler.cli.options import option, target_option
from reconciler.cli.saying import say

if TYPE_CHECKING:
    from reconciler.model.desired import DesiredState
    from reconciler.model.target import Target

QUESTION = """\
--write-probe makes two users and a group of its own at {name}, all of them called reconcile-canary-…, changes them in
every form that apply knows, and removes them by DELETE. Where DELETE only deactivates, two inactive accounts stay.
Make them?"""


@click.command("check")
@target_option
@option(
    "--format", "How to print the result.", name="form", type=click.Choice(["text", "json"]), default="text"
)
@option("--write-probe", "Try writes on accounts of its own, which are removed again.", is_flag=True)
@click.option("--yes", is_flag=True, help="Do not ask before a write probe.")
@click.pass_obj
def command(settings: Settings, targets: tuple[str, ...], form: str, *, write_probe: bool, yes: bool) -> None:
    """Look at the endpoints: connection, credentials, discovery, lists. Reads only, but for --write-probe."""
    from uuid import uuid4

    from reconciler.model.verdict import first_code
    from reconciler.pipeline import here, load
    from reconciler.pipeline.checking import check_targets
    from reconciler.reports.checkup import render_checkups, write_checkup

    world = here(settings.base, settings.desired, settings.data)
    state, guid = load(world), str(uuid4())
    if write_probe:
        from reconciler.pipeline.write_probe import probe_target

        checkups = [probe_target(state, _agreed_target(state, targets, yes=yes), world, guid)]
    else:
        checkups = check_targets(state, targets, world, guid)
    code = first_code(checkup.exit_code for checkup in checkups)
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


def _agreed_target(state: DesiredState, names: tuple[str, ...], *, yes: bool) -> Target:
    """The one target that a write probe is agreed to for.

    Raises UsageError where there are several, or where nobody agreed and nobody can be asked.
    """
    from reconciler.model.errors import UsageError
    from reconciler.pipeline import choose

    targets = choose(state, names)
    if len(targets) != 1:
        raise UsageError("--write-probe writes: name the one target that it may write to, by --target")
    if not yes and not sys.stdin.isatty():
        raise UsageError("nobody agreed to a write probe: pass --yes")
    if not yes and not click.confirm(QUESTION.format(name=targets[0].name), err=True):
        raise click.Abort
    return targets[0]

"""`reconcile ci validate`: the desired state checked offline; for everybody, forks too."""

from __future__ import annotations

import sys

import click

from reconciler.cli import Settings
from reconciler.cli.ci.surroundings import enter, say_result


@click.command("validate")
@click.pass_obj
def command(settings: Settings) -> None:
    """Check the desired state; its mistakes become annotations and the job's summary."""
    from reconciler.model.errors import DesiredStateError
    from reconciler.pipeline.validating import check
    from reconciler.reports.mistakes import annotate_mistakes, list_mistakes

    job, world = enter(settings)
    try:
        state = check(world)
    except DesiredStateError as error:
        job.add_summary("### The desired state is invalid\n\n" + list_mistakes(error.mistakes, 500_000))
        say_result(str(error), annotate_mistakes(error.mistakes))
        sys.exit(1)
    say_result(
        f"valid: {len(state.users):,} users, {len(state.groups):,} groups, {len(state.targets):,} targets"
    )

"""`reconcile drift`: a plan for schedulers: names the cause of each difference; exit 2 when there is one."""

from __future__ import annotations

import sys
from dataclasses import replace

import click

from reconciler.cli import Settings
from reconciler.cli.options import format_option, progress_option, target_option
from reconciler.cli.plan import exit_code
from reconciler.cli.progress import progress
from reconciler.cli.showing import check_formats, show_plan


@click.command("drift")
@target_option
@format_option
@progress_option
@click.pass_obj
def command(settings: Settings, targets: tuple[str, ...], forms: tuple[str, ...], no_progress: bool) -> None:
    """Compare, name the cause of each difference, and say by the exit code: 0 nothing differs, 2 something does."""
    from reconciler.pipeline import here, join, load
    from reconciler.pipeline.agreeing import Terms, agree
    from reconciler.pipeline.planning import with_causes
    from reconciler.pipeline.when import with_moments

    check_formats(forms)
    with progress(quiet=no_progress) as told:
        world = replace(here(settings.base, settings.desired, settings.data), progress=told)
        planned = agree(load(world), targets, world, Terms()).planned
        for each in planned:
            each.plan = with_causes(each, world)
            each.plan = with_moments(each, world)
        plan = join(planned, world)
    show_plan(plan, forms, settings, "Drift")
    sys.exit(exit_code(plan, None, True))

"""`reconcile drift`: a plan for schedulers; exit 2 when there is a difference."""

from __future__ import annotations

import sys

import click

from reconciler.cli import Settings
from reconciler.cli.plan import exit_code
from reconciler.cli.showing import json_on_failure, show_plan


@click.command("drift")
@click.option("--target", "targets", multiple=True, help="Only this target; may be given again.")
@click.option("--format", "forms", multiple=True, default=("text",), help="text or json, or json=FILE.")
@click.pass_obj
def command(settings: Settings, targets: tuple[str, ...], forms: tuple[str, ...]) -> None:
    """Compare and say so by the exit code: 0 nothing differs, 2 something does."""
    from reconciler.pipeline import here, load, make_plan

    world = here(settings.base, settings.desired, settings.data)
    with json_on_failure(forms):
        plan = make_plan(load(world), targets, world)
    show_plan(plan, forms)
    sys.exit(exit_code(plan, None, True))

"""`reconcile plan`: what would change, why, at which cost and risk."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import Settings
from reconciler.cli.options import format_option, only_option, option, progress_option, target_option
from reconciler.cli.progress import progress
from reconciler.cli.sealing import seal_of
from reconciler.cli.showing import check_formats, save, show_plan

if TYPE_CHECKING:
    from reconciler.model.plan import Plan

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("plan")
@target_option
@only_option
@option("--out", "Save the plan for `apply`.", type=FILE)
@option(
    "--base",
    "Split the plan: what this edit does, and what had drifted from this git ref before.",
    metavar="REF",
)
@format_option
@option("--requests", "Show the requests of each change.", is_flag=True)
@option("--manifest", "Write what binds an apply to this plan, without anybody's data.", type=FILE)
@option(
    "--fail-on", "Fail on a blocked plan or findings.", type=click.Choice(["blocked", "error", "warning"])
)
@option("--detailed-exitcode", "Exit 2 if there are changes.", is_flag=True)
@progress_option
@click.pass_obj
def command(
    settings: Settings, targets: tuple[str, ...], only: tuple[str, ...], out: Path | None, base: str | None,
    forms: tuple[str, ...], requests: bool, manifest: Path | None, fail_on: str | None, detailed_exitcode: bool,
    no_progress: bool,
) -> None:  # fmt: skip
    """Show what would change, and why; writes nothing anywhere."""
    from reconciler.pipeline import here, join, load
    from reconciler.pipeline.agreeing import Terms, agree
    from reconciler.pipeline.base_tree import load_base
    from reconciler.pipeline.planning import with_edits, with_requests
    from reconciler.reports.json_plan import render
    from reconciler.stages.review import make_manifest

    check_formats(forms)
    with progress(quiet=no_progress) as told:
        world = replace(here(settings.base, settings.desired, settings.data), progress=told)
        state = load(world)
        tree = load_base(world, base, state) if base is not None else None
        planned = agree(state, targets, world, Terms(only=only, base=tree)).planned
    for each in planned:
        each.plan = with_edits(each) if tree else each.plan
        each.plan = with_requests(each) if requests else each.plan
    plan = join(planned, world, tree)
    if out is not None:
        save(out, render(plan))
    if manifest is not None:
        document = make_manifest(plan, os.environ.get("GITHUB_SHA"), seal_of(world.environ))
        save(manifest, json.dumps(document, indent=2, sort_keys=True) + "\n")
    show_plan(plan, forms, settings)
    sys.exit(exit_code(plan, fail_on, detailed_exitcode))


def exit_code(plan: Plan, fail_on: str | None, detailed: bool) -> int:
    """The first that holds of 1, 6, 4, 3, 2, 0 (DESIGN 4); what had drifted before an edit does not block it."""
    codes = {target.error_exit for target in plan.targets if target.error}
    severities = {finding.severity for target in plan.targets for finding in target.findings}
    if fail_on and any((target.edit or target).blocked for target in plan.targets):
        codes.add(3)
    if (fail_on in ("error", "warning") and "error" in severities) or (
        fail_on == "warning" and "warning" in severities
    ):
        codes.add(1)
    if detailed and plan.changes:
        codes.add(2)
    return next((code for code in (1, 6, 4, 3, 2) if code in codes), 0)

"""`reconcile plan`: what would change, why, at which cost and risk."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.cli import Settings
from reconciler.cli.showing import json_on_failure, show_plan


@click.command("plan")
@click.option("--target", "targets", multiple=True, help="Only this target; may be given again.")
@click.option("--only", multiple=True, help="Only this object, as user:ada or group:engineering.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Save the plan for `apply`.")
@click.option(
    "--format",
    "forms",
    multiple=True,
    default=("text",),
    help="text or json, or json=FILE; may be given again.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["blocked", "error", "warning"]),
    help="Fail on a blocked plan or findings.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 if there are changes.")
@click.pass_obj
def command(
    settings: Settings, targets: tuple[str, ...], only: tuple[str, ...], out: Path | None, forms: tuple[str, ...],
    fail_on: str | None, detailed_exitcode: bool,
) -> None:  # fmt: skip
    """Show what would change, and why; writes nothing anywhere."""
    from reconciler.pipeline import here, load, make_plan
    from reconciler.reports.json_plan import render
    from reconciler.stages.restrict import restrict

    world = here(settings.base, settings.desired, settings.data)
    with json_on_failure(forms):
        state = load(world)
        plan = restrict(make_plan(state, targets, world), only, state)
    if out is not None:
        out.write_text(render(plan), encoding="utf-8")
    show_plan(plan, forms)
    sys.exit(exit_code(plan, fail_on, detailed_exitcode))


def exit_code(plan: object, fail_on: str | None, detailed: bool) -> int:
    """The first that holds of 1, 6, 3, 2, 0 (DESIGN 4)."""
    from reconciler.model.plan import Plan

    assert isinstance(plan, Plan)
    codes = {target.error_exit for target in plan.targets if target.error}
    severities = {finding.severity for target in plan.targets for finding in target.findings}
    if fail_on and (any(target.blocked for target in plan.targets)):
        codes.add(3)
    if (fail_on in ("error", "warning") and "error" in severities) or (
        fail_on == "warning" and "warning" in severities
    ):
        codes.add(1)
    if detailed and plan.changes:
        codes.add(2)
    return next((code for code in (1, 6, 3, 2) if code in codes), 0)

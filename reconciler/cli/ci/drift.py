"""`reconcile ci drift`: one target checked: its part of the drift issue."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.cli import Settings
from reconciler.cli.ci.options import branch_option, detail_option, out_option, target_option
from reconciler.cli.ci.surroundings import enter, load_applied, resolve_detail, say_result, with_secrets


@click.command("drift")
@target_option
@out_option
@detail_option
@branch_option
@click.pass_obj
def command(settings: Settings, target: str, out: Path, detail: str, branch: str) -> None:
    """Compare, and leave what differs for `ci issue`; the job fails only where nothing could be compared."""
    from reconciler.edge.github.job import SUMMARY
    from reconciler.pipeline import join
    from reconciler.pipeline.agreeing import Terms, agree
    from reconciler.pipeline.ci.parts import begin_part, save_part
    from reconciler.pipeline.ci.telling import part_of, places_of
    from reconciler.pipeline.planning import with_causes
    from reconciler.pipeline.validating import check
    from reconciler.pipeline.when import with_moments
    from reconciler.reports.markdown import render

    job, world = enter(settings)
    state = check(world)
    world = with_secrets(world, state, target)
    begin_part(out, "drift", target)
    named = resolve_detail(detail, job)
    (planned,) = agree(state, (target,), world, Terms(base=load_applied(job, world, branch, state))).planned
    planned.plan = with_causes(planned, world)
    planned.plan = with_moments(planned, world)
    plan = join([planned], world)
    result = "failed" if planned.plan.error else "drifted" if planned.plan.changes else "rest"
    save_part(out, part_of(plan, "drift", result, named, job, world.desired, planned.target.mapping))
    heading = f"Drift at {target}"
    job.add_summary(
        render(
            plan,
            heading=heading,
            detail=named,
            limit_characters=SUMMARY,
            limit_bytes=SUMMARY,
            places=places_of(job, world.desired),
        )
    )
    job.set_outputs(result=result, changes=len(plan.changes), digest=plan.digest)
    say_result(f"{target}: {result}: {len(plan.changes):,} differences")
    if planned.plan.error:
        say_result(f"{target}: {planned.plan.error}")
    sys.exit(planned.plan.error_exit)

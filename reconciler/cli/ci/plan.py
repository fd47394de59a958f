"""`reconcile ci plan`: one target's plan as its part of the comment, and its manifest, which names nobody."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.cli import Settings
from reconciler.cli.ci.options import detail_option, out_option, target_option
from reconciler.cli.ci.surroundings import enter, resolve_detail, say_result, with_secrets
from reconciler.cli.sealing import seal_of


@click.command("plan")
@target_option
@out_option
@detail_option
@click.pass_obj
def command(settings: Settings, target: str, out: Path, detail: str) -> None:
    """Plan one target; what the edit does apart from what had drifted before."""
    from reconciler.edge.github.job import SUMMARY
    from reconciler.pipeline import join
    from reconciler.pipeline.agreeing import Terms, agree
    from reconciler.pipeline.base_tree import load_base
    from reconciler.pipeline.ci.parts import begin_part, save_manifest, save_part
    from reconciler.pipeline.ci.telling import part_of, places_of
    from reconciler.pipeline.planning import with_edits
    from reconciler.pipeline.validating import check
    from reconciler.reports.markdown import render
    from reconciler.reports.mistakes import annotate_findings
    from reconciler.stages.review import make_manifest

    job, world = enter(settings)
    state = check(world)
    world = with_secrets(world, state, target)
    begin_part(out, "plan", target)
    named = resolve_detail(detail, job)
    base = load_base(world, job.base, state) if job.base else None
    (planned,) = agree(state, (target,), world, Terms(base=base)).planned
    planned.plan = with_edits(planned)
    plan = join([planned], world, base)
    edit = planned.plan.edit or planned.plan
    result = (
        "failed"
        if planned.plan.error
        else "blocked"
        if edit.blocked
        else "planned"
        if edit.changes
        else "noop"
    )
    save_part(out, part_of(plan, "plan", result, named, job, world.desired))
    if not planned.plan.error:
        save_manifest(out, make_manifest(plan, job.head, seal_of(world.environ)))
    job.add_summary(
        render(
            plan,
            heading=f"Plan of {target}",
            detail=named,
            limit_characters=SUMMARY,
            limit_bytes=SUMMARY,
            places=places_of(job, world.desired),
        )
    )
    job.set_outputs(result=result, changes=len(edit.changes), digest=plan.digest)
    say_result(
        f"{target}: {result}: {len(edit.changes):,} changes of this edit, "
        f"{len(planned.plan.changes) - len(edit.changes):,} had drifted before",
        annotate_findings(planned.plan.findings) if named == "full" else (),
    )
    if planned.plan.error:
        say_result(f"{target}: {planned.plan.error}")
    sys.exit(planned.plan.error_exit or (3 if edit.blocked else 0))

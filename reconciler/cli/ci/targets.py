"""`reconcile ci targets`: the matrix of the jobs to come; no secret is in reach of this job."""

from __future__ import annotations

import json

import click

from reconciler.cli import Settings
from reconciler.cli.ci.surroundings import enter, say_result

MOST = 256  # jobs of a matrix, by GitHub's limits


@click.command("targets")
@click.pass_obj
def command(settings: Settings) -> None:
    """Name the targets; in a pull request, without those whose credentials the edit moves."""
    from reconciler.model.errors import UsageError
    from reconciler.pipeline.base_tree import load_base
    from reconciler.pipeline.validating import check
    from reconciler.stages.moved import find_moved

    job, world = enter(settings)
    state = check(world)
    moved: list[str] = []
    if job.pull is not None or job.event_name == "merge_group":
        before = load_base(world, job.base) if job.base else None
        moved = find_moved(state, before.state if before else None)
    names = sorted(state.targets.keys() - set(moved))
    confused = [name for name in sorted(state.targets) if name.endswith(("-plan", "-review"))]
    if confused:
        raise UsageError(
            f"{', '.join(confused)}: a target's name ends in -plan or -review, and so do the environments of others; rename it"
        )
    if len(names) > MOST:
        raise UsageError(
            f"{len(names)} targets: a matrix has {MOST} jobs at most; declare the rest in another repository"
        )
    job.set_outputs(
        matrix=_plain({"target": names}),
        count=len(names),
        targets=_plain(sorted(state.targets)),
        moved=_plain(moved),
    )
    say_result(f"{len(names)} targets: {', '.join(names) or 'none'}")
    if moved:
        say_result(
            f"not planned with secrets, since the edit moves where a credential goes: {', '.join(moved)}; "
            "a person who owns the credential reviews it"
        )


def _plain(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))

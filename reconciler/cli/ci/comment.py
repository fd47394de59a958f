"""`reconcile ci comment`: the one comment of a pull request."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import Settings
from reconciler.cli.ci.options import expect_option, in_option
from reconciler.cli.ci.surroundings import enter, say_result


@click.command("comment")
@in_option
@expect_option
@click.pass_obj
def command(settings: Settings, folder: Path, expect: tuple[str, ...]) -> None:
    """Write the comment, or edit the one that is there."""
    from reconciler.edge.github.api import open_github
    from reconciler.model.errors import DesiredStateError, UsageError
    from reconciler.pipeline.base_tree import load_base
    from reconciler.pipeline.ci.comments import keep_comment
    from reconciler.pipeline.ci.parts import load_parts
    from reconciler.pipeline.validating import check
    from reconciler.reports.comment import Context, compose
    from reconciler.reports.mistakes import list_mistakes
    from reconciler.stages.moved import find_moved

    job, world = enter(settings)
    if job.pull is None:
        raise UsageError("ci comment: this run is about no pull request")
    parts = load_parts(folder) if folder.is_dir() else []
    moved: list[str] = []
    invalid, declared = "", set(expect)
    before = load_base(world, job.base) if job.base else None
    try:
        state = check(world)
        moved = find_moved(state, before.state if before else None)
        declared |= state.targets.keys()
    except DesiredStateError as error:
        invalid = list_mistakes(error.mistakes, 30_000)
    known = {part.target for part in parts}
    context = Context(
        head=job.head, base=before.ref.commit if before else "", run_url=job.run_url, as_of=f"{world.now:%Y-%m-%d %H:%M} UTC", invalid=invalid,
        credentials=tuple(moved), missing=tuple(name for name in sorted(declared - known - set(moved))),
    )  # fmt: skip
    with open_github(job.api, job.repository, job.token) as github:
        done = keep_comment(github, job.pull, compose(parts, context), job.bot)
    say_result(f"comment {done}: {len(parts)} targets")

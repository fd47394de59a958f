"""`reconcile ci issue`: the one drift issue, kept by what the jobs before found."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import Settings
from reconciler.cli.ci.options import expect_option, in_option
from reconciler.cli.ci.surroundings import enter, say_result


@click.command("issue")
@in_option
@expect_option
@click.pass_obj
def command(settings: Settings, folder: Path, expect: tuple[str, ...]) -> None:
    """Open, update or close the issue; one that a failed check left without news stays as it is."""
    from reconciler.edge.github.api import open_github
    from reconciler.pipeline.ci.issue import keep_issue
    from reconciler.pipeline.ci.parts import load_parts

    job, world = enter(settings)
    parts = load_parts(folder) if folder.is_dir() else []
    names = expect or tuple(part.target for part in parts)
    with open_github(job.api, job.repository, job.token) as github:
        done = keep_issue(
            github, parts, names, job.bot, run_url=job.run_url, as_of=f"{world.now:%Y-%m-%d %H:%M} UTC",
            all_known=bool(expect),
        )  # fmt: skip
    say_result(f"drift issue: {', '.join(done) or 'nothing to do'}")

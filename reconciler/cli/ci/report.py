"""`reconcile ci report`: in the pull request, what became of its merge."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import Settings
from reconciler.cli.ci.options import branch_option, expect_option, in_option
from reconciler.cli.ci.surroundings import enter, say_result


@click.command("report")
@in_option
@expect_option
@branch_option
@click.pass_obj
def command(settings: Settings, folder: Path, expect: tuple[str, ...], branch: str) -> None:
    """Edit the comment where all is done; write a new one, of which people hear, where it is not."""
    from reconciler.edge.github.api import open_github
    from reconciler.pipeline.ci.comments import report
    from reconciler.pipeline.ci.parts import load_parts
    from reconciler.pipeline.ci.reviewed import merged_pulls

    job, _ = enter(settings)
    parts = load_parts(folder) if folder.is_dir() else []
    with open_github(job.api, job.repository, job.token) as github:
        for number in merged_pulls(github, job, branch):
            done = report(github, number, parts, expect, job)
            say_result(f"pull request {number}: {done}")

"""`reconcile ci reviewed`: the manifests of what was merged, from a run that can be trusted."""

from __future__ import annotations

import json
from pathlib import Path

import click

from reconciler.cli import Settings
from reconciler.cli.ci.options import branch_option, out_option
from reconciler.cli.ci.surroundings import enter, say_result


@click.command("reviewed")
@out_option
@branch_option
@click.pass_obj
def command(settings: Settings, out: Path, branch: str) -> None:
    """Find what was reviewed of this commit; where nothing was, only what needs no change passes."""
    from reconciler.edge.github.api import open_github
    from reconciler.pipeline.ci.parts import save_json
    from reconciler.pipeline.ci.reviewed import fetch_reviewed
    from reconciler.pipeline.validating import check
    from reconciler.stages.find_review import NoReview

    job, world = enter(settings)
    names = sorted(check(world).targets)
    told: dict[str, object] = {"commit": job.sha, "why": None}
    try:
        with open_github(job.api, job.repository, job.token) as github:
            found = fetch_reviewed(github, job, branch, out)
        say_result(
            f"pull request {found.pull}, plan run {found.run}: manifests of {', '.join(found.targets) or 'no target'}"
        )
    except NoReview as error:
        if error.why == "superseded":
            raise
        told["why"] = error.why
        say_result(str(error))
    save_json(out / "review.json", told)
    job.set_outputs(
        matrix=json.dumps({"target": names}, separators=(",", ":")), count=len(names),
        targets=json.dumps(names, separators=(",", ":")),
    )  # fmt: skip

"""Surroundings: what a job works with: the runner's job, the world, and whom it may name."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from reconciler.cli import Settings
from reconciler.cli.saying import say

if TYPE_CHECKING:
    from reconciler.edge.github.job import Job
    from reconciler.model.desired import DesiredState
    from reconciler.pipeline import World
    from reconciler.pipeline.base_tree import BaseTree

TOKEN, SECRET = "SCIM_TOKEN", "SCIM_CLIENT_SECRET"


def enter(settings: Settings) -> tuple[Job, World]:
    """The runner's job, and the world as it is now. Raises UsageError outside of a workflow."""
    from reconciler.edge.github.job import read_job
    from reconciler.pipeline import here

    job = read_job(os.environ)
    world = here(settings.base, settings.desired, settings.data)
    return job, replace(world, environ={**world.environ, "CI": "true", "RECONCILE_COMMAND": "ci"})


def with_secrets(world: World, state: DesiredState, name: str) -> World:
    """The world in which the job's SCIM_TOKEN and SCIM_CLIENT_SECRET stand for what the target's `auth` names.

    Raises UsageError for a target that is not declared.
    """
    from reconciler.pipeline import choose

    (target,) = choose(state, (name,))
    environ = dict(world.environ)
    secret = target.oauth2.client_secret if target.oauth2 else None
    for given, ref in ((TOKEN, target.bearer), (SECRET, secret)):
        if environ.get(given) and ref is not None and ref.env and not environ.get(ref.env):
            environ[ref.env] = environ[given]
    return replace(world, environ=environ)


def resolve_detail(detail: str, job: Job) -> Literal["full", "counts"]:
    """Whom to name: in a public repository nobody, unless somebody decided otherwise; so too where nobody knows."""
    if detail in ("full", "counts"):
        return "full" if detail == "full" else "counts"
    told = job.event.get("repository", {}).get("private")
    if told is None and job.token:
        from reconciler.edge.github.api import open_github

        with open_github(job.api, job.repository, job.token) as github:
            told = github.repository().get("private")
    return "full" if told is True else "counts"


def load_applied(job: Job, world: World, branch: str, state: DesiredState) -> BaseTree | None:
    """The desired state that was applied last, by which the cause of a difference is known; None where nobody can tell."""
    from reconciler.edge.github.api import GitHubError, open_github
    from reconciler.model.errors import ReconcilerError
    from reconciler.pipeline.base_tree import load_base
    from reconciler.pipeline.ci.reviewed import last_applied

    if not job.token:
        return None
    try:
        with open_github(job.api, job.repository, job.token) as github:
            commit = last_applied(github, branch)
        base = load_base(world, commit, state) if commit else None
    except GitHubError:
        return None  # a cause explains, and never decides
    except ReconcilerError as error:
        say(f"the cause of differences cannot be told: {error}")
        return None
    return base if base is not None and base.state is not None else None


def say_result(text: str, annotations: tuple[str, ...] = ()) -> None:
    """A line in the job's log, and annotations, which are commands and already neutral."""
    import click

    for line in annotations:
        click.echo(line)
    say(text, err=False)

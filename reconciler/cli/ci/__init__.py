"""`reconcile ci`: what the GitHub workflows call, one thin module per job (DESIGN 7; research: actions 4)."""

from __future__ import annotations

import click

from reconciler.cli import LazyGroup

COMMANDS = {
    "validate": "Check the desired state; mistakes become annotations.",
    "targets": "Which targets the jobs to come are for.",
    "plan": "Plan one target: its part of the comment, and its manifest.",
    "comment": "Write the one comment of a pull request.",
    "reviewed": "Find the manifests of what was merged.",
    "apply": "Apply what was reviewed of one target, or an exact digest.",
    "report": "Say in the pull request what became of it.",
    "due": "Apply what time alone made due.",
    "drift": "Check one target.",
    "issue": "Keep the one drift issue.",
}


class CiGroup(LazyGroup):
    """The jobs' commands."""

    package = "reconciler.cli.ci"
    told = COMMANDS


@click.group("ci", cls=CiGroup)
def command() -> None:
    """Do a job of a GitHub workflow; action.yml calls these."""

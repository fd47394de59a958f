"""Options of the jobs: each is an input of action.yml, which comes through the environment."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from reconciler.cli.options import option

F = TypeVar("F", bound=Callable[..., Any])


def target_option(function: F) -> F:
    """`--target T`: the target of this job."""
    return option("--target", "The target of this job.", required=True)(function)


def out_option(function: F) -> F:
    """`--out DIR`: where this job leaves its files."""
    return option(
        "--out", "Folder in which this job leaves its files.", default="reconcile-out",
        type=click.Path(file_okay=False, path_type=Path),
    )(function)  # fmt: skip


def in_option(function: F) -> F:
    """`--in DIR`: where the files of earlier jobs are."""
    return option(
        "--in", "Folder with the files of earlier jobs.", name="folder", default="reconcile-in",
        type=click.Path(file_okay=False, path_type=Path),
    )(function)  # fmt: skip


def detail_option(function: F) -> F:
    """`--detail auto|full|counts`: who is named."""
    text = "Name people (full), nobody (counts), or people in a private repository only (auto)."
    return option("--detail", text, type=click.Choice(["auto", "full", "counts"]), default="auto")(function)


def expect_option(function: F) -> F:
    """`--expect '["envoy"]'`: the targets of which a part must be there."""
    return option(
        "--expect", "The targets of which a part is expected, as JSON.", default="[]", callback=_names
    )(function)


def branch_option(function: F) -> F:
    """`--branch main`: the branch that is applied."""
    return option("--branch", "The branch that is applied.", default="main")(function)


def _names(ctx: click.Context, parameter: click.Parameter, text: str) -> tuple[str, ...]:
    del ctx, parameter
    try:
        found = json.loads(text or "[]")
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise click.UsageError(f'--expect {text}: write the names as JSON, as in ["envoy"]')
    return tuple(found)

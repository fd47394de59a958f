"""`reconcile init`: a starter repository, or what an existing one lacks."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import click

from reconciler.cli import Settings
from reconciler.cli.options import option
from reconciler.cli.saying import say

ACTION = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._/-]+@[0-9a-f]{40}( # v[0-9][A-Za-z0-9.]*)?")
OWNER = re.compile(r"@[A-Za-z0-9-]+(/[A-Za-z0-9._-]+)?|[^\s@#]+@[^\s@#]+")


@click.command("init")
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(file_okay=False, path_type=Path))
@option("--owner", "Who owns all that no group's `owners` own: @org/team, @person or an address.")
@option("--action", "The action that workflows use, as OWNER/NAME@COMMIT; else they get one of their own.")
@click.pass_obj
def command(settings: Settings, folder: Path | None, owner: str | None, action: str | None) -> None:
    """Write desired state, workflows and CODEOWNERS into DIR; a file that is there stays as it is."""
    from reconciler.pipeline.starting import start
    from reconciler.pipeline.world import here

    if owner is not None and not OWNER.fullmatch(owner):
        raise click.UsageError(f"--owner {owner}: write @org/team, @person or an address")
    if action is not None and not ACTION.fullmatch(action):
        raise click.UsageError(
            f"--action {action}: write OWNER/NAME@COMMIT, the commit in full: a tag can be moved to other code"
        )
    world = replace(here(folder or settings.base, settings.desired, settings.data))
    written = start(world, owner, action)
    for each in written:
        say(f"{'wrote' if each.is_new else 'left as it is'}  {each.path}", err=False)
    if any(each.is_new for each in written):
        say("next: reconcile validate; then what README.md says about environments and secrets")

"""`reconcile explain`: one user's or group's story: entitlement, values, match, change and requests."""

from __future__ import annotations

import json
import sys

import click

from reconciler.cli import Settings
from reconciler.cli.options import option, target_option


@click.command("explain")
@click.argument("name", metavar="user:ID|group:ID|live:ID")
@target_option
@option(
    "--format", "How to print the story.", name="form", type=click.Choice(["text", "json"]), default="text"
)
@click.pass_obj
def command(settings: Settings, name: str, targets: tuple[str, ...], form: str) -> None:
    """Tell one object's whole story at each target."""
    from reconciler.pipeline import here, load
    from reconciler.pipeline.telling import explain

    world = here(settings.base, settings.desired, settings.data)
    stories = explain(load(world), name, targets, world)
    if form == "json":
        from reconciler.model.neutral import neutral_json

        click.echo(neutral_json(json.dumps(stories, indent=2, ensure_ascii=False)))
    else:
        from rich.console import Console

        from reconciler.reports.story import write_story

        for story in stories:
            write_story(story, Console(soft_wrap=True), settings.desired)
    sys.exit(1 if any(story.get("error") for story in stories) else 0)

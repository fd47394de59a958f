"""Showing: a plan on stdout or in files, in the formats that were asked for."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.saying import say

if TYPE_CHECKING:
    from reconciler.cli import Settings
    from reconciler.model.plan import Plan


FORMATS = ("text", "json", "markdown", "html")


def show_plan(plan: Plan, forms: tuple[str, ...], settings: Settings, heading: str = "Plan") -> None:
    """Prints or writes `plan` in every form; targets' errors go to stderr in every format."""
    from rich.console import Console

    from reconciler.reports.text import write_plan

    for form in forms:
        kind, _, file = form.partition("=")
        if kind == "text" and not file:
            write_plan(plan, Console(soft_wrap=True), settings.desired)
        elif file:
            save(Path(file), _written(plan, kind, settings, heading))
        else:
            click.echo(_written(plan, kind, settings, heading), nl=False)
    for target in plan.targets:
        if target.error:
            say(f"{target.name}: {target.error}")


def _written(plan: Plan, kind: str, settings: Settings, heading: str) -> str:
    """The plan in one format, as a file holds it."""
    from reconciler.reports.places import Places

    match kind:
        case "json":
            from reconciler.reports import json_plan

            return json_plan.render(plan)
        case "markdown":
            from reconciler.reports import markdown

            most = markdown.SUMMARY_BYTES
            return markdown.render(
                plan,
                heading=heading,
                limit_characters=most,
                limit_bytes=most,
                places=Places(root=settings.desired),
            )
        case "html":
            from reconciler.reports import html_plan

            return html_plan.render(plan, heading=heading, places=Places(root=settings.desired))
        case _:
            from rich.console import Console

            from reconciler.reports.text import write_plan

            stream = io.StringIO()
            # A file is nobody's terminal: lines as long as they are, and no colours, whatever FORCE_COLOR says.
            console = Console(file=stream, soft_wrap=True, color_system=None)
            write_plan(plan, console, settings.desired)
            return stream.getvalue()


def save(path: Path, text: str) -> None:
    """Writes a file that only its owner may read: it holds people's data. Raises click.ClickException."""
    try:
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror}") from None


def check_formats(forms: tuple[str, ...]) -> None:
    """Raises click.UsageError for a format that does not exist."""
    for form in forms:
        if form.partition("=")[0] not in FORMATS:
            raise click.UsageError(f"--format {form}: choose one of {', '.join(FORMATS)}, or one with =FILE")
    if sum("=" not in form for form in forms) > 1:
        raise click.UsageError(
            "--format: one of them goes to stdout; give the others a file, as in json=plan.json"
        )

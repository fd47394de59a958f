"""`reconcile import`: what an endpoint holds as YAML."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import Settings
from reconciler.cli.options import option, progress_option
from reconciler.cli.progress import progress
from reconciler.cli.saying import say

if TYPE_CHECKING:
    from reconciler.pipeline.importing_live import ImportedTarget

MARKS = {"error": "✗", "warning": "!", "info": "i"}
ACTIONS = ("adopt", "update", "create", "reactivate", "deactivate", "delete")


@click.command("import")
@option("--target", "Whose users and groups; may be left out where there is one target only.")
@option(
    "--out", "Write below DIR instead of the desired state.", metavar="DIR", type=click.Path(path_type=Path)
)
@option("--without-inactive", "Leave inactive accounts out instead of declaring them disabled.", is_flag=True)
@option(
    "--format", "How to print the result.", name="form", type=click.Choice(["text", "json"]), default="text"
)
@progress_option
@click.pass_obj
def command(
    settings: Settings,
    target: str | None,
    out: Path | None,
    form: str,
    *,
    without_inactive: bool,
    no_progress: bool,
) -> None:
    """Write YAML from a live endpoint, so that the next plan holds adoptions at most.

    Only what nothing declares yet is written, into new files; a file that is there is never replaced.
    """
    from reconciler.model.errors import UsageError
    from reconciler.pipeline import choose, here, load
    from reconciler.pipeline.importing_live import import_target

    with progress(quiet=no_progress) as told:
        world = replace(here(settings.base, settings.desired, settings.data), progress=told)
        state = load(world)
        targets = choose(state, (target,) if target else ())
        if len(targets) != 1:
            raise UsageError("import reads one target: name it by --target")
        folder = out or settings.base / settings.desired
        result = import_target(state, targets[0], world, folder, leaves_inactive_out=without_inactive)
    code = 1 if result.is_refused else 0
    if form == "json":
        _print_json(result, code)
    else:
        _print_text(result)
    sys.exit(code)


def _print_text(result: ImportedTarget) -> None:
    say(f"{result.target} · {result.url} · {_live(result)}", err=False)
    for path in result.files if not result.is_refused else ():
        count = result.users if path.parent.name == "users" else result.groups
        say(f"  wrote {path}: {count:,} {path.parent.name}", err=False)
    if not result.files:
        say("  nothing to write: everybody who is live is declared", err=False)
    for finding in result.findings:
        say(f"  {MARKS[finding.severity]} {finding.code}: {finding.text}", err=False)
    if result.is_refused:
        say("nothing was written")
    elif result.files:
        say(f"the next plan: {_next(result)}", err=False)


def _live(result: ImportedTarget) -> str:
    return f"{result.live_users:,} users and {result.live_groups:,} groups live, all read"


def _next(result: ImportedTarget) -> str:
    counts = {action: sum(c.action == action for c in result.plan.changes) for action in ACTIONS}
    told = [f"{count:,} to {action}" for action, count in counts.items() if count]
    return ", ".join(told) or "no changes"


def _print_json(result: ImportedTarget, code: int) -> None:
    from reconciler.model.neutral import neutral_json

    document = {
        "formatVersion": 1, "exitCode": code, "target": result.target, "url": result.url,
        "live": {"users": result.live_users, "groups": result.live_groups},
        "imported": {"users": result.users, "groups": result.groups},
        "files": [str(path) for path in result.files] if not result.is_refused else [],
        "next": {action: sum(c.action == action for c in result.plan.changes) for action in ACTIONS},
        "findings": [{"severity": f.severity, "code": f.code, "text": f.text} for f in result.findings],
    }  # fmt: skip
    click.echo(neutral_json(json.dumps(document, indent=2, ensure_ascii=False)))

"""`reconcile ci apply`: what was reviewed of one target, or less; or exactly the plan of a digest."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from reconciler.cli import Settings
from reconciler.cli.ci.applying import Order, carry_out
from reconciler.cli.ci.options import branch_option, detail_option, in_option, out_option, target_option
from reconciler.cli.options import option


@click.command("apply")
@target_option
@in_option
@out_option
@detail_option
@branch_option
@option("--digest", "Apply exactly the plan of this digest.")
@option("--clear-quarantine", "Take the target out of quarantine first.", type=bool, default=False)
@click.pass_obj
def command(
    settings: Settings,
    target: str,
    folder: Path,
    out: Path,
    detail: str,
    branch: str,
    digest: str | None,
    clear_quarantine: bool,
) -> None:
    """Apply what was reviewed; in a run that somebody dispatched, exactly the plan whose digest they give."""
    if digest is not None and not re.fullmatch(r"sha256:[0-9a-f]{64}", digest.strip()):
        raise click.UsageError("--digest: write all of it, sha256: and 64 digits, as it was printed")
    order = Order(
        target=target, reviewed=folder, out=out, detail=detail, branch=branch, digest=digest.strip() if digest else None,
        clear_quarantine=clear_quarantine,
    )  # fmt: skip
    sys.exit(carry_out(settings, order))

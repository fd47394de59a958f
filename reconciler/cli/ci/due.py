"""`reconcile ci due`: what time alone made due at one target."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.cli import Settings
from reconciler.cli.ci.applying import Order, carry_out
from reconciler.cli.ci.options import detail_option, out_option, target_option


@click.command("due")
@target_option
@out_option
@detail_option
@click.pass_obj
def command(settings: Settings, target: str, out: Path, detail: str) -> None:
    """Apply who has left, who was hired and what has ended; a target in quarantine is left alone."""
    sys.exit(carry_out(settings, Order(target=target, out=out, detail=detail, due=True)))

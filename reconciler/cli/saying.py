"""Saying: a line to a person, with whatever it quotes made neutral (DESIGN 7)."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

import click


def say(text: str, *, err: bool = True) -> None:
    """Prints a text on stderr, or on stdout where it is the result."""
    from reconciler.model.neutral import neutral_lines

    click.echo(neutral_lines(text), err=err)


def say_as_json(text: str, code: int, arguments: Sequence[str]) -> None:
    """Keeps stdout valid JSON where JSON was asked for and an error stopped the command before its result."""
    given = [word for at, word in enumerate(arguments) if arguments[at - 1 : at] == ["--format"]]
    given += [word.partition("=")[2] for word in arguments if word.startswith("--format=")]
    if "json" in (given or os.environ.get("RECONCILE_FORMAT", "").split()):
        from reconciler.model.neutral import neutral_json

        told = {"error": text, "exitCode": code}
        click.echo(neutral_json(json.dumps(told, indent=2, ensure_ascii=False)))

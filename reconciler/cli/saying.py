"""Saying: a message on stdout or stderr, in which nothing untrusted obeys a terminal or a build log (DESIGN 7)."""

from __future__ import annotations

import click

from reconciler.model.neutral import neutral


def say(text: str, *, err: bool = False) -> None:
    """Prints `text` line by line; a line that a build log would take for a command does not begin so."""
    for line in text.split("\n"):
        safe = neutral(line)
        if safe.lstrip().startswith("::"):
            safe = safe.replace("::", "\\u003a:", 1)
        click.echo(safe, err=err)

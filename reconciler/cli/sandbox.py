"""`reconcile sandbox`: an embedded SCIM endpoint on loopback."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import Settings


@click.command("sandbox")
@click.option("--port", default=8880, show_default=True, help="Port on 127.0.0.1.")
@click.option("--database", default="sandbox.sqlite3", show_default=True, help="SQLite file below --data.")
@click.option(
    "--token",
    default="sandbox-token",
    show_default=True,
    envvar="RECONCILE_SANDBOX_TOKEN",
    help="Bearer token.",
)
@click.pass_obj
def command(settings: Settings, port: int, database: str, token: str) -> None:
    """Serve an embedded SCIM endpoint on loopback, kept in a SQLite file."""
    from reconciler.sandbox import serve

    settings.data.mkdir(parents=True, exist_ok=True)
    click.echo(f"http://127.0.0.1:{port}/v2, kept in {settings.data / database}; Ctrl-C stops it", err=True)
    serve(Path(settings.data / database), port, token)

"""`reconcile sandbox`: an embedded SCIM endpoint on loopback."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import Settings

if TYPE_CHECKING:
    from reconciler.sandbox import Dialect


def read_dialect(ctx: click.Context, param: click.Parameter, name: str) -> Dialect:
    """The dialect of that name; wrong usage for an unknown one, with the names that are like it."""
    from reconciler.sandbox import find_dialect

    try:
        return find_dialect(name)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


class SandboxCommand(click.Command):
    """Lists the dialects in its --help; they are imported only then."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of dialects."""
        from reconciler.sandbox import DIALECTS

        with formatter.section("Dialects"):
            formatter.write_dl([(dialect.name, dialect.text) for dialect in DIALECTS.values()])


@click.command("sandbox", cls=SandboxCommand)
@click.option("--port", default=8880, show_default=True, help="Port on 127.0.0.1.")
@click.option("--database", default="sandbox.sqlite3", show_default=True, help="SQLite file below --data.")
@click.option(
    "--token",
    default="sandbox-token",
    show_default=True,
    envvar="RECONCILE_SANDBOX_TOKEN",
    help="Bearer token.",
)
@click.option(
    "--dialect",
    default="rfc",
    show_default=True,
    callback=read_dialect,
    metavar="DIALECT",
    envvar="RECONCILE_SANDBOX_DIALECT",
    help="Kind of endpoint to behave like; they are listed below.",
)
@click.pass_obj
def command(settings: Settings, port: int, database: str, token: str, dialect: Dialect) -> None:
    """Serve an embedded SCIM endpoint on loopback, kept in a SQLite file."""
    from reconciler.sandbox import serve

    settings.data.mkdir(parents=True, exist_ok=True)
    click.echo(
        f"http://127.0.0.1:{port}/v2 ({dialect.name}: {dialect.text}), kept in {settings.data / database}; Ctrl-C stops it",
        err=True,
    )
    try:
        serve(Path(settings.data / database), port, token, dialect)
    except (OSError, OverflowError) as error:
        raise click.ClickException(f"cannot serve on port {port}: {error}") from None

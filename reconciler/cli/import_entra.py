"""`reconcile import-entra`: an exported Entra provisioning schema as desired state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli import Settings
from reconciler.cli.options import option
from reconciler.cli.saying import say


@click.command("import-entra")
@click.argument("schema", type=click.Path(path_type=Path, allow_dash=True))
@option("--name", "Name of the mapping, scope and target; default: the target directory's.")
@option("--profile", "What kind of endpoint it is: a built-in name, or a profile file's path.")
@option("--url", "Entra's Tenant URL.")
@option(
    "--sync",
    "Entra's scope setting: only assigned users and groups, or all.",
    type=click.Choice(["assigned", "all"]),
)
@option(
    "--assigned-group", "A group that is assigned; may be given again.", name="assigned_groups", multiple=True
)
@option(
    "--skip-out-of-scope-deletions",
    "SkipOutOfScopeDeletions is set.",
    name="skips_out_of_scope",
    is_flag=True,
)
@option("--deletion-threshold", "Entra's accidental deletion threshold.", type=click.IntRange(min=0))
@option("--notify-email", "Entra's Notification Email.", name="notify")
@option("--smtp-host", "The mail server that carries those messages.")
@option(
    "--ownership",
    "Whose the live accounts are; default: declared.",
    type=click.Choice(["declared", "externalId"]),
)
@option(
    "--out",
    "Write files below DIR, such as desired_state, instead of printing.",
    metavar="DIR",
    type=click.Path(path_type=Path),
)
@click.pass_obj
def command(settings: Settings, /, schema: Path, out: Path | None, **asked: Any) -> None:
    """Turn an exported Entra provisioning schema into mappings, scopes and a target.

    SCHEMA is what the portal downloads under "Review your schema here", or Graph's …/jobs/{id}/schema. What cannot be
    carried over is reported on stderr and commented out where it would have stood.
    """  # fmt: skip
    from reconciler.importers.entra import Asked, report
    from reconciler.pipeline import here
    from reconciler.pipeline.importing import import_schema, write_imported

    world = here(settings.base, settings.desired, settings.data)
    file = Path("/dev/stdin") if str(schema) == "-" else schema
    imported = import_schema(world, file, Asked(**asked), out or settings.base / settings.desired)
    if out is None:
        texts = [
            f"# {settings.desired}/{each.kind}/{imported.name}.yaml\n{each.text}"
            for each in imported.documents
        ]
        click.echo("---\n".join(texts), nl=False)
    else:
        for path in write_imported(imported, out):
            click.echo(f"wrote {path}")
    say(report(imported))

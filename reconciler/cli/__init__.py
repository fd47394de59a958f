"""The command line: one thin module per command, imported only when it runs."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import click

COMMANDS = {
    "init": "Write a starter repository: desired state, workflows, CODEOWNERS.",
    "validate": "Check everything offline: every mistake, with place and remedy.",
    "plan": "Show what would change, and why.",
    "apply": "Apply a saved plan, or plan, ask and apply.",
    "drift": "Plan for schedulers; exit 2 when something differs.",
    "explain": "Tell one object's whole story.",
    "check": "Look at an endpoint: connection, credentials, what it says and does.",
    "import": "Write YAML from a live endpoint.",
    "import-entra": "Turn an exported Entra provisioning schema into mappings, scopes and a target.",
    "log": "Read the run logs.",
    "sandbox": "Serve an embedded SCIM endpoint on loopback.",
    "demo": "Run the whole loop on the sandbox.",
    "ci": "What the GitHub workflows call.",
}
MODULES = {"import": "import_live"}  # a module cannot have every command's name


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the desired state is, and where run logs and learnt facts go."""

    base: Path
    desired: str
    data: Path


class LazyGroup(click.Group):
    """Lists its commands without importing them; each is a module of `package`."""

    package = "reconciler.cli"
    told = COMMANDS

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the loop."""
        return list(self.told)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in self.told:
            return None
        module = MODULES.get(cmd_name, cmd_name.replace("-", "_"))
        command = importlib.import_module(f"{self.package}.{module}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands in --help."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.told.items()))


@click.group(
    cls=LazyGroup, context_settings={"auto_envvar_prefix": None},
    epilog="Exit codes: 0 done, 1 error, 2 changes, 3 refused by a budget, 4 stale plan, 5 applied in part, "
    "6 a list is not whole, 64 wrong usage, 130 interrupted.",
)  # fmt: skip
@click.option(
    "-C",
    "base",
    default=".",
    envvar="RECONCILE_DIR",
    type=click.Path(path_type=Path),
    help="Run as if in DIR.",
)
@click.option(
    "--desired", default="desired_state", envvar="RECONCILE_DESIRED", help="Folder of the desired state."
)
@click.option(
    "--data", default=".reconcile", envvar="RECONCILE_DATA", help="Folder of run logs and learnt facts."
)
@click.version_option(package_name="scim-reconciler")
@click.pass_context
def reconcile(ctx: click.Context, base: Path, desired: str, data: str) -> None:
    """Keep SCIM endpoints as the YAML declares them."""
    try:
        os.chdir(base)
    except OSError as error:
        raise click.UsageError(f"-C {base}: {error.strerror}") from None
    inside = os.path.relpath(desired)  # places are told from the checkout's own folder
    if inside == "." or inside.startswith(".."):
        raise click.UsageError(f"--desired {desired}: name a folder below the one of -C, as in desired_state")
    ctx.obj = Settings(base=Path(), desired=Path(inside).as_posix(), data=Path(data))


def main() -> None:
    """Runs the command line and ends the process with DESIGN's exit code."""
    from reconciler.cli.saying import say, say_as_json
    from reconciler.model.errors import ReconcilerError

    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job begins with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    text = ""
    try:
        code = reconcile.main(prog_name="reconcile", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        code, text = 64, error.format_message()
    except (click.Abort, KeyboardInterrupt):
        code, text = 130, "interrupted: nothing was written"
        say(f"\n{text}")
    except click.ClickException as error:
        error.show()
        code, text = 1, error.format_message()
    except ReconcilerError as error:
        code, text = error.exit_code, str(error)
        say(text)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        if os.environ.get("RECONCILE_TRACEBACK"):
            raise
        code, text = 1, f"internal error: {type(error).__name__}; RECONCILE_TRACEBACK=1 shows where"
        say(text)
    if text:
        say_as_json(text, code, sys.argv)
    sys.exit(code if isinstance(code, int) else 0)

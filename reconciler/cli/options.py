"""Options: how a command's options are declared: each with its twin in the environment, but those of agreement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class Decorator(Protocol):
    """Adds something to a function of any kind and gives it back."""

    def __call__(self, function: F, /) -> F:
        """The same function."""


def option(flag: str, text: str, *, name: str | None = None, **settings: Any) -> Decorator:
    """The option `--some-flag` with its help text; `RECONCILE_SOME_FLAG` stands for it in the environment."""
    twin = f"RECONCILE_{flag.removeprefix('--').replace('-', '_').upper()}"
    names = [flag, name] if name else [flag]
    return click.option(*names, envvar=twin, help=text, **settings)


def target_option(function: F) -> F:
    """`--target T`, as often as one likes."""
    return option("--target", "Only this target; may be given again.", name="targets", multiple=True)(
        function
    )


def only_option(function: F) -> F:
    """`--only user:ada`, as often as one likes."""
    return option(
        "--only", "Only this object, as user:ada (with her memberships) or group:engineering.", multiple=True
    )(function)


def format_option(function: F) -> F:
    """`--format text|json|markdown|html[=FILE]`, as often as one likes."""
    text = "text, json, markdown or html, or json=FILE and so on; may be given again."
    return option("--format", text, name="forms", multiple=True, default=("text",))(function)


def progress_option(function: F) -> F:
    """`--no-progress`."""
    return option("--no-progress", "Tell nothing on the way.", is_flag=True)(function)

"""Credentials: secrets by reference; their values never reach an error, a log or a repr."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from reconciler.model.errors import TargetError
from reconciler.model.target import SecretRef


def read_secret(ref: SecretRef, environ: Mapping[str, str], *, root: Path) -> str:
    """The value that `ref` stands for. Raises TargetError that says what to set, never what it holds."""
    if ref.literal is not None:
        return ref.literal
    if ref.env is not None:
        value = environ.get(ref.env) or ref.default
        if not value:
            raise TargetError(
                f"the environment variable {ref.env} is not set; set it to what the target needs"
            )
        return value
    if ref.file is not None:
        try:
            return (root / ref.file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise TargetError(f"cannot read the secret file {ref.file}: {type(error).__name__}") from None
    try:
        done = subprocess.run(ref.command or (), capture_output=True, timeout=30, check=True, text=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise TargetError(
            f"the secret command {(ref.command or ('',))[0]} failed: {type(error).__name__}"
        ) from None
    return done.stdout.strip()

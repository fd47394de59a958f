"""New files: what a command writes into a checkout, which never replaces what is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.model.errors import ReconcilerError


def write_new_files(texts: Mapping[Path, str]) -> None:
    """Writes each file, and its folders. Raises ReconcilerError, before anything is written, if one is there already."""
    there = [str(path) for path in texts if path.exists() or path.is_symlink()]
    if there:
        verb = "is" if len(there) == 1 else "are"
        raise ReconcilerError(
            f"{', '.join(there)} {verb} there already, and nothing was written; move what is there away, or choose another --name or --out"
        )
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError as error:
        raise ReconcilerError(f"{error.filename}: cannot be written: {error.strerror}") from error


def read_exported(path: Path, largest: int) -> bytes:
    """The content of a file of at most `largest` bytes. Raises ReconcilerError if it cannot be read, or is larger."""
    try:
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except OSError as error:
        raise ReconcilerError(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > largest:
        raise ReconcilerError(f"{path}: is larger than {largest // 1024**2} MB; an exported schema is a few thousand lines")  # fmt: skip
    return content

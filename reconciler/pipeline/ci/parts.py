"""Parts: files that one job leaves for another: `<dir>/<target>/part.json`, and manifests beside them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from reconciler.model.errors import ReconcilerError
from reconciler.model.part import NAME, Kind, Part, part_from_json

MANIFEST = re.compile(r"manifest(-\d{1,3})?\.json")
LARGEST = 32 * 1024 * 1024  # bytes


def save_part(folder: Path, part: Part) -> None:
    """Writes a part where `load_parts` finds it. Raises ReconcilerError where it cannot be written."""
    save_json(folder / "part.json", part.to_json())


def begin_part(folder: Path, kind: Kind, target: str) -> None:
    """Writes a part that says that nothing came of it, until another takes its place.

    Without one, the part of an earlier attempt of the run would be told again. Raises ReconcilerError as `save_part` does.
    """
    save_part(folder, Part(kind=kind, target=target, result="failed", errors=1, unread=True))


def save_manifest(folder: Path, manifest: object, number: int = 0) -> None:
    """Writes a manifest where `load_manifests` finds it. Raises ReconcilerError where it cannot be written.

    `number`: that of an earlier pull request which came with the same push, from the last to the first.
    """
    save_json(folder / (f"manifest-{number}.json" if number else "manifest.json"), manifest)


def load_parts(folder: Path) -> list[Part]:
    """Every part below `folder`, one per target. Raises ReconcilerError for what is none, or two of one target."""
    parts: dict[str, Part] = {}
    for path in sorted(folder.rglob("part.json")):
        try:
            part = part_from_json(load_json(path))
        except ValueError as error:
            raise ReconcilerError(f"{path}: {error}") from None
        if part.target in parts:
            raise ReconcilerError(f"{path}: a second part of {part.target}")
        parts[part.target] = part
    return list(parts.values())


def load_manifests(folder: Path, target: str) -> list[Any]:
    """The manifests of a target, the last merged first. Raises ReconcilerError for what cannot be read."""
    found = [path for path in (folder / target).glob("manifest*.json") if MANIFEST.fullmatch(path.name)]
    return [load_json(path) for path in sorted(found, key=lambda path: (len(path.name), path.name))]


def load_json(path: Path) -> Any:
    """A JSON file of another job. Raises ReconcilerError for none, or one too large to be ours."""
    try:
        if path.stat().st_size > LARGEST:
            raise ReconcilerError(f"{path} is larger than {LARGEST:,} bytes")
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ReconcilerError(f"{path} cannot be read: {type(error).__name__}") from None


def are_targets(names: Iterable[object]) -> bool:
    """Whether every one is a name that a target can have, and a folder as well."""
    return all(isinstance(name, str) and NAME.fullmatch(name) for name in names)


def save_json(path: Path, document: object) -> None:
    """Writes a JSON file that only its owner may read. Raises ReconcilerError where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    except OSError as error:
        raise ReconcilerError(f"cannot write {path}: {error.strerror}") from None

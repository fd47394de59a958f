"""Learnt file: what apply found out about an endpoint; losing it costs explanations, never safety."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def load_learnt(data: Path, target: str) -> dict[str, Any]:
    """What is known of `target`; nothing if the file is missing or broken."""
    try:
        found = json.loads(_path(data, target).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def save_learnt(data: Path, target: str, facts: dict[str, Any]) -> None:
    """Replaces what is known of `target`, whole or not at all."""
    path = _path(data, target)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(facts, indent=2, sort_keys=True), encoding="utf-8")
    fresh.replace(path)


def _path(data: Path, target: str) -> Path:
    return data / "learnt" / f"{target}.json"

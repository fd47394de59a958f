"""Words: numbers and totals as every report says them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reconciler.model.change import SYMBOLS, Change


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 user`, `1,204 users`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def totals(changes: Sequence[Change]) -> str:
    """How many changes of each action; an empty text where there is none."""
    said = []
    for type_, label in (("User", "users"), ("Group", "groups")):
        counts = Counter(change.action for change in changes if change.type == type_)
        if counts:
            said.append(f"{label} " + ", ".join(f"{counts[a]:,} to {a}" for a in SYMBOLS if counts[a]))
    moved = memberships(changes)
    return " · ".join([*said, *([f"members {moved}"] if moved else [])])


def memberships(changes: Sequence[Change]) -> str:
    """How many members come and go, as `+3 -1`; an empty text where none does."""
    add, remove = sum(len(c.add) for c in changes), sum(len(c.remove) for c in changes)
    return f"+{add:,} -{remove:,}" if add or remove else ""

"""Lists: Entra's functions for what is multi-valued (research: entra 3.2); one value counts as a list of one."""

from __future__ import annotations


def count(values: tuple[str, ...]) -> int:
    """Count: how many values there are."""
    return len(values)


def item(values: tuple[str, ...], index: int | None) -> str | None:
    """Item: the value at that place, from 1; null where there is none."""
    return values[index - 1] if index is not None and 1 <= index <= len(values) else None


def remove_duplicates(values: tuple[str, ...]) -> tuple[str, ...] | None:
    """RemoveDuplicates: each value once, in their order."""
    return tuple(dict.fromkeys(values)) or None

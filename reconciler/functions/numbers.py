"""Numbers: Entra's functions on bits (research: entra 3.2)."""

from __future__ import annotations


def bit_and(one: int | None, other: int | None) -> int | None:
    """BitAnd: the bits that both have."""
    return None if one is None or other is None else one & other

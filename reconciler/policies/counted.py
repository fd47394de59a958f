"""Counted: what a budget's rule gives: the atoms that concern it, by subject (None: the rule has no subjects)."""

from __future__ import annotations

Counted = dict[str | None, list[object]]

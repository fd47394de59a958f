"""Attribute rules: values cleared, and one attribute changed on many."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.change import Change
from reconciler.policies.counted import Counted


def count_cleared(changes: Sequence[Change]) -> Counted:
    """Values that are taken away without another in their place."""
    return {
        None: [
            [c.type, c.key, a.path, a.before, None] for c in changes for a in c.attributes
            if a.after in (None, []) and a.before not in (None, [])
        ]
    }  # fmt: skip


def count_same(changes: Sequence[Change]) -> Counted:
    """Users whose value of one attribute changes, by path; `active` has rules of its own."""
    counted: Counted = {}
    for change in changes:
        if change.type == "User" and change.action not in ("create", "delete"):
            for a in change.attributes:
                if a.path != "active":
                    counted.setdefault(a.path, []).append([change.key, a.path, a.before, a.after])
    return counted

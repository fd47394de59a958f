"""Member rules: how many memberships a plan takes away, in all and of one group."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.change import Change
from reconciler.policies.counted import Counted


def count_removed(changes: Sequence[Change]) -> Counted:
    """Members removed from any group."""
    return {None: [[c.key, m.key] for c in changes for m in c.remove]}


def count_removed_per_group(changes: Sequence[Change]) -> Counted:
    """Members removed, by group."""
    return {c.key: [[c.key, m.key] for m in c.remove] for c in changes if c.remove}

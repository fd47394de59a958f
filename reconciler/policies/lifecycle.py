"""Lifecycle rules: who loses or gets access, is created, taken over or deleted."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.change import Action, Change
from reconciler.model.resource import Type
from reconciler.policies.counted import Counted


def count_deactivated(changes: Sequence[Change]) -> Counted:
    """Users who lose `active`, by whatever action."""
    return _becoming(changes, active=False)


def count_reactivated(changes: Sequence[Change]) -> Counted:
    """Users who get `active` back; an adoption that reactivates counts here too."""
    return _becoming(changes, active=True)


def count_created(changes: Sequence[Change]) -> Counted:
    """Users created."""
    return _of_action(changes, "create", ("User",))


def count_adopted(changes: Sequence[Change]) -> Counted:
    """Users and groups taken over."""
    return {None: [[c.type, c.key, "adopt"] for c in changes if c.is_adoption]}


def count_deleted(changes: Sequence[Change]) -> Counted:
    """Users deleted."""
    return _of_action(changes, "delete", ("User",))


def count_deleted_groups(changes: Sequence[Change]) -> Counted:
    """Groups deleted."""
    return _of_action(changes, "delete", ("Group",))


def _of_action(changes: Sequence[Change], action: Action, types: tuple[Type, ...]) -> Counted:
    return {None: [[c.type, c.key, action] for c in changes if c.action == action and c.type in types]}


def _becoming(changes: Sequence[Change], *, active: bool) -> Counted:
    return {
        None: [
            [c.type, c.key, "active", active] for c in changes
            if c.type == "User" and c.action != "create"
            and any(a.path == "active" and a.after is active for a in c.attributes)
        ]
    }  # fmt: skip

"""Scoping: what decides over one user at one target: Entra's two gates, clause by clause (research: entra 1.1, 7.1)."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.resource import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One line of a filter as it was judged: how deep it stands, its text, the value it met, and what came of it."""

    depth: int
    text: str
    value: object
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoping:
    """The verdict on a user and its parts; `is_assigned` and `passes` are judged even of who is not active."""

    status: Status
    reason: str
    is_assigned: bool
    passes: bool
    clauses: tuple[Verdict, ...] = ()

    @property
    def is_active(self) -> bool:
        """Declared, enabled, hired and not left."""
        return self.status in ("entitled", "outOfScope")

    @property
    def is_entitled(self) -> bool:
        """Both gates let an active user through."""
        return self.status == "entitled"

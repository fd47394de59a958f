"""Scoping: who is in scope of a target: assignment and filter, which must both pass (research: entra 1.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reconciler.functions.clauses import Predicate, compile_clause
from reconciler.model.desired import User
from reconciler.model.resource import Status
from reconciler.model.scoping import Scoping, Verdict
from reconciler.model.target import Target
from reconciler.stages.membership import Memberships
from reconciler.stages.trace import Traced, trace_clause

WhyNot = Callable[[User], str | None] | None  # None where everybody is in scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """Both gates of one target at a moment."""

    target: Target
    memberships: Memberships
    assigned: frozenset[str] | None  # None: everybody is
    passes: Predicate | None  # None: there is no filter

    @property
    def are_open(self) -> bool:
        """Everybody is in scope."""
        return self.assigned is None and self.passes is None

    def why_not(self, user: User) -> str | None:
        """Why a user is out of scope, None for who is in it."""
        if self.assigned is not None and user.id not in self.assigned:
            return self._unassigned(user.id)
        if self.passes is not None and not self.passes(user.id, user.attributes):
            return "does not pass the scope's filter"
        return None

    def judge(self, user: User, status: Status, reason: str) -> Scoping:
        """The verdict on a user with all that it is made of."""
        given = self.target.scope.filter
        members = self.memberships.members
        clauses = list(_lines(trace_clause(given, user.id, user.attributes, members), 0)) if given else []
        return Scoping(
            status=status, reason=reason, is_assigned=self.assigned is None or user.id in self.assigned,
            passes=not clauses or clauses[0].holds, clauses=tuple(clauses),
        )  # fmt: skip

    def _unassigned(self, key: str) -> str:
        groups = sorted({group for group, _ in self.target.scope.assigned_groups})
        ended = [group for group in groups if key in self.memberships.ended.get(group, ())]
        if ended:
            return f"membership of {', '.join(ended)} has ended"
        return f"is in no assigned group ({', '.join(groups)})" if groups else "is not assigned"


def open_gates(target: Target, memberships: Memberships) -> Gates:
    """The gates of a target, with the members that its groups have at the moment."""
    scope = target.scope
    assigned: set[str] = set(scope.assigned_users)
    for group, _ in scope.assigned_groups:
        assigned |= memberships.members.get(group, frozenset())
    return Gates(
        target=target, memberships=memberships, assigned=frozenset(assigned) if scope.users == "assigned" else None,
        passes=compile_clause(scope.filter, memberships.members) if scope.filter else None,
    )  # fmt: skip


def find_out_of_scope(target: Target, memberships: Memberships) -> WhyNot:
    """What says why a user is out of scope; None where everybody is in it."""
    gates = open_gates(target, memberships)
    return None if gates.are_open else gates.why_not


def _lines(traced: Traced, depth: int) -> Iterator[Verdict]:
    text = {"all": "all of", "any": "any of", "not": "not (a null makes this true)"}.get(
        traced.kind, traced.text
    )
    yield Verdict(depth=depth, text=text, value=traced.value, holds=traced.holds)
    for part in traced.parts:
        yield from _lines(part, depth + 1)

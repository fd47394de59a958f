"""Blame: where in the desired state the cause of a change stands: the clause, group, target, mapping or value that decided.

Without a base that is what puts somebody out of scope now. With one it is what this edit changed: whatever of the edit, put back
as the base has it, would undo the change (the scope before the user's own values, before the groups). Reasons explain and never
decide, so nothing here moves a digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from reconciler.functions.clauses import Runaway
from reconciler.functions.templates import compile_template
from reconciler.model.change import Change, Reason
from reconciler.model.desired import DesiredState, Group, Member, User
from reconciler.model.mapping import AttributeMapping
from reconciler.model.neutral import shortened
from reconciler.model.place import Origin
from reconciler.model.plan import TargetPlan
from reconciler.model.target import Target
from reconciler.stages.compile import Desired
from reconciler.stages.membership import Memberships, flatten
from reconciler.stages.provenance import trace_user
from reconciler.stages.scoping import WhyNot, find_out_of_scope
from reconciler.stages.trace import find_decider, trace_clause

DATED = {"disabled": "accountEnabled", "left": "employeeLeaveDateTime", "future": "employeeHireDate"}
ACCESS = ("create", "adopt", "reactivate", "deactivate", "delete")
Place = Callable[[Origin], str]


@dataclass(frozen=True, kw_only=True)
class Side:
    """A desired state and what it makes of one target at a moment."""

    state: DesiredState
    target: Target
    desired: Desired
    now: datetime

    @cached_property
    def memberships(self) -> Memberships:
        """Who is in each group."""
        return flatten(self.state, self.now)

    @cached_property
    def mapped(self) -> Mapping[str, AttributeMapping]:
        """The mapping of users by path."""
        return {str(mapping.path): mapping for mapping in self.target.mapping.users.attributes}


def blame(plan: TargetPlan, side: Side, base: Side | None, place: Place) -> TargetPlan:
    """The plan with the cause of each change of a user in its reason, as far as it is more than the user's own entry.

    `base` is the side that an edit starts from, if the plan is split by one.
    """
    told = _Blame(side, base, place)
    reasons = [told.reason(change) for change in plan.changes]
    changes = tuple(
        change if reason is change.reason else replace(change, reason=reason)
        for change, reason in zip(plan.changes, reasons, strict=True)
    )
    return replace(plan, changes=changes)


@dataclass(frozen=True)
class _Blame:
    side: Side
    base: Side | None
    place: Place

    @cached_property
    def scopes(self) -> tuple[WhyNot, WhyNot, WhyNot]:
        """Who is out of scope: as edited; with the target of the base; with the groups of the base."""
        side, base = self.side, self.base or self.side
        return (
            find_out_of_scope(side.target, side.memberships),
            find_out_of_scope(base.target, side.memberships),
            find_out_of_scope(side.target, base.memberships),
        )

    def reason(self, change: Change) -> Reason:
        reason = change.reason
        if change.type != "User":
            return reason
        if change.origin == "edit" and self.base is not None:
            return self._edited(change, self.base)
        return self._decided(reason, change.key) if reason.code == "outOfScope" else reason

    def _decided(self, reason: Reason, key: str) -> Reason:
        """What puts a user out of scope: the clause of the filter, or the group or target that does not assign them."""
        user = self.side.state.users.get(key)
        if user is None:
            return reason
        text, origin = find_exclusion(self.side, user)
        verb = reason.text.partition(":")[0]
        return replace(reason, text=f"{verb}: {text}", source=self.place(origin) if origin else reason.source)

    def _edited(self, change: Change, base: Side) -> Reason:
        reason, key = change.reason, change.key
        now, before = self.side.desired.users.get(key), base.desired.users.get(key)
        if reason.code == "outOfScope":
            reason = self._decided(reason, key)
        if now is None:
            return self._vanished(reason, key, base)
        if before is None:
            return replace(reason, source=self.place(now.origin))
        if change.action not in ACCESS:
            return self._of(reason, self._values(change, key, base))
        if _has_drifted(change):
            return reason
        if now.status == before.status:
            return self._of(reason, self._rules(change, base) or self._values(change, key, base))
        if "outOfScope" not in (now.status, before.status):
            name = DATED.get(now.status) or DATED.get(before.status)
            return self._of(reason, self._value(key, name, base) if name else None)
        if before.status == "outOfScope" and now.status == "entitled":
            reason = replace(reason, text=f"{reason.text.partition(':')[0]}: enters scope")
        return self._of(reason, self._scope(key, base))

    def _of(self, reason: Reason, origin: Origin | None) -> Reason:
        return replace(reason, source=self.place(origin)) if origin is not None else reason

    def _vanished(self, reason: Reason, key: str, base: Side) -> Reason:
        """Nothing declares the account any more: it was declared by the base, or is claimed by another rule now."""
        before = base.desired.users.get(key)
        if before is not None:
            return replace(reason, text=f"{reason.text} ({before.document} did)")
        if self.side.target.ownership != base.target.ownership:
            return self._of(reason, self._in_target("ownership"))
        return reason

    def _rules(self, change: Change, base: Side) -> Origin | None:
        """The rule of the target that treats somebody otherwise whose own state is the same."""
        target, was = self.side.target, base.target
        if change.action in ("deactivate", "delete") and target.deprovision != was.deprovision:
            return self._in_target("deprovision")
        if target.adopt != was.adopt:
            return self._in_target("adopt")
        return None

    def _in_target(self, *path: str) -> Origin:
        origin = self.side.target.origin
        return Origin(document=origin.document, path=(*origin.path, *path))

    def _scope(self, key: str, base: Side) -> Origin | None:
        """What of the edit takes somebody in or out of scope: what would undo that if it were as in the base."""
        user, was = self.side.state.users[key], base.state.users[key]
        edited, of_base, in_base_groups = self.scopes
        is_out = _is_out(edited, user)
        if _is_out(of_base, user) != is_out:
            return self._clause(user, base, is_out=is_out)
        if _is_out(edited, was) != is_out:
            return self._clause_value(user, base)
        if _is_out(in_base_groups, user) != is_out:
            return self._group(key, base)
        return None

    def _clause(self, user: User, base: Side, *, is_out: bool) -> Origin | None:
        """The clause of the filter that was edited, else the scope of the target."""
        side, before, now = self.side, base.target.scope.filter, self.side.target.scope.filter
        if is_out:
            return find_exclusion(side, user)[1] or self._in_target("scope")
        traced = trace_clause(before, user.id, user.attributes, side.memberships.members) if before else None
        if traced is None or traced.holds or now is None:
            return self._in_target("scope")
        origin = find_decider(traced).origin
        if origin is not None and origin.document in side.state.documents:
            return origin
        return trace_clause(now, user.id, user.attributes, side.memberships.members).origin

    def _clause_value(self, user: User, base: Side) -> Origin | None:
        """The value of the user that was edited and that the scope asks about."""
        was = base.state.users[user.id].attributes
        changed = [
            name for name in sorted({*user.attributes, *was}) if user.attributes.get(name) != was.get(name)
        ]
        return next((origin for name in changed if (origin := self._value(user.id, name, base))), user.origin)

    def _group(self, key: str, base: Side) -> Origin | None:
        """The group that was edited, and that the user came into or left by that."""
        side = self.side
        for name in sorted(side.state.groups):
            group, was = side.state.groups[name], base.state.groups.get(name)
            moved = (key in side.memberships.members[name]) != (key in base.memberships.members.get(name, ()))
            if moved and (was is None or _rules_of(group) != _rules_of(was)):
                return group.origin
        return side.state.users[key].origin

    def _values(self, change: Change, key: str, base: Side) -> Origin | None:
        """The one thing that causes all of the edit's values: a mapping's line, a location, a default; None if several do."""
        drifted = {place.name for place in change.drifted or () if place.what == "path"}
        causes = {self._attribute(a.path, key, base) for a in change.attributes if a.path not in drifted}
        return causes.pop() if len(causes) == 1 else None

    def _attribute(self, path: str, key: str, base: Side) -> Origin | None:
        mapping, was = self.side.mapped.get(path), base.mapped.get(path)
        if mapping is None:
            return None
        if was is None or replace(was, origin=mapping.origin) != mapping:
            return mapping.origin
        names = sources_of(mapping)
        return next((origin for name in names if (origin := self._value(key, name, base))), None)

    def _value(self, key: str, name: str, base: Side) -> Origin | None:
        """Where a source value stands that the edit changed and that is not the user's own."""
        user, was = self.side.state.users.get(key), base.state.users.get(key)
        if user is None or was is None or user.attributes.get(name) == was.attributes.get(name):
            return None
        found = trace_user(self.side.state, user).values.get(name)
        return user.origin if found is None or found.layer in ("own", "id") else found.origin


def find_exclusion(side: Side, user: User) -> tuple[str, Origin | None]:
    """Why a user is out of scope, and the clause, group or target that says so."""
    scope, memberships = side.target.scope, side.memberships
    text = side.desired.users[user.id].reason
    groups = sorted({group for group, _ in scope.assigned_groups})
    is_assigned = user.id in scope.assigned_users or any(user.id in memberships.members[g] for g in groups)
    if scope.users == "assigned" and not is_assigned:
        ended = [side.state.groups[group] for group in groups if user.id in memberships.ended[group]]
        if ended:
            return text, _ended_entry(ended[0], user.id) or ended[0].origin
        if len(groups) == 1:
            return text, side.state.groups[groups[0]].origin
        origin = side.target.origin
        return text, Origin(document=origin.document, path=(*origin.path, "scope"))
    if scope.filter is None:
        return text, None
    decider = find_decider(trace_clause(scope.filter, user.id, user.attributes, memberships.members))
    return f"does not pass the filter {shortened(decider.text)}", decider.origin


def sources_of(mapping: AttributeMapping) -> tuple[str, ...]:
    """The source attributes that a mapping reads."""
    match mapping.kind:
        case "source":
            return (mapping.text,)
        case "template":
            return tuple(sorted(compile_template(mapping.text).sources))
        case "expression":
            return tuple(sorted(mapping.named))
        case _:
            return ()


def _is_out(why_not: WhyNot, user: User) -> bool:
    try:
        return why_not is not None and why_not(user) is not None
    except Runaway:
        return True


def _has_drifted(change: Change) -> bool:
    return any(place.what == "lifecycle" for place in change.drifted or ())


def _ended_entry(group: Group, key: str) -> Origin | None:
    listed: Iterable[Member] = (m for m in group.members if isinstance(m, Member) and m.until)
    return next((member.origin for member in listed if member.user == key), None)


def _rules_of(group: Group) -> object:
    """What makes somebody a member, wherever it is written."""
    members = [m if isinstance(m, str) else (m.user, m.group, m.until) for m in group.members]
    return sorted(map(repr, members)), repr(group.rule) if group.rule else None

"""Diff: the intended change of each user, from its match and its entitlement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.model.change import Action, AttributeChange, Change, MemberChange, Reason
from reconciler.model.column import Columns
from reconciler.model.digest import digest
from reconciler.model.finding import Finding
from reconciler.model.place import Origin
from reconciler.model.resource import KEEP, Cell, DesiredUser, Facts, LiveResource
from reconciler.model.target import Target
from reconciler.stages.compile import is_set
from reconciler.stages.match import Matches


@dataclass(slots=True, kw_only=True)
class Difference:
    """What comparing one target gives: changes, findings, and the withheld paths that were met."""

    changes: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    withheld: dict[str, int] = field(default_factory=dict)
    unresolved: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who the users of a target are: for references and members."""

    desired: Mapping[str, DesiredUser]
    matches: Matches
    key_by_id: Mapping[str, str]
    live_by_id: Mapping[str, LiveResource]

    def reference(self, key: str) -> str | None:
        """The live id of a user, `ref:<key>` for one that this plan creates, None for one that is not to be had."""
        live = self.matches.pairs.get(key)
        if live is not None:
            return live.id
        user = self.desired.get(key)
        creating = user is not None and user.status == "entitled" and key not in self.matches.frozen_keys
        return f"ref:{key}" if creating else None

    def member(self, id_: str) -> MemberChange:
        """A live member, under our key where it is one of ours."""
        live = self.live_by_id.get(id_)
        name = live.name if live else id_
        key = self.key_by_id.get(id_) or (live.external_id if live else None) or f"live:{id_}"
        return MemberChange(key=key, name=name, id=id_)

    def joining(self, key: str) -> MemberChange:
        """A desired member, by our key."""
        live = self.matches.pairs.get(key)
        return MemberChange(
            key=key, name=live.name if live else self.desired[key].name, id=live.id if live else None
        )


def diff_users(
    columns: Columns, people: People, target: Target, facts: Facts, source: Callable[[Origin], str]
) -> Difference:
    """The changes of users (DESIGN 3: Who is provisioned, Absence)."""
    result = Difference()
    comparison = Comparison(columns=columns, people=people, facts=facts, result=result)
    matches = people.matches
    for key, user in people.desired.items():
        if key in matches.frozen_keys:
            continue
        live = matches.pairs.get(key)
        change = (
            _create(user, target, comparison, source)
            if live is None
            else _existing(user, live, target, comparison, source)
        )
        _keep_unless_protected(change, matches, result)
    for live in matches.vanished:
        action = _disposal(target.deprovision.vanished, live)
        if action:
            key = live.external_id or f"live:{live.id}"
            reason = Reason(code="vanished", text="nothing declares this account any more")
            _keep_unless_protected(comparison.lifecycle(action, live, target, key, reason), matches, result)
    return result


def _create(
    user: DesiredUser, target: Target, comparison: Comparison, source: Callable[[Origin], str]
) -> Change | None:
    if user.status != "entitled":
        return None
    attributes = tuple(comparison.created(user.create_values))
    reason = Reason(code="new", text="new", source=source(user.origin))
    return Change(
        target=target.name, action="create", type="User", key=user.key, id=None, name=user.name, reason=reason,
        attributes=attributes,
    )  # fmt: skip


def _existing(
    user: DesiredUser,
    live: LiveResource,
    target: Target,
    comparison: Comparison,
    source: Callable[[Origin], str],
) -> Change | None:
    place = source(user.origin)
    if user.key not in comparison.people.matches.ours:
        if user.status != "entitled" or not _may_adopt(target, live):
            if live.active or user.status == "entitled":
                text = f"{live.name} matches {user.key}, is not provisioned by us and is left alone"
                comparison.result.findings.append(
                    Finding(severity="warning", code="not-adopted", text=text, source=place)
                )
            return None
        attributes = tuple(comparison.differences(user.values, live, user.key))
        reason = Reason(code="adopt", text="an existing account is taken over", source=place)
        return comparison.change("adopt", live, target, user.key, user.name, reason, attributes)
    if user.status == "entitled":
        attributes = tuple(comparison.differences(user.values, live, user.key))
        if not attributes:
            return None
        states = [a.after for a in attributes if a.path == "active"]
        action: Action = "update" if not states else "reactivate" if states[0] else "deactivate"
        texts = {
            "update": "attributes differ",
            "reactivate": "is entitled again",
            "deactivate": "the mapping says active: false",
        }
        reason = Reason(
            code="entitled-again" if action == "reactivate" else "attributes-differ",
            text=texts[action],
            source=place,
        )
        return comparison.change(action, live, target, user.key, user.name, reason, attributes)
    if user.status == "future":
        if not live.active:
            return None
        attributes = tuple(
            a for a in comparison.differences(user.values, live, user.key) if a.path != "active"
        )
        reason = Reason(code="attributes-differ", text="attributes differ", source=place)
        return (
            comparison.change("update", live, target, user.key, user.name, reason, attributes)
            if attributes
            else None
        )
    return _deprovision(user, live, target, comparison, place)


def _deprovision(
    user: DesiredUser, live: LiveResource, target: Target, comparison: Comparison, place: str | None
) -> Change | None:
    rules = target.deprovision
    rule = {"disabled": rules.disabled, "left": rules.disabled, "removed": rules.removed}.get(
        user.status, rules.out_of_scope
    )
    action = "delete" if user.delete_due else _disposal(rule, live)
    if action is None:
        return None
    verb = "is deleted" if action == "delete" else "loses access"
    reason = Reason(code=user.status, text=f"{verb}: {user.reason}", source=place)
    return comparison.lifecycle(action, live, target, user.key, reason)


def _disposal(rule: str, live: LiveResource) -> Action | None:
    if rule == "delete":
        return "delete"
    return "deactivate" if rule == "deactivate" and live.active else None


def _may_adopt(target: Target, live: LiveResource) -> bool:
    return target.adopt == "any" or (target.adopt == "empty" and live.external_id is None)


def _keep_unless_protected(change: Change | None, matches: Matches, result: Difference) -> None:
    if change is None:
        return
    if change.id in matches.protected:
        text = f"{change.name} is protected: {change.action} is withheld"
        result.findings.append(
            Finding(severity="warning", code="protected", text=text, source=change.reason.source)
        )
        return
    result.changes.append(change)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Compares cells of one resource type; both sides pass the column's one normalising function."""

    columns: Columns
    people: People
    facts: Facts
    result: Difference

    def differences(
        self, values: tuple[Cell, ...], live: LiveResource, key: str
    ) -> Iterator[AttributeChange]:
        """The attributes in which live is not as desired."""
        if values == live.values:
            return
        for index, column in enumerate(self.columns.all):
            after, before = values[index], live.values[index]
            if after is KEEP or (after == before and column.kind != "reference"):
                continue
            if index == self.columns.active and self.columns.type == "User":
                before = live.active
            if column.kind == "reference" and after is not None:
                resolved = self.people.reference(str(after))
                if resolved is None:
                    self.result.unresolved[str(after)] = self.result.unresolved.get(str(after), 0) + 1
                    continue
                if resolved == before:
                    continue
            elif column.compare(after) == column.compare(before):
                continue
            if self._is_withheld(column.text, key):
                continue
            if column.kind == "reference" and before is not None:
                before = self.people.key_by_id.get(str(before), f"live:{before}")
            yield AttributeChange(path=column.text, before=_shown(before), after=_shown(after))

    def created(self, values: tuple[Cell, ...]) -> Iterator[AttributeChange]:
        """Every value that a create sends."""
        for column, cell in zip(self.columns.all, values, strict=True):
            if not is_set(cell) or (column.text, None) in self.facts.withhold:
                continue
            if column.kind == "reference" and self.people.reference(str(cell)) is None:
                self.result.unresolved[str(cell)] = self.result.unresolved.get(str(cell), 0) + 1
                continue
            yield AttributeChange(path=column.text, before=None, after=_shown(cell))

    def _is_withheld(self, path: str, key: str) -> bool:
        if (path, None) in self.facts.withhold or (path, key) in self.facts.withhold:
            self.result.withheld[path] = self.result.withheld.get(path, 0) + 1
            return True
        return False

    def lifecycle(
        self, action: Action, live: LiveResource, target: Target, key: str, reason: Reason
    ) -> Change:
        """A deactivation or deletion; nothing else is compared."""
        attributes = (
            (AttributeChange(path="active", before=True, after=False),) if action == "deactivate" else ()
        )
        return self.change(action, live, target, key, live.name, reason, attributes)

    def change(
        self, action: Action, live: LiveResource, target: Target, key: str, name: str, reason: Reason,
        attributes: tuple[AttributeChange, ...], add: tuple[MemberChange, ...] = (), remove: tuple[MemberChange, ...] = (),
    ) -> Change:  # fmt: skip
        """A change of a live resource, with the digest of the managed part it was decided on."""
        managed = [
            [column.text, _shown(cell)] for column, cell in zip(self.columns.all, live.values, strict=True)
        ]
        return Change(
            target=target.name, action=action, type=self.columns.type, key=key, id=live.id, name=name, reason=reason,
            attributes=attributes, add=add, remove=remove, elements=live.elements,
            precondition=digest([live.active, managed, sorted(live.members)]),
        )  # fmt: skip


def _shown(cell: object) -> object:
    return list(cell) if isinstance(cell, tuple) else cell

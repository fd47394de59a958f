"""Diff: the intended change of each user, from its match and its entitlement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from reconciler.model.change import Action, AttributeChange, Change, MemberChange, Reason
from reconciler.model.column import Column, Columns
from reconciler.model.digest import digest
from reconciler.model.finding import Finding, Subject
from reconciler.model.place import Origin
from reconciler.model.resource import KEEP, Cell, DesiredUser, Facts, LiveResource
from reconciler.model.stand_in import veiled
from reconciler.model.target import Target
from reconciler.stages.compile import Desired, is_set
from reconciler.stages.match import Matches

CHUNK = 1000  # users compared at once: few enough to stay near the processor


@dataclass(slots=True, kw_only=True)
class Difference:
    """What comparing one target gives: changes, findings, and the withheld paths and references that were met."""

    changes: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    withheld: dict[str, list[str]] = field(default_factory=dict)  # path → whose value is not kept
    unresolved: dict[str, list[str]] = field(
        default_factory=dict
    )  # who is not there → whose manager they are
    absent_members: dict[str, list[str]] = field(default_factory=dict)  # user → groups that list it


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who the users of a target are: for references and members."""

    desired: Mapping[str, DesiredUser]
    matches: Matches
    key_by_id: Mapping[str, str]
    id_by_key: Mapping[str, str]
    live_by_id: Mapping[str, LiveResource]
    target: Target
    unmade: frozenset[str] = frozenset()  # who would be created and cannot be
    deleting: frozenset[str] = frozenset()  # live ids of who is deleted

    def reference(self, key: str) -> str | None:
        """The live id of a user, `ref:<key>` for one that this plan creates, None for one that is not to be had."""
        live = self.matches.pairs.get(key)
        if live is not None:
            return live.id
        user = self.desired.get(key)
        stopped = key in self.matches.frozen_keys or key in self.unmade
        creating = user is not None and user.status == "entitled" and not stopped
        return f"ref:{key}" if creating else None

    def is_coming(self, key: str | None, id_: str) -> bool:
        """This plan takes the account over."""
        return (
            key is not None
            and self.desired[key].status == "entitled"
            and self.is_taken(key, self.live_by_id[id_])
        )

    def is_removed(self, key: str) -> bool:
        """References to who is listed under `removed` are legal and mean nothing."""
        return key in self.desired and self.desired[key].status == "removed"

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

    def is_taken(self, key: str, live: LiveResource) -> bool:
        """The account is provisioned by us, or this plan takes it over."""
        return key in self.matches.ours or may_adopt(self.target, live)


def diff_users(
    desired: Desired, columns: Columns, people: People, facts: Facts, source: Callable[[Origin], str]
) -> Difference:
    """The changes of users (DESIGN 3: Who is provisioned, Absence)."""
    result = Difference()
    target, matches = people.target, people.matches
    comparison = Comparison(columns=columns, people=people, facts=facts, result=result)
    at_rest = comparison.at_rest(
        user for key, user in desired.users.items() if user.status == "entitled" and key in matches.ours
    )
    for key, user in desired.users.items():
        if key in at_rest:
            continue
        live = matches.pairs.get(key)
        if live is None:
            if user.status != "entitled" or key in matches.frozen_keys:
                continue
            change: Change | None = _create(user, desired, comparison, source)
        elif key in matches.ours and user.status == "entitled":
            change = _entitled(user, live, comparison, source)
        else:
            change = _existing(user, live, comparison, source)
        keep_unless_protected(change, matches, result)
    for key, live in name_vanished(matches, desired.users):
        action = comparison.disposal(target.deprovision.vanished, live, key)
        if action:
            verb = "is deleted" if action == "delete" else "loses access"
            reason = Reason(code="vanished", text=f"{verb}: nothing declares this account any more")
            keep_unless_protected(comparison.lifecycle(action, live, key, reason), matches, result)
    return result


def name_vanished(matches: Matches, desired: Mapping[str, object]) -> list[tuple[str, LiveResource]]:
    """What nothing declares, by a key that is nobody else's: two changes must never look like one."""
    carried = Counter(live.external_id for live in matches.vanished)
    return [
        (live.external_id if live.external_id and carried[live.external_id] == 1 and live.external_id not in desired
         else f"live:{live.id}", live)
        for live in sorted(matches.vanished, key=lambda live: live.id)
    ]  # fmt: skip


def _create(
    user: DesiredUser, desired: Desired, comparison: Comparison, source: Callable[[Origin], str]
) -> Change:
    return Change(
        target=comparison.people.target.name, action="create", type="User", key=user.key, id=None, name=user.name,
        reason=Reason(code="new", text="new", source=source(user.origin)),
        attributes=tuple(comparison.created(desired.created_user(user), user.key)),
    )  # fmt: skip


def _entitled(
    user: DesiredUser, live: LiveResource, comparison: Comparison, source: Callable[[Origin], str]
) -> Change | None:
    attributes = tuple(comparison.differences(user.values, live, user.key))
    if not attributes:
        return None
    actives = [a.after for a in attributes if a.path == "active"]
    action: Action = "update" if not actives else "reactivate" if actives[0] is True else "deactivate"
    code, text = {
        "update": ("attributes-differ", "attributes differ"),
        "reactivate": ("entitled-again", "gets access back: is declared and in scope"),
        "deactivate": ("attributes-differ", "loses access: the mapping says active: false"),
    }[action]
    reason = Reason(code=code, text=text, source=source(user.origin))
    return comparison.change(action, live, user.key, user.name, reason, attributes)


def _existing(
    user: DesiredUser, live: LiveResource, comparison: Comparison, source: Callable[[Origin], str]
) -> Change | None:
    """The change of an account that is not ours yet, or whose user is not entitled."""
    if user.key not in comparison.people.matches.ours:
        return _unowned(user, live, comparison, source)
    if user.status == "future":
        # Hiring withholds access; it never takes it away.
        attributes = tuple(
            a for a in comparison.differences(user.values, live, user.key) if a.path != "active"
        )
        reason = Reason(code="attributes-differ", text="attributes differ", source=source(user.origin))
        return (
            comparison.change("update", live, user.key, user.name, reason, attributes) if attributes else None
        )
    rules = comparison.people.target.deprovision
    rule = {"disabled": rules.disabled, "left": rules.disabled, "removed": rules.removed}.get(
        user.status, rules.out_of_scope
    )
    action = comparison.disposal("delete" if user.delete_due else rule, live, user.key)
    if action is None:
        return None
    verb = "is deleted" if action == "delete" else "loses access"
    reason = Reason(code=user.status, text=f"{verb}: {user.reason}", source=source(user.origin))
    return comparison.lifecycle(action, live, user.key, reason)


def _unowned(
    user: DesiredUser, live: LiveResource, comparison: Comparison, source: Callable[[Origin], str]
) -> Change | None:
    if user.status == "entitled" and may_adopt(comparison.people.target, live):
        attributes = tuple(comparison.differences(user.values, live, user.key))
        reason = Reason(code="adopt", text="an existing account is taken over", source=source(user.origin))
        actives = [a.after for a in attributes if a.path == "active"]
        action: Action = "adopt" if not actives else "reactivate" if actives[0] is True else "deactivate"
        change = comparison.change(action, live, user.key, user.name, reason, attributes)
        return replace(change, adopts=action != "adopt")
    if live.active or user.status == "entitled":
        text = f"{live.name} matches {user.key}, is not provisioned by us and is left alone"
        if user.status == "entitled":
            text += (
                "; say adopt: any to take it over"
                if live.external_id
                else "; say adopt: empty to take it over"
            )
        comparison.result.findings.append(
            Finding(
                severity="warning",
                code="not-adopted",
                text=text,
                source=source(user.origin),
                about=(Subject(type="User", key=user.key, name=user.name, id=live.id),),
                error_code="EntrySynchronizationSkipped",
            )
        )
    return None


def may_adopt(target: Target, live: LiveResource) -> bool:
    """The target's rule lets an existing account or group be taken over."""
    return target.adopt == "any" or (target.adopt == "empty" and live.external_id is None)


def keep_unless_protected(change: Change | None, matches: Matches, result: Difference) -> None:
    """Notes the change, or a finding instead where its resource is protected."""
    if change is None:
        return
    if change.id in matches.protected:
        text = f"{change.name} is protected: {change.action} is withheld"
        result.findings.append(
            Finding(
                severity="warning",
                code="protected",
                text=text,
                source=change.reason.source,
                about=(change.subject,),
                error_code="EntrySynchronizationSkipped",
            )
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

    def at_rest(self, users: Iterable[DesiredUser]) -> set[str]:
        """The keys of those who have every value just as it is wanted, which is nearly everybody: found column by column."""
        pairs, resting = self.people.matches.pairs, set[str]()
        waiting = iter(users)
        while chunk := list(islice(waiting, CHUNK)):
            keys = [user.key for user in chunk]
            found = zip(*[pairs[key].values for key in keys], strict=True)
            unlike: set[str] = set()
            for index, (wanted, there) in enumerate(
                zip(zip(*[user.values for user in chunk], strict=True), found, strict=True)
            ):
                given = self._ids_of(wanted) if index == self.columns.reference else wanted
                if given != there:
                    unlike.update(
                        key for key, after, before in zip(keys, given, there, strict=True) if after != before and after is not KEEP
                    )  # fmt: skip
            resting.update(unlike.symmetric_difference(keys))
        return resting

    def _ids_of(self, references: Iterable[Cell]) -> tuple[Cell, ...]:
        """Desired names a user by key, live by id; whoever has no account here stays as named."""
        known = self.people.id_by_key
        return tuple([known.get(cell, cell) if isinstance(cell, str) else cell for cell in references])

    def differences(
        self, values: tuple[Cell, ...], live: LiveResource, key: str
    ) -> Iterator[AttributeChange]:
        """The attributes in which live is not as desired."""
        for index, column in enumerate(self.columns.all):
            before = live.values[index]
            after = column.added(before, values[index])
            if after is KEEP or after == before:
                continue
            if index == self.columns.active and self.columns.type == "User":
                before = live.active
            if column.kind == "reference" and after is not None:
                if self.people.is_removed(str(after)):
                    continue
                resolved = self.people.reference(str(after))
                if resolved is None:
                    self._unresolved(str(after), key)
                    continue
                if resolved == before:
                    continue
            elif column.compare(after) == column.compare(before):
                continue
            if self.is_withheld(column.text, key, _shown(after)):
                continue
            if column.kind == "reference" and before is not None:
                before = self.people.key_by_id.get(str(before), f"live:{before}")
            yield _attribute(column, _shown(before), _shown(after))

    def created(self, values: tuple[Cell, ...], key: str) -> Iterator[AttributeChange]:
        """Every value that a create sends."""
        for column, cell in zip(self.columns.all, values, strict=True):
            if not is_set(cell) or self.facts.withholds(self.columns.type, column.text, key, _shown(cell)):
                continue
            if column.kind == "reference" and self.people.is_removed(str(cell)):
                continue
            if column.kind == "reference" and self.people.reference(str(cell)) is None:
                self._unresolved(str(cell), key)
                continue
            yield _attribute(column, None, _shown(cell))

    def is_withheld(self, path: str, key: str, after: object) -> bool:
        """The endpoint is known not to keep that value; it is counted for a finding."""
        if self.facts.withholds(self.columns.type, path, key, after):
            self.result.withheld.setdefault(path, []).append(key)
            return True
        return False

    def disposal(self, rule: str, live: LiveResource, key: str) -> Action | None:
        """What the rule does to an account that is to lose access; None where that is done already.

        An endpoint whose deletions only deactivate keeps the account for ever (scim_quirks A.0): it is at rest.
        """
        if rule == "delete":
            is_kept = not live.active and self.facts.withholds("User", "delete", key, True)
            return None if is_kept else "delete"
        return "deactivate" if rule == "deactivate" and live.active else None

    def _unresolved(self, key: str, referrer: str) -> None:
        self.result.unresolved.setdefault(key, []).append(referrer)

    def lifecycle(self, action: Action, live: LiveResource, key: str, reason: Reason) -> Change:
        """A deactivation or deletion; nothing else is compared."""
        attributes = (
            (AttributeChange(path="active", before=True, after=False),) if action == "deactivate" else ()
        )
        return self.change(action, live, key, live.name, reason, attributes)

    def change(
        self, action: Action, live: LiveResource, key: str, name: str, reason: Reason,
        attributes: tuple[AttributeChange, ...], add: tuple[MemberChange, ...] = (), remove: tuple[MemberChange, ...] = (),
    ) -> Change:  # fmt: skip
        """A change of a live resource, with the digest of the managed part it was decided on."""
        managed = sorted(
            ([column.text, _shown(cell)] for column, cell in zip(self.columns.all, live.values, strict=True)),
            key=lambda pair: str(pair[0]),
        )
        return Change(
            target=self.people.target.name, action=action, type=self.columns.type, key=key, id=live.id, name=name,
            reason=reason, attributes=attributes, add=add, remove=remove, elements=live.elements,
            precondition=digest([live.active, managed, sorted(live.members)]),
            etag=live.etag if self.facts.etags else None,
        )  # fmt: skip


def _shown(cell: object) -> object:
    return list(cell) if isinstance(cell, tuple) else cell


def _attribute(column: Column, before: object, after: object) -> AttributeChange:
    if column.is_redacted:
        before, after = veiled(before), veiled(after)
    return AttributeChange(path=column.text, before=before, after=after)

"""Insist: what a server refused or dropped is sent once more in the next form that it may understand (DESIGN 6).

Each form is tried on a few changes first, one for each kind of atom, and on the rest only where it helped: ten
thousand users whose title an endpoint does not keep cost a handful of requests, not ten thousand more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.model.change import Change, Place
from reconciler.model.dialect import FORMS, REMOVALS, Dialect
from reconciler.model.request import Outcome
from reconciler.model.resource import LiveResource, LiveState, Type

Key = tuple[Type, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unkept:
    """Places with the value that was not kept, and the (type, path) of which the endpoint keeps nothing of anybody."""

    places: Mapping[Place, object] = field(default_factory=dict)
    generally: frozenset[tuple[Type, str]] = frozenset()


def next_forms(dialect: Dialect, type_: Type) -> Iterator[Dialect]:
    """The forms after `dialect`'s own, in the order in which they are tried for one resource type."""
    if type_ == "Group" and not dialect.is_removal_settled:
        other = REMOVALS[1 - REMOVALS.index(dialect.member_removal)]
        yield replace(dialect, member_removal=other)
    for form in FORMS[FORMS.index(dialect.form[type_]) + 1 :]:
        yield dialect.with_form(type_, form)
    yield replace(dialect, singly=True)


def applies(dialect: Dialect, before: Dialect, change: Change) -> bool:
    """That form says this change otherwise than the one before it."""
    if dialect.singly:
        return len(change.attributes) + len(change.add) + len(change.remove) > 1
    return dialect.member_removal == before.member_removal or bool(change.remove)


def insistable(changes: Iterable[Change], outcomes: Mapping[Key, Outcome]) -> tuple[Change, ...]:
    """Of what is still to do, what another form may help: taken and dropped, or refused as a form."""
    found = []
    for change in changes:
        outcome = outcomes.get((change.type, change.key))
        if change.id is not None and outcome and (outcome.status == "success" or outcome.is_refused_form):
            found.append(change)
    return tuple(found)


def choose_canaries(changes: Sequence[Change]) -> tuple[Change, ...]:
    """The fewest-looking changes that together hold every kind of atom: one per path, one per member direction."""
    seen: set[tuple[str, str]] = set()
    chosen = []
    for change in sorted(changes, key=lambda c: (len(c.attributes) + len(c.add) + len(c.remove), c.key)):
        kinds = {(change.type, kind) for kind in _kinds(change)}
        if kinds - seen:
            seen |= kinds
            chosen.append(change)
    return tuple(chosen)


def _kinds(change: Change) -> set[str]:
    kinds = {attribute.path for attribute in change.attributes}
    return kinds | ({"+members"} if change.add else set()) | ({"-members"} if change.remove else set())


def lost_members(change: Change, before: LiveResource, after: LiveResource) -> tuple[str, ...]:
    """Members that went without being asked to: an endpoint that reads a removal as `all of them` (scim_quirks A.15)."""
    asked = {member.id for member in change.remove}
    return tuple(id_ for id_ in before.members if id_ not in asked and id_ not in after.members)


def find_unkept(
    changes: Iterable[Change],
    history: Mapping[Key, Sequence[Outcome]],
    live: LiveState,
    paths: Mapping[Type, Sequence[str]],
) -> Unkept:
    """What the endpoint does not keep, after every form was tried.

    It must have said so: by taking it and dropping it, or by refusing it; an outage says nothing. Never `active`:
    access that was to be taken away and was not is a failure, told every time.
    """
    places: dict[Place, object] = {}
    dropped: set[tuple[Type, str]] = set()
    for change in changes:
        told = history.get((change.type, change.key), ())
        took = any(outcome.status == "success" for outcome in told)
        if change.id is None or not (took or any(o.is_refused_form and o.http_status != 500 for o in told)):
            continue
        if change.action == "delete":
            # A deletion that only deactivates keeps the account for ever; any other that did not happen is a failure.
            if took and any(user.id == change.id and not user.active for user in live.users):
                places[Place(change.target, change.type, change.key, "path", "delete")] = True
                dropped.add((change.type, "delete"))
            continue
        if any(attribute.path == "active" for attribute in change.attributes):
            continue
        for place, (_, after) in change.atoms().items():
            if place.what != "lifecycle":
                places[place] = after
                if took:
                    dropped.add((change.type, "members" if place.what == "member" else place.name))
    return Unkept(
        places=places, generally=frozenset(kind for kind in dropped if _is_of_nobody(kind, live, paths))
    )


def _is_of_nobody(kind: tuple[Type, str], live: LiveState, paths: Mapping[Type, Sequence[str]]) -> bool:
    """The endpoint took such a value and has none of anybody."""
    type_, path = kind
    if path == "delete":
        return True
    rows = live.users if type_ == "User" else live.groups
    if path == "members":
        return not any(row.members for row in rows)
    index = paths[type_].index(path)
    return all(row.values[index] is None for row in rows)

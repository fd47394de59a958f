"""Sections: a plan's changes in the order in which people read them, and what they have as a common cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Literal

from reconciler.model.change import Action, AttributeChange, Change, Reason
from reconciler.model.change import Cause as Origin
from reconciler.model.plan import TargetPlan
from reconciler.model.resource import Type

Kind = Literal["lose", "gain", "change", "group"]
KINDS: tuple[Kind, ...] = ("lose", "gain", "change", "group")
TITLES: dict[Kind, str] = {
    "lose": "People losing access", "gain": "People getting access", "change": "People whose account changes",
    "group": "Groups",
}  # fmt: skip


SAID = ("loses access: ", "gets access back: ", "is deleted: ")  # by a section and an action
ORIGINS: dict[Origin, str] = {
    "edit": "What this edit does", "drift": "What had drifted before; this edit does not touch it",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A change, or the part of it that has one origin, with the cause that drift gave it and its requests."""

    change: Change
    cause: str | None
    requests: Sequence[object]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What has one origin; None where the plan does not tell edit and drift apart."""

    origin: Origin | None
    told: tuple[Told, ...]

    def of(self, kind: Kind) -> tuple[Told, ...]:
        """Those of one section."""
        return tuple(one for one in self.told if kind_of(one.change) == kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Changes that would be told alike: one action, one reason; of updates, the same attributes.

    `attributes` of updates have a value only where all of these changes have the same one; else it is `VARIOUS`.
    """

    action: Action
    type: Type
    reason: Reason
    attributes: tuple[AttributeChange, ...]
    has_members: bool
    told: tuple[Told, ...]

    @property
    def places(self) -> tuple[str, ...]:
        """Where they were written, each once."""
        return tuple(dict.fromkeys(one.change.reason.source for one in self.told if one.change.reason.source))


class Various:
    """Stands for values that differ from change to change."""


VARIOUS = Various()


def kind_of(change: Change) -> Kind:
    """The section of a change: people losing access, people getting it, other people, groups."""
    if change.type == "Group":
        return "group"
    if change.action in ("deactivate", "delete"):
        return "lose"
    return "gain" if change.action in ("create", "reactivate") else "change"


def brief(reason: Reason) -> str:
    """The text of a reason without what the section says already."""
    text = reason.text
    for said in SAID:
        text = text.removeprefix(said)
    return text


def parts_of(target: TargetPlan) -> tuple[Part, ...]:
    """The target's changes: what an edit does, then what had drifted before it; or all as one where nothing tells.

    A change that both have a part in is told in both, with its own atoms in each.
    """
    rows = zip(target.changes, target.causes or repeat(None), target.lowered or repeat(()), strict=False)
    whole = tuple(Told(change=change, cause=cause, requests=requests) for change, cause, requests in rows)
    if all(change.drifted is None for change in target.changes):
        return (Part(origin=None, told=whole),) if whole else ()
    edits = tuple(part for one in whole if (part := _edited(one)))
    drifts = tuple(part for one in whole if (part := _drifted(one)))
    parts: tuple[tuple[Origin, tuple[Told, ...]], ...] = (("edit", edits), ("drift", drifts))
    return tuple(Part(origin=origin, told=told) for origin, told in parts if told)


def _edited(told: Told) -> Told | None:
    change, drifted = told.change, told.change.drifted or frozenset()
    if change.origin != "edit":
        return None
    part = change.only(lambda place: place not in drifted)
    if part is not None:
        return replace(told, change=part)
    # A creation that had to be made before is not this edit's, but what it is created with may be.
    own = {place.name for place in change.atoms() if place not in drifted}
    attributes = tuple(a for a in change.attributes if a.path in own)
    add, remove = (tuple(m for m in members if m.key in own) for members in (change.add, change.remove))
    rest = replace(change, action="update", adopts=False, attributes=attributes, add=add, remove=remove)
    return replace(told, note=f"waits for what had drifted: {change.action}", change=rest)


def _drifted(told: Told) -> Told | None:
    drifted = told.change.drifted or frozenset()
    part = told.change.only(lambda place: place in drifted)
    if part is None:
        return None
    is_told = told.change.origin == "edit"  # the requests stand at the edit's part already
    return replace(told, change=part, requests=() if is_told else told.requests)


def causes_of(told: Iterable[Told]) -> tuple[Cause, ...]:
    """The causes of these changes, those with most changes first."""
    found: dict[tuple[object, ...], list[Told]] = {}
    for one in told:
        found.setdefault(_likeness(one), []).append(one)
    causes = [_cause(group) for group in found.values()]
    return tuple(sorted(causes, key=lambda cause: -len(cause.told)))


def _likeness(told: Told) -> tuple[object, ...]:
    change = told.change
    if change.action not in ("update", "adopt"):
        return (change.type, change.action, change.reason.text, told.cause)
    paths = tuple(a.path for a in change.attributes)
    return (change.type, change.action, bool(change.add or change.remove), told.cause, *paths)


def _cause(group: Sequence[Told]) -> Cause:
    first = group[0].change
    is_by_path = first.action in ("update", "adopt")
    return Cause(
        action=first.action, type=first.type, reason=first.reason,
        attributes=_common([one.change.attributes for one in group]) if is_by_path else (),
        has_members=is_by_path and bool(first.add or first.remove), told=tuple(group),
    )  # fmt: skip


def _common(rows: Sequence[tuple[AttributeChange, ...]]) -> tuple[AttributeChange, ...]:
    """The attributes that all have, with the values that all have."""
    return tuple(
        AttributeChange(
            path=column[0].path, before=_same([a.before for a in column]), after=_same([a.after for a in column])
        )
        for column in zip(*rows, strict=True)
    )  # fmt: skip


def _same(values: Sequence[object]) -> object:
    first = values[0]
    return first if all(value == first and type(value) is type(first) for value in values) else VARIOUS

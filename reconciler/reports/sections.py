"""Sections: a plan's changes in the order in which people read them, and what they have as a common cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Literal

from reconciler.model.change import Action, AttributeChange, Change
from reconciler.model.plan import TargetPlan
from reconciler.model.resource import Type

Kind = Literal["lose", "gain", "change", "group"]
KINDS: tuple[Kind, ...] = ("lose", "gain", "change", "group")
TITLES: dict[Kind, str] = {
    "lose": "People losing access", "gain": "People getting access", "change": "People whose account changes",
    "group": "Groups",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A change as it is told, with the cause that drift gave it."""

    change: Change
    drifted: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What has one origin: `edit` or `drift` where the plan tells them apart, None where it does not."""

    origin: str | None
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
    why: str
    code: str
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


def parts_of(target: TargetPlan) -> tuple[Part, ...]:
    """The target's changes: what the edit does, then what had drifted before; or all as one."""
    causes = target.causes or repeat(None)
    told = [Told(change=change, drifted=cause) for change, cause in zip(target.changes, causes, strict=False)]
    found: dict[str | None, list[Told]] = {}
    for one in told:
        found.setdefault(getattr(one.change, "origin", None), []).append(one)
    order = sorted(found, key=lambda origin: (origin == "drift", origin or ""))
    return tuple(Part(origin=origin, told=tuple(found[origin])) for origin in order)


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
        return (change.type, change.action, change.reason.text, told.drifted)
    paths = tuple(a.path for a in change.attributes)
    return (change.type, change.action, bool(change.add or change.remove), told.drifted, *paths)


def _cause(group: Sequence[Told]) -> Cause:
    first = group[0].change
    is_by_path = first.action in ("update", "adopt")
    return Cause(
        action=first.action, type=first.type, why=first.reason.text, code=first.reason.code,
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


def count_actions(changes: Iterable[Change], type_: Type) -> Counter[Action]:
    """How many changes of each action, of one resource type."""
    return Counter(change.action for change in changes if change.type == type_)

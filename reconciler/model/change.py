"""Changes: the intended difference of one resource, made of atoms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from reconciler.model.digest import digest
from reconciler.model.finding import Subject
from reconciler.model.resource import Type
from reconciler.model.stand_in import UNKNOWN, AsOf, KnownAfterApply, expression_of, shown

Action = Literal["create", "adopt", "update", "reactivate", "deactivate", "delete"]
Cause = Literal["edit", "drift"]
SYMBOLS: dict[Action, str] = {
    "create": "+", "adopt": ">", "update": "~", "reactivate": "↑", "deactivate": "-", "delete": "✗",
}  # fmt: skip


class Place(NamedTuple):
    """Where an atom is: target, resource type, key, and the lifecycle, a path or a member."""

    target: str
    type: Type
    key: str
    what: Literal["lifecycle", "path", "member"]
    name: str

    def __str__(self) -> str:
        named = self.name if self.what == "path" else f"{self.what} {self.name}"
        return f"{self.type.lower()} {self.key}: {named}"


Atoms = Mapping[Place, tuple[object, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a change is there; it explains and never decides."""

    code: str
    text: str
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeChange:
    """One attribute's value before and after; None is unassigned. References are shown by key."""

    path: str
    before: object
    after: object

    def to_json(self) -> dict[str, object]:
        """The attribute as DESIGN 5 writes it, with the expression of a value that is made on create."""
        expression = expression_of(self.after)
        told: dict[str, object] = {} if expression is None else {"expression": expression}
        return {"path": self.path, "before": shown(self.before), "after": shown(self.after), **told}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChange:
    """One member added or removed: our key (or externalId, or `live:<id>`), its name, its live id if known."""

    key: str
    name: str
    id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """All atoms of one resource; its action is the first that applies of delete … update (DESIGN 5).

    `drifted` are the places of those atoms that the base of an edit would cause too; None where there is no base.
    """

    target: str
    action: Action
    type: Type
    key: str
    id: str | None
    name: str
    reason: Reason
    attributes: tuple[AttributeChange, ...] = ()
    add: tuple[MemberChange, ...] = ()
    remove: tuple[MemberChange, ...] = ()
    precondition: str | None = None
    adopts: bool = False  # an existing account is taken over beside what the action says
    elements: int = field(default=0, compare=False)
    etag: str | None = field(default=None, compare=False)
    drifted: frozenset[Place] | None = field(default=None, compare=False)

    def atoms(self) -> Atoms:
        """The smallest reviewable parts: place → old and new value."""
        atoms: dict[Place, tuple[object, object]] = {}
        if self.action != "update":
            atoms[self._place("lifecycle", self.action)] = (False, True)
        if self.is_adoption:
            atoms[self._place("lifecycle", "adopt")] = (False, True)
        for attribute in self.attributes:
            atoms[self._place("path", attribute.path)] = (attribute.before, attribute.after)
        for member in self.add:
            atoms[self._place("member", member.key)] = (False, True)
        for member in self.remove:
            atoms[self._place("member", member.key)] = (True, False)
        return atoms

    def only(self, may: Callable[[Place], bool]) -> Change | None:
        """The change with those of its atoms whose place `may` stay; None if nothing of it is left.

        Without its lifecycle atom a creation, adoption or deletion is nothing, and what remains of a
        deactivation or reactivation is an update.
        """
        action: Action = self.action
        attributes = tuple(a for a in self.attributes if may(self._place("path", a.path)))
        if self.is_adoption and not may(self._place("lifecycle", "adopt")):
            return None
        if action != "update" and not may(self._place("lifecycle", action)):
            if action in ("create", "adopt", "delete"):
                return None
            action = self._lesser()
            attributes = tuple(a for a in attributes if a.path != "active")
        add = tuple(m for m in self.add if may(self._place("member", m.key)))
        remove = tuple(m for m in self.remove if may(self._place("member", m.key)))
        if action in ("reactivate", "deactivate") and not any(a.path == "active" for a in attributes):
            action = self._lesser()
        if action == "update" and not (attributes or add or remove):
            return None
        return replace(self, action=action, attributes=attributes, add=add, remove=remove)

    @property
    def is_adoption(self) -> bool:
        """An existing account is taken over, whatever else happens to it."""
        return self.adopts or self.action == "adopt"

    @property
    def subject(self) -> Subject:
        """Whom it is about."""
        return Subject(type=self.type, key=self.key, name=self.name, id=self.id)

    @property
    def digest(self) -> str:
        """Over target, action, key and every atom; texts, sources and times are outside."""
        atoms = sorted([[*place[2:], *values] for place, values in self.atoms().items()], key=repr)
        return digest([self.target, self.action, self.type, self.key, atoms])

    @property
    def origin(self) -> Cause | None:
        """`edit` if this edit causes any of its atoms; None where there is no base to tell that by."""
        if self.drifted is None:
            return None
        return "drift" if self.drifted.issuperset(self.atoms()) else "edit"

    def to_json(self) -> dict[str, object]:
        """The change as DESIGN 5 writes it."""
        also: dict[str, object] = {"adopts": True} if self.adopts and self.action != "adopt" else {}
        if self.drifted is not None:
            also["origin"] = self.origin
        return {
            **also,
            "action": self.action, "type": self.type, "key": self.key, "id": self.id, "name": self.name,
            "digest": self.digest,
            "reason": {"code": self.reason.code, "text": self.reason.text, "source": self.reason.source},
            "attributes": [
                {**a.to_json(), **self._told("path", a.path)} for a in self.attributes
            ],
            "members": {
                name: [{"key": m.key, "name": m.name, "id": m.id, **self._told("member", m.key)} for m in members]
                for name, members in (("add", self.add), ("remove", self.remove))
            },
            "precondition": self.precondition,
        }  # fmt: skip

    def _told(self, what: Literal["path", "member"], name: str) -> dict[str, Cause]:
        """The origin of one atom, where there is a base to tell it by."""
        if self.drifted is None:
            return {}
        return {"origin": "drift" if self._place(what, name) in self.drifted else "edit"}

    def _lesser(self) -> Action:
        """What the change is without its own lifecycle."""
        return "adopt" if self.is_adoption else "update"

    def _place(self, what: Literal["lifecycle", "path", "member"], name: str) -> Place:
        return Place(self.target, self.type, self.key, what, name)


def member_path(key: str) -> str:
    """One member of a group as a path of its own: what is not kept of one is still kept of the others."""
    return f'members[value eq "{key}"]'


def change_from_json(target: str, document: Mapping[str, object]) -> Change:
    """The change that `to_json` wrote. Raises KeyError, TypeError or ValueError for what is none.

    The digest is not checked here.
    """
    members = document["members"]
    if not isinstance(members, dict) or not isinstance(document["attributes"], list):
        raise TypeError("a change without attributes or members")
    return Change(
        target=target, action=document["action"], type=document["type"], key=document["key"], id=document["id"],  # type: ignore[arg-type]
        name=document["name"], reason=Reason(code="", text=""),  # type: ignore[arg-type]
        attributes=tuple(_attribute(a) for a in document["attributes"]),
        add=tuple(MemberChange(key=m["key"], name=m["name"], id=m["id"]) for m in members["add"]),
        remove=tuple(MemberChange(key=m["key"], name=m["name"], id=m["id"]) for m in members["remove"]),
        adopts=document.get("adopts") is True,
    )  # fmt: skip


def _attribute(row: Mapping[str, object]) -> AttributeChange:
    after, expression = row["after"], row.get("expression")
    if isinstance(expression, str):
        after = KnownAfterApply(expression) if after == UNKNOWN else AsOf(after, expression)
    return AttributeChange(path=row["path"], before=row["before"], after=after)  # type: ignore[arg-type]  # checked by who reads it

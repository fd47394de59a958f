"""Changes: the intended difference of one resource, made of atoms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from reconciler.model.digest import digest
from reconciler.model.resource import Type

Action = Literal["create", "adopt", "update", "reactivate", "deactivate", "delete"]
SYMBOLS: dict[Action, str] = {
    "create": "+", "adopt": ">", "update": "~", "reactivate": "↑", "deactivate": "-", "delete": "✗",
}  # fmt: skip


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


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChange:
    """One member added or removed: our key (or externalId, or `live:<id>`), its name, its live id if known."""

    key: str
    name: str
    id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """All atoms of one resource; its action is the first that applies of delete … update (DESIGN 5)."""

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
    elements: int = field(default=0, compare=False)

    def atoms(self) -> dict[str, object]:
        """The smallest reviewable parts: place (path, member or lifecycle) → its old and new value."""
        atoms: dict[str, object] = {}
        if self.action not in ("update", "adopt") or not (self.attributes or self.add or self.remove):
            atoms[f"lifecycle:{self.action}"] = [None, self.action]
        elif self.action == "adopt":
            atoms["lifecycle:adopt"] = [None, "adopt"]
        for attribute in self.attributes:
            atoms[f"path:{attribute.path}"] = [attribute.before, attribute.after]
        for member in self.add:
            atoms[f"member:{member.key}"] = [False, True]
        for member in self.remove:
            atoms[f"member:{member.key}"] = [True, False]
        return {f"{self.target}/{self.type}/{self.key}/{place}": value for place, value in atoms.items()}

    @property
    def digest(self) -> str:
        """Over target, action, key and every atom; texts, sources and times are outside."""
        return digest([self.target, self.action, self.type, self.key, self.atoms()])

    def to_json(self) -> dict[str, object]:
        """The change as DESIGN 5 writes it."""
        return {
            "action": self.action, "type": self.type, "key": self.key, "id": self.id, "name": self.name,
            "digest": self.digest,
            "reason": {"code": self.reason.code, "text": self.reason.text, "source": self.reason.source},
            "attributes": [{"path": a.path, "before": a.before, "after": a.after} for a in self.attributes],
            "members": {
                "add": [{"key": m.key, "name": m.name, "id": m.id} for m in self.add],
                "remove": [{"key": m.key, "name": m.name, "id": m.id} for m in self.remove],
            },
            "precondition": self.precondition,
        }  # fmt: skip

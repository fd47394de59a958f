"""Desired state: what the YAML declares, before any target is considered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reconciler.model.clause import Clause
from reconciler.model.place import Document, Origin
from reconciler.model.target import Approval, Target

Value = str | bool | int | float | None | tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class User:
    """A declared user.

    `attributes` holds every source attribute with a declared value, by canonical name (locations, defaults and
    their templates already applied); None means declared to have no value.
    """

    id: str
    attributes: dict[str, Value]
    previous_ids: tuple[str, ...] = ()
    document: str  # the path of the document that declares it

    @property
    def origin(self) -> Origin:
        """Where the user is declared."""
        return Origin(document=self.document, path=("users", self.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A listed member: a user or a nested group, until a moment (ISO date or timestamp) if it ends by itself."""

    user: str | None = None
    group: str | None = None
    until: str | None = None
    origin: Origin


@dataclass(slots=True, kw_only=True)
class Group:
    """A declared group; `attributes` as for users. Of a member who is a user for good there is the id only."""

    id: str
    attributes: dict[str, Value]
    members: tuple[Member | str, ...] = ()
    rule: Clause | None = None
    owners: tuple[str, ...] = ()
    membership: Literal["owned", "exclusive", "additive"] | None = None
    previous_ids: tuple[str, ...] = ()
    origin: Origin


@dataclass(slots=True, kw_only=True)
class DesiredState:
    """Everything declared, valid as a whole."""

    users: dict[str, User]
    groups: dict[str, Group]
    removed: dict[str, Origin]
    custom_types: dict[str, str]  # custom attribute -> text | integer | decimal | boolean | date
    targets: dict[str, Target]
    approvals: tuple[Approval, ...]
    documents: dict[str, Document]

"""Resources: SCIM Users and Groups, desired and live, as one tuple each in the mapping's column order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from reconciler.model.place import Origin

Type = Literal["User", "Group"]
Json = str | bool | int | float | None | list["Json"] | dict[str, "Json"]


class Keep(Enum):
    """A desired value that says nothing: the live one stays."""

    KEEP = "keep"


KEEP = Keep.KEEP
# A column's value: text, boolean, number, a tuple of texts (multi-valued), None (unassigned), or KEEP (desired only).
# A reference column (manager) holds the referenced user's id in desired, the live id in live resources.
Cell = str | bool | int | float | tuple[str, ...] | Keep | None

Status = Literal["entitled", "future", "disabled", "left", "outOfScope", "removed"]


@dataclass(slots=True, kw_only=True)
class DesiredUser:
    """What the YAML makes of one user for one target."""

    key: str
    name: str
    values: tuple[Cell, ...]
    create_values: tuple[Cell, ...]
    status: Status
    reason: str
    previous: tuple[Cell, ...] = ()  # the externalId values that previousIds stand for
    delete_due: bool = False
    origin: Origin


@dataclass(slots=True, kw_only=True)
class DesiredGroup:
    """What the YAML makes of one group for one target; members are user ids, nested groups flattened."""

    key: str
    name: str
    values: tuple[Cell, ...]
    create_values: tuple[Cell, ...]
    members: frozenset[str]
    ended: frozenset[str]  # members whose `until` has passed
    membership: Literal["owned", "exclusive", "additive"]
    previous: tuple[Cell, ...] = ()
    origin: Origin


@dataclass(slots=True, kw_only=True)
class LiveResource:
    """One resource as read, in the columns of the mapping.

    `elements` is a bit per selected element (emails[type eq "work"]) that exists; `members` are raw values.
    """

    id: str
    external_id: str | None
    name: str
    active: bool
    values: tuple[Cell, ...]
    elements: int = 0
    members: tuple[str, ...] = ()
    etag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveState:
    """Everything read from one endpoint; only whole lists get here."""

    users: tuple[LiveResource, ...]
    groups: tuple[LiveResource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known about an endpoint beside its lists."""

    own_id: str | None = None
    withhold: frozenset[tuple[str, str | None]] = frozenset()  # (path, key or None for all)
    keeps_external_id: bool = True
    page_size: int = 1000

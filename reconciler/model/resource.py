"""Resources: SCIM Users and Groups, desired and live, as one tuple each in the mapping's column order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

import msgspec

from reconciler.model.digest import digest
from reconciler.model.place import NodePath, Origin
from reconciler.model.stand_in import AsOf, Candidates, KnownAfterApply

Type = Literal["User", "Group"]
Json = str | bool | int | float | None | list["Json"] | dict[str, "Json"]


class Keep(Enum):
    """A desired value that says nothing: the live one stays."""

    KEEP = "\0keep"  # no declared text can be that


KEEP = Keep.KEEP
# A column's value: text, boolean, number, a tuple of texts (multi-valued), None (unassigned), or KEEP (desired only).
# A reference column (manager) holds the referenced user's id in desired, the live id in live resources.
# A cell of what is created may be a stand-in: what only apply makes, what the plan's moment gives, or a choice of values.
Cell = str | bool | int | float | tuple[str, ...] | Keep | KnownAfterApply | AsOf | Candidates | None

Status = Literal["entitled", "future", "disabled", "left", "outOfScope", "removed"]


class DesiredUser(msgspec.Struct, gc=False, kw_only=True):
    """What the YAML makes of one user for one target; `source` holds the attributes that a create maps anew.

    A struct, as there are as many as people: it is made in half the time, and the garbage collector leaves it alone.
    """

    key: str
    name: str
    values: tuple[Cell, ...]
    source: Mapping[str, object]
    status: Status
    reason: str
    previous: tuple[Cell, ...] = ()  # the externalId values that previousIds stand for
    delete_due: bool = False
    document: str  # the path of the document that says so
    listed: NodePath = ()  # where in it, for one that stands among `removed`

    @property
    def origin(self) -> Origin:
        """Where the user is declared."""
        return Origin(document=self.document, path=self.listed or ("users", self.key))


@dataclass(slots=True, kw_only=True)
class DesiredGroup:
    """What the YAML makes of one group for one target; members are user ids, nested groups flattened."""

    key: str
    name: str
    values: tuple[Cell, ...]
    source: Mapping[str, object]
    members: frozenset[str]
    ended: frozenset[str]  # members whose `until` has passed
    membership: Literal["owned", "exclusive", "additive"]
    previous: tuple[Cell, ...] = ()
    origin: Origin


class LiveResource(msgspec.Struct, gc=False, kw_only=True):
    """One resource as read, in the columns of the mapping; a struct for the reason of DesiredUser.

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
    """What is known about an endpoint beside its lists.

    `withhold`: what it is known not to keep, as (type, path, key): a type or key of None stands for all, and the
    value is the digest of the one value that it did not keep, or None for any value.
    """

    own_id: str | None = None
    withhold: Mapping[tuple[Type | None, str, str | None], str | None] = field(default_factory=dict)
    case_exact: Mapping[str, bool] = field(default_factory=dict)
    keeps_external_id: bool = True
    etags: bool = False
    page_size: int = 1000
    dangling: frozenset[str] = frozenset()  # members that the endpoint itself does not know any more

    def withholds(self, type_: Type, path: str, key: str, value: object) -> bool:
        """The endpoint does not keep that value there, or none at all."""
        if not self.withhold:
            return False
        for place in ((None, path, None), (type_, path, None), (type_, path, key)):
            if place in self.withhold:
                kept = self.withhold[place]
                if kept is None or kept == digest(value):
                    return True
        return False

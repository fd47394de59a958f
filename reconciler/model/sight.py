"""Sight: what `check` saw of an endpoint, before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from reconciler.model.resource import Type

Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A connection that could be opened: to how many addresses the name leads, TLS version and the certificate's end.

    `tls` is empty for plain http; by a proxy nothing of this is known.
    """

    addresses: int = 0
    tls: str = ""
    ends: datetime | None = None
    proxy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """A connection that could not be opened: at which step, and why."""

    step: Literal["url", "dns", "connection", "timeout", "certificate", "tls"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One GET and what came of it: status 0 and a text where no usable answer came."""

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    status: int
    body: Body | None = None
    text: str = ""

    @property
    def is_well(self) -> bool:
        """An answer that may be read."""
        return 200 <= self.status < 300 and self.body is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """An equality filter on a matching attribute, for a value that nobody has, that somebody has, or in another case."""

    type: Type
    attribute: str
    about: Literal["nobody", "somebody", "otherCase"]
    wanted: str | None = None  # the id of who has the value
    asked: Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSight:
    """One list: the page that a plan reads first, pages of one, and what a look-up by id shows.

    `read` is the number of resources of the whole list, None where it is too long to be read for a check; `broken`
    says how it contradicts itself, `unread` why it could not be read to its end.
    """

    type: Type
    count: int
    refused_count: int | None = None  # a larger one, which was refused
    first: Asked
    following: Asked | None = None  # the page after the first, where the whole list is not read
    one: Asked | None = None  # startIndex=1, count=1
    two: Asked | None = None  # startIndex=2, count=1
    again: Asked | None = None  # startIndex=1, count=1 once more
    zero: Asked | None = None  # startIndex=0, count=1
    beyond: Asked | None = None  # one after the end
    slim: Asked | None = None  # groups with excludedAttributes=members
    by_id: tuple[Asked, ...] = ()
    read: int | None = None
    broken: str = ""
    unread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """What the exchanges told beside their bodies: milliseconds of each, headers of haste, versions, redirects."""

    milliseconds: tuple[int, ...] = ()
    limits: tuple[tuple[str, str], ...] = ()  # headers about rates, by name
    refused_for_haste: int = 0
    etags: int = 0
    redirects: tuple[tuple[str, str], ...] = ()  # (from, to) on the same origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Everything that one check saw of one target; what it did not come to is None or empty."""

    url: str
    connection: Reached | Unreached
    no_token: str = ""  # why there is none
    anonymous: Asked | None = None
    config: Asked | None = None
    plural_config: Asked | None = None  # /ServiceProviderConfigs, asked where the singular is missing
    resource_types: Asked | None = None
    schemas: Asked | None = None
    me: Asked | None = None
    lists: tuple[ListSight, ...] = ()
    lookups: tuple[LookUp, ...] = ()
    doubted: str = ""  # how the lists, each whole in itself, contradict what a look-up finds
    tempo: Tempo = field(default_factory=Tempo)

    def list_of(self, type_: Type) -> ListSight | None:
        """What was seen of the list of one resource type."""
        return next((one for one in self.lists if one.type == type_), None)

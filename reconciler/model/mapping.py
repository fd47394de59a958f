"""Mappings: how source attributes become SCIM attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reconciler.model.attribute_path import AttributePath
from reconciler.model.place import Origin

Kind = Literal["source", "constant", "template", "expression"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeMapping:
    """One SCIM path and where its value comes from.

    `text` is the source attribute, the constant, the template or the expression, by `kind`. A value that is made once
    (Guid, Now, RandomString, SelectUniqueValue) is sent on create and never compared.
    """

    path: AttributePath
    kind: Kind
    text: str
    constant: str | bool | int | None = None
    default: str | None = None
    default_on: Literal["always", "create"] = "always"
    absent: Literal["keep", "clear"] = "keep"
    apply: Literal["always", "create"] = "always"
    named: frozenset[str] = frozenset()  # the source attributes that an expression names
    is_made_once: bool = False
    is_redacted: bool = False
    role: Literal["", "added", "other"] = (
        ""  # gives roles by assignment, which may only be added to those that there are
    )
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectMapping:
    """The mapping of users or of groups: matching attributes by precedence, and the attributes."""

    match: tuple[str, ...]
    attributes: tuple[AttributeMapping, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """A named mapping; `groups` may be missing."""

    name: str
    users: ObjectMapping
    groups: ObjectMapping | None = None

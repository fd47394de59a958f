"""Dialect: how an endpoint wants its writes, where it lives, and what it is known not to keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from reconciler.model.resource import Type

Form = Literal["path", "pathless", "put"]
FORMS: tuple[Form, ...] = ("path", "pathless", "put")
MemberRemoval = Literal["pathFilter", "valueArray"]
REMOVALS: tuple[MemberRemoval, ...] = ("pathFilter", "valueArray")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The form of updates by resource type, of member removals and of references; the path of each type.

    `path`: one PATCH operation per attribute, with its path; `pathless`: one operation with an object;
    `put`: the whole resource after a read (RFC 7644 sections 3.5.1, 3.5.2).
    """

    form: Mapping[Type, Form] = field(default_factory=lambda: {"User": "path", "Group": "path"})
    member_removal: MemberRemoval = "pathFilter"
    is_removal_settled: bool = (
        False  # the target says so, or the other form took members along: never try that one
    )
    manager: Literal["object", "text"] = "object"
    members_on_create: bool = True
    singly: bool = False  # one request per atom: what is refused then blocks nothing else
    endpoints: Mapping[Type, str] = field(default_factory=lambda: {"User": "/Users", "Group": "/Groups"})

    def with_form(self, type_: Type, form: Form) -> Dialect:
        """The same dialect with another form for one resource type."""
        return replace(self, form={**self.form, type_: form})

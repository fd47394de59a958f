"""Profiles: what a kind of endpoint can do and how it deviates, as data with a source and a date."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One kind of endpoint. `attributes` and `group_attributes` are paths it knows beyond RFC 7643, with their type."""

    name: str
    source: str
    verified: str
    attributes: tuple[tuple[str, str], ...] = ()  # (path, type) of users
    group_attributes: tuple[tuple[str, str], ...] = ()
    case_exact: tuple[str, ...] = ()  # paths compared exactly although RFC 7643 says otherwise
    page_size: int | None = None
    external_id: Literal["stored", "none"] = "stored"
    member_removal: Literal["pathFilter", "valueArray"] = "pathFilter"
    members_on_create: bool = True
    manager: Literal["object", "text"] = "object"
    withhold: tuple[str, ...] = ()
    mapping: dict[str, object] = field(default_factory=dict)  # the document of the mapping that it ships

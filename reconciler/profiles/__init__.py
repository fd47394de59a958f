"""Profiles: one data file per kind of endpoint, each with its source and date."""

from __future__ import annotations

from typing import Any

from reconciler.model.profile import Profile

BUILT_IN = ("rfc", "envoy")


def parse_profile(name: str, document: dict[str, Any]) -> Profile:
    """The profile of a data file, whose shape `schemas/profile.schema.json` has judged."""
    return Profile(
        name=name, source=document["source"], verified=str(document["verified"]),
        attributes=tuple(document.get("attributes", {}).items()),
        group_attributes=tuple(document.get("groupAttributes", {}).items()), case_exact=tuple(document.get("caseExact", ())),
        page_size=document.get("pageSize"), external_id=document.get("externalId", "stored"),
        member_removal=document.get("memberRemoval", "pathFilter"), members_on_create=document.get("membersOnCreate", True),
        manager=document.get("manager", "object"), withhold=tuple(document.get("withhold", ())),
        mapping=document.get("mapping", {}),
    )  # fmt: skip

"""Learn: facts and dialect of an endpoint, from its discovery, its profile, the target and what apply found out.

The later wins: RFC defaults < discovery < profile < `learnt:` of the target < what is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from reconciler.model.attribute_path import quoted
from reconciler.model.change import Place, member_path
from reconciler.model.dialect import FORMS, REMOVALS, Dialect, Form, MemberRemoval
from reconciler.model.digest import digest
from reconciler.model.discovery import Discovery
from reconciler.model.resource import Facts, Type
from reconciler.model.stand_in import unveiled
from reconciler.model.target import Target
from reconciler.stages.insist import Unkept

TYPES: tuple[Type, ...] = ("User", "Group")
SHOWN = 20
Remembered = Mapping[str, Any]
Withhold = dict[tuple[Type | None, str, str | None], str | None]


def facts_of(target: Target, found: Discovery, remembered: Remembered) -> Facts:
    """What is known of the endpoint. Remembered facts that cannot be read are passed over."""
    profile = target.profile
    withhold: Withhold = {(None, path, None): None for path in profile.withhold}
    withhold |= {(entry.type, entry.path, entry.key): None for entry in target.learnt.withhold}
    withhold |= _remembered_withhold(remembered)
    lacks = any((type_, "externalId", None) in withhold for type_ in (None, "User"))
    return Facts(
        own_id=found.own_id,
        withhold=withhold,
        case_exact=found.case_exact,
        keeps_external_id=profile.external_id == "stored" and not lacks,
        etags=found.etag_supported,
        page_size=profile.page_size or found.filter_max_results or 1000,
    )


def dialect_of(target: Target, found: Discovery, remembered: Remembered) -> Dialect:
    """How the endpoint wants its writes."""
    default: Form = "put" if found.patch_supported is False else "path"
    forms: dict[Type, Form] = dict.fromkeys(TYPES, default)
    forms |= target.learnt.updates
    stored = remembered.get("updates")
    for type_ in TYPES:
        if isinstance(stored, dict) and stored.get(type_) in FORMS:
            forms[type_] = stored[type_]
    removal = remembered.get("memberRemoval")
    return Dialect(
        form=forms,
        member_removal=cast("MemberRemoval", removal) if removal in REMOVALS
        else target.learnt.member_removal or target.profile.member_removal,
        is_removal_settled=(removal in REMOVALS and remembered.get("removalSettled") is True)
        or target.learnt.member_removal is not None,
        manager=target.profile.manager,
        members_on_create=target.profile.members_on_create,
        endpoints={"User": "/Users", "Group": "/Groups", **found.endpoints},
    )  # fmt: skip


def remember(
    remembered: Remembered, dialect: Dialect, places: Iterable[tuple[Place, object]],
    generally: Iterable[tuple[Type, str]],
) -> dict[str, Any]:  # fmt: skip
    """What to remember: the dialect that worked, and the places (with the value) that are not kept."""
    entries = {(entry["type"], entry["path"], entry["key"]): entry["value"] for entry in _entries(remembered)}
    general = set(generally)
    for place, after in places:
        is_member = place.what == "member"
        path = member_path(place.name) if is_member else place.name
        if (place.type, "members" if is_member else path) not in general:
            entries[place.type, path, place.key] = digest(unveiled(after))
    entries |= {(type_, path, None): None for type_, path in general}
    rows = [
        {"type": type_, "path": path, "key": key, "value": value}
        for (type_, path, key), value in entries.items()
    ]
    return {
        "updates": dict(dialect.form),
        "memberRemoval": dialect.member_removal,
        "removalSettled": dialect.is_removal_settled,
        "withhold": sorted(rows, key=lambda row: (row["type"], row["path"], row["key"] or "")),
    }


def with_unkept(facts: Facts, unkept: Unkept) -> Facts:
    """The facts, with what turned out to be kept of nobody."""
    return replace(
        facts, withhold={**facts.withhold, **{(type_, path, None): None for type_, path in unkept.generally}}
    )


def learnt_line(target: Target, remembered: Remembered) -> str:
    """The line to write into the target so that a fresh checkout knows it too; empty if there is nothing to say."""
    names: dict[Type, str] = {"User": "user", "Group": "group"}
    declared = {(entry.path, entry.key) for entry in target.learnt.withhold}
    rows: list[tuple[Type | None, str, str | None]] = [
        (None, entry.path, None) for entry in target.learnt.withhold if entry.key is None
    ]
    rows += [
        (e["type"], e["path"], e["key"])
        for e in _entries(remembered)
        if (e["path"], e["key"]) not in declared
    ]
    shown = [
        quoted(path) if key is None or type_ is None else f"{{{names[type_]}: {key}, path: {quoted(path)}}}"
        for type_, path, key in sorted(set(rows), key=str)[:SHOWN]
    ]
    parts = [f"withhold: [{', '.join(dict.fromkeys(shown))}]"] if shown else []
    is_settled = remembered.get("removalSettled") is True
    if "memberRemoval" in remembered and (
        is_settled or remembered["memberRemoval"] != target.profile.member_removal
    ):
        parts.append(f"memberRemoval: {remembered['memberRemoval']}")
    updates = remembered.get("updates")
    other = (
        {
            names[t] + "s": form
            for t, form in updates.items()
            if t in names and form in FORMS and form != "path"
        }
        if isinstance(updates, dict)
        else {}
    )
    if other:
        parts.append(f"updates: {{{', '.join(f'{type_}: {form}' for type_, form in sorted(other.items()))}}}")
    return f"learnt: {{{', '.join(parts)}}}" if parts else ""


def _remembered_withhold(remembered: Remembered) -> Withhold:
    return {(entry["type"], entry["path"], entry["key"]): entry["value"] for entry in _entries(remembered)}


def _entries(remembered: Remembered) -> list[dict[str, Any]]:
    found = remembered.get("withhold")
    rows = found if isinstance(found, list) else []
    return [row for row in rows if isinstance(row, dict) and _is_entry(row)]


def _is_entry(row: Remembered) -> bool:
    texts = (row.get("key", 0), row.get("value", 0))
    return (
        row.get("type") in TYPES
        and isinstance(row.get("path"), str)
        and all(text is None or isinstance(text, str) for text in texts)
    )

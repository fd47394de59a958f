"""Accept: the YAML under which what is live would be as declared: for a difference that should stay (research: actions 4.5)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from reconciler.model.change import AttributeChange, Change
from reconciler.model.mapping import Mapping as TargetMapping
from reconciler.model.mapping import ObjectMapping
from reconciler.model.neutral import neutral, neutral_json
from reconciler.model.part import NAME

Lines = list[str]


def accept(changes: Iterable[Change], mapping: TargetMapping, most: int) -> str:
    """The entries that accept these differences, of the first `most` resources; what YAML cannot say so is a comment.

    Values go back the way they came: through the mapping's direct sources.
    """
    changes = tuple(changes)
    told: dict[str, Lines] = {"users": [], "groups": []}
    sources = {"User": _sources(mapping.users), "Group": _sources(mapping.groups)}
    for change in changes[:most]:
        kind = "users" if change.type == "User" else "groups"
        told[kind] += _entry(change, sources[change.type])
    lines = [line for kind, entries in told.items() if entries for line in (f"{kind}:", *entries)]
    if len(changes) > most:
        lines.append(f"# and {len(changes) - most:,} more")
    return "\n".join(lines)


def _sources(mapping: ObjectMapping | None) -> Mapping[str, str]:
    direct = mapping.attributes if mapping else ()
    return {str(attribute.path): attribute.text for attribute in direct if attribute.kind == "source"}


def _entry(change: Change, sources: Mapping[str, str]) -> Lines:
    key = change.key if NAME.fullmatch(change.key) and not change.key.isdecimal() else _scalar(change.key)
    where = f"   # {neutral(change.reason.source)}" if change.reason.source else ""
    match change.action:
        case "create" | "adopt":
            return [f"  # {key}: is not there; to accept that, take the entry out{where}"]
        case "deactivate" | "delete":
            return [f"  # {key}: has access; to accept that, declare it, enabled and in scope{where}"]
        case "reactivate":
            return [f"  {key}: {{accountEnabled: false}}{where}"]
    values = {
        source: _shown(row)
        for row in change.attributes
        if (source := sources.get(row.path)) not in (None, "members")
    }
    lines = (
        [f"  {key}: {{{', '.join(f'{name}: {value}' for name, value in values.items())}}}{where}"]
        if values
        else []
    )
    lines += [
        f"  # {key}: {neutral(row.path)} comes from more than one value; change what it comes from{where}"
        for row in change.attributes if row.path not in sources
    ]  # fmt: skip
    lines += [f"  # {key}: add to members: {_scalar(member.key)}{where}" for member in change.remove]
    return lines + [f"  # {key}: take out of members: {_scalar(member.key)}{where}" for member in change.add]


def _shown(row: AttributeChange) -> str:
    value = row.before
    return _scalar(list(value) if isinstance(value, tuple) else value)


def _scalar(value: object) -> str:
    """A value on one line: JSON is YAML, and every text in quotes is text; what nobody would see is escaped."""
    return neutral_json(json.dumps(value, ensure_ascii=False))

"""Writing: imported users and groups as YAML, one value a line, as people edit it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from reconciler.importers.layout import comment
from reconciler.importers.layout import scalar as _scalar
from reconciler.importers.live.values import Value

scalar = lru_cache(maxsize=65_536)(_scalar)  # many have one title, one department, one city
Entries = Mapping[str, Mapping[str, Value]]


def write_users(users: Entries, head: Sequence[str]) -> str:
    """A document of users."""
    return "\n".join([*_head(head), *_entries("users", users, {})]) + "\n"


def write_groups(groups: Entries, members: Mapping[str, Sequence[str]], head: Sequence[str]) -> str:
    """A document of groups, their members by id."""
    return "\n".join([*_head(head), *_entries("groups", groups, members)]) + "\n"


def _head(lines: Sequence[str]) -> list[str]:
    return [f"# {comment(line)}" for line in lines]


def _entries(kind: str, entries: Entries, members: Mapping[str, Sequence[str]]) -> Iterator[str]:
    if not entries:
        yield f"{kind}: {{}}"
        return
    yield f"{kind}:"
    for key, attributes in sorted(entries.items()):
        inside = members.get(key, ())
        if not attributes and not inside:
            yield f"  {scalar(key)}: {{}}"
            continue
        yield f"  {scalar(key)}:"
        for name, value in attributes.items():
            yield f"    {scalar(name)}: {_value(value)}"
        if inside:
            yield "    members:"
            yield from (f"      - {scalar(member)}" for member in inside)


def _value(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case tuple():
            return "[" + ", ".join(map(scalar, value)) + "]"
        case str():
            return scalar(value)
        case _:
            return str(value)

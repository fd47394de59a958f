"""Short words for changes and live resources, so that a table of cases reads as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.model.attribute_path import parse_path
from reconciler.model.change import Action, AttributeChange, Change, MemberChange, Reason
from reconciler.model.column import Columns, build_columns
from reconciler.model.mapping import AttributeMapping, ObjectMapping
from reconciler.model.plan import TargetPlan
from reconciler.model.request import Outcome
from reconciler.model.resource import Cell, LiveResource, Type

Atom = tuple[object, object]
MANAGER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"


def change(action: Action, key: str, /, **paths: Atom) -> Change:
    """A change of a user, whose live id is `id-<key>`."""
    return _change(action, "User", key, paths)


def group(action: Action, key: str, /, *, add: str = "", remove: str = "", **paths: Atom) -> Change:
    """A change of a group; `add` and `remove` are keys of members."""
    return replace(_change(action, "Group", key, paths), add=_members(add), remove=_members(remove))


def _change(action: Action, type_: Type, key: str, paths: Mapping[str, Atom]) -> Change:
    return Change(
        target="acme", action=action, type=type_, key=key, id=None if action == "create" else f"id-{key}", name=key,
        reason=Reason(code="", text=""),
        attributes=tuple(
            AttributeChange(path=MANAGER if path == "manager" else path, before=before, after=after)
            for path, (before, after) in paths.items()
        ),
    )  # fmt: skip


def deactivate(key: str) -> Change:
    """A user loses access."""
    return change("deactivate", key, active=(True, False))


def _members(keys: str) -> tuple[MemberChange, ...]:
    return tuple(MemberChange(key=key, name=key, id=f"id-{key}") for key in keys.split())


def outcome(of: Change, status: str = "success", http: int = 200) -> Outcome:
    """What a change came to."""
    return Outcome(change=of, id=of.id, status=status, http_status=http)  # type: ignore[arg-type]


def plan(*changes: Change, desired: str = "as reviewed") -> TargetPlan:
    """A plan of one target."""
    return TargetPlan(name="acme", url="", desired=desired, changes=changes)


def columns(type_: Type = "User", *paths: str) -> Columns:
    """Columns of these paths."""
    mapped = tuple(
        AttributeMapping(path=parse_path(path), kind="source", text=path, origin=None)  # type: ignore[arg-type]
        for path in paths
    )
    return build_columns(type_, ObjectMapping(match=(paths[0],), attributes=mapped), {})


def live(
    id_: str, *values: Cell, active: bool = True, members: str = "", external: str | None = None
) -> LiveResource:
    """A live resource with these values, and members by their keys."""
    return LiveResource(
        id=id_, external_id=external, name=id_, active=active, values=values,
        members=tuple(f"id-{key}" for key in members.split()),
    )  # fmt: skip

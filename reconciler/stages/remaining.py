"""Remaining: what of a change is still to do at a resource that was just read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.model.change import AttributeChange, Change
from reconciler.model.column import Column, Columns
from reconciler.model.resource import Cell, LiveResource
from reconciler.model.stand_in import known


@dataclass(frozen=True, slots=True, kw_only=True)
class Remainder:
    """What is left of a change (None: nothing), and the paths that hold neither the old nor the new value."""

    change: Change | None
    moved: tuple[str, ...] = ()


def find_remaining(
    change: Change, live: LiveResource | None, columns: Columns, ids: Mapping[str, str]
) -> Remainder:
    """What is left of `change` to do at `live`, None where the endpoint has it no more; `ids` by our key."""
    if change.action == "delete":
        return Remainder(change=change if live is not None else None)
    if live is None:
        return Remainder(change=change)
    left: list[AttributeChange] = []
    moved: list[str] = []
    for attribute in change.attributes:
        index = columns.index(attribute.path)
        if index is None:
            continue
        column = columns.all[index]
        is_active = columns.type == "User" and index == columns.active
        found = column.compare(live.active if is_active else live.values[index])
        if found == column.compare(_cell(column, attribute.after, ids)):
            continue
        left.append(attribute)
        if change.action != "create" and found != column.compare(_cell(column, attribute.before, ids)):
            moved.append(attribute.path)
    present = set(live.members)
    add = tuple(m for m in change.add if (m.id or ids.get(m.key)) not in present)
    remove = tuple(m for m in change.remove if m.id in present)
    if not (left or add or remove):
        return Remainder(change=None)
    kept = replace(
        change, attributes=tuple(left), add=add, remove=remove, elements=live.elements, id=live.id,
        etag=live.etag if change.etag else None, action="update" if change.action == "create" else change.action,
    )  # fmt: skip
    return Remainder(change=kept, moved=tuple(moved))


def _cell(column: Column, shown: object, ids: Mapping[str, str]) -> Cell:
    """A change's value as the live side holds it: lists as tuples, references by live id."""
    shown = known(shown)
    if isinstance(shown, list):
        return tuple(shown)
    if column.kind == "reference" and isinstance(shown, str):
        return shown.removeprefix("live:") if shown.startswith("live:") else ids.get(shown, shown)
    return shown  # type: ignore[return-value]  # a cell, as the diff showed it

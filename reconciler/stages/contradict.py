"""Contradict: what is wrong only once a target's resources are computed: no userName, or one value claimed twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from reconciler.functions.clauses import Runaway
from reconciler.model.column import Column, Columns
from reconciler.model.desired import DesiredState
from reconciler.model.errors import DesiredStateError
from reconciler.model.place import Mistake, Origin
from reconciler.model.resource import KEEP, Cell, DesiredGroup, DesiredUser
from reconciler.model.stand_in import REDACTED
from reconciler.model.target import Target
from reconciler.stages.compile import Desired, compile_target, target_columns

Locate = Callable[[Origin], tuple[int, int]]


def compile_all(
    state: DesiredState, targets: Iterable[Target], now: datetime, locate: Locate
) -> dict[str, Desired]:
    """The desired resources of each target by its name. Raises DesiredStateError with every contradiction."""
    try:
        compiled = {target.name: compile_target(state, target, now) for target in targets}
    except Runaway as error:
        raise DesiredStateError((_at(error.origin, locate, error.text),)) from None
    mistakes: list[Mistake] = []
    for name, desired in compiled.items():
        users, groups = target_columns(state.targets[name], {})
        mistakes += _nameless(name, desired, users, locate)
        present = {key: user for key, user in desired.users.items() if user.status in ("entitled", "future")}
        mistakes += _twice(name, present, users, locate)
        mistakes += _no_booleans(name, present, users, locate)
        if groups is not None:
            mistakes += _twice(name, desired.groups, groups, locate)
    if mistakes:
        raise DesiredStateError(tuple(sorted(set(mistakes))))
    return compiled


def _nameless(target: str, desired: Desired, columns: Columns, locate: Locate) -> list[Mistake]:
    index = columns.index("userName")
    if index is None:
        first = next((user for user in desired.users.values() if user.status == "entitled"), None)
        text = f"target `{target}` gets users, and its mapping has no `userName`, without which nobody can be created; map it"
        return [_at(first.origin, locate, text)] if first else []
    source = columns.all[index].mapping
    written = f"`{source.text}`" if source and source.kind == "source" else "what userName is mapped from"
    return [
        _at(user.origin, locate, f"user `{user.key}` is in scope of target `{target}` and gets no userName; declare {written}")
        for user in desired.users.values()
        if user.status == "entitled" and user.values[index] in (KEEP, None, "")
        and desired.created_user(user)[index] in (KEEP, None, "")
    ]  # fmt: skip


def _no_booleans(
    target: str, users: Mapping[str, DesiredUser], columns: Columns, locate: Locate
) -> list[Mistake]:
    """What decides over access must be true or false, and nothing that looks like it."""
    return [
        _at(user.origin, locate, f"user `{user.key}` would get {columns.all[index].text} {_said(columns.all[index], user.values[index])} at target "
                                 f"`{target}`; it is a boolean: let it come from what is true or false")
        for index in range(len(columns.all)) if columns.all[index].is_boolean
        for user in users.values()
        if user.values[index] not in (True, False, None, KEEP)
    ]  # fmt: skip


def _twice(
    target: str,
    resources: Mapping[str, DesiredUser] | Mapping[str, DesiredGroup],
    columns: Columns,
    locate: Locate,
) -> list[Mistake]:
    """Two resources with one matching value would be one account at the endpoint."""
    mistakes = []
    for index in columns.match:
        column = columns.all[index]
        cells = [
            cell
            for each in resources.values()
            if (cell := each.values[index]) is not KEEP and cell is not None
        ]
        compared = column.compare_all(cells)
        if len(set(compared)) == len(compared):
            continue
        claimants = [key for key, each in resources.items() if each.values[index] not in (KEEP, None)]
        owners: dict[object, str] = {}
        for key, cell, value in zip(claimants, cells, compared, strict=True):
            other = owners.setdefault(value, key)
            if other != key:
                text = (
                    f"`{key}` and `{other}` would both have {column.text} {_said(column, cell)} at target `{target}`; "
                    "give each a value of its own, or take one out of scope"
                )
                mistakes.append(_at(resources[key].origin, locate, text))
    return mistakes


def _said(column: Column, cell: Cell) -> str:
    return REDACTED if column.is_redacted else f'"{cell}"'


def _at(origin: Origin, locate: Locate, text: str) -> Mistake:
    return Mistake(origin.document, *locate(origin), text)

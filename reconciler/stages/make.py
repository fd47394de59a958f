"""Make: the values that are sent in place of what a plan only stands in for (DESIGN 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from reconciler.functions.creating import make_value
from reconciler.functions.landing import landing
from reconciler.model.change import AttributeChange, Change
from reconciler.model.column import Columns
from reconciler.model.stand_in import AsOf, KnownAfterApply, unveiled
from reconciler.stages.compile import is_set


def make_values(change: Change, columns: Columns, now: datetime, chance: Callable[[int], int]) -> Change:
    """The change with the values themselves; `chance(n)` gives a whole number below n, another one each time.

    What an expression turns out not to give is left out.
    """
    made = [
        replace(a, before=unveiled(a.before), after=_made(a, columns, now, chance)) for a in change.attributes
    ]
    planned = zip(made, change.attributes, strict=True)
    kept = (a for a, told in planned if a.after is not None or told.after is None)
    return replace(change, attributes=tuple(kept))


def _made(
    attribute: AttributeChange, columns: Columns, now: datetime, chance: Callable[[int], int]
) -> object:
    after = unveiled(attribute.after)
    if isinstance(after, AsOf):
        return after.value
    if not isinstance(after, KnownAfterApply):
        return after
    column = next(column for column in columns.all if column.text == attribute.path)
    cell = landing(column.type, is_many=column.kind == "many")(make_value(after, now, chance))
    if not is_set(cell):
        return None
    sent = column.compare(cell) if column.is_boolean else cell
    return list(sent) if isinstance(sent, tuple) else sent

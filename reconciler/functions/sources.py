"""Sources: a mapping's right-hand side as a function of the source attributes of many users at once.

At 100,000 users and twenty columns a call for each cell costs more than the cell, so a call makes a whole column.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from reconciler.functions.clauses import Runaway
from reconciler.functions.columns import DROPPED
from reconciler.functions.creating import create_value
from reconciler.functions.expressions import parse_expression
from reconciler.functions.patterns import SECONDS
from reconciler.functions.templates import compile_template
from reconciler.model.mapping import AttributeMapping
from reconciler.model.resource import KEEP, Cell

_ABSENT = object()
Attributes = Mapping[str, object]
Source = Callable[[Sequence[Attributes]], list[Cell]]


def compile_source(mapping: AttributeMapping, creating: datetime | None) -> Source:
    """The function that gives each one's desired cell: a value, None (unassigned) or KEEP (says nothing).

    `creating` is the moment at which a resource is made, None where it is there already. Absent leaves the live value
    alone unless `absent: clear`; null clears; a default stands in for both. Raises DesiredStateError, which names the
    mapping, for a pattern that runs away.
    """
    if mapping.apply == "create" and creating is None:
        return lambda rows: [KEEP] * len(rows)
    missing: Cell = None if mapping.absent == "clear" else KEEP
    if mapping.kind == "source" and mapping.default is None:
        return _direct(mapping.text, missing)
    values = _values(mapping, creating)
    default = mapping.default if creating is not None or mapping.default_on == "always" else None

    def cell(found: object) -> Cell:
        if found is _ABSENT or found is None or found in ("", ()):  # RFC 7643 section 2.5: all are unassigned
            if default is not None:
                return default
            if mapping.default is not None:
                return KEEP  # a default that creation alone uses is not taken away by what follows
            return missing if found is _ABSENT else None
        return found  # type: ignore[return-value]

    return lambda rows: list(map(cell, values(rows)))


def _direct(name: str, missing: Cell) -> Source:
    """Most columns of most mappings: an attribute as it stands."""

    def column(rows: Sequence[Attributes]) -> list[Cell]:
        found: list[Cell] = [row.get(name, missing) for row in rows]  # type: ignore[misc]
        is_plain = "" not in found and () not in found
        return found if is_plain else [None if cell in ("", ()) else cell for cell in found]

    return column


def _values(
    mapping: AttributeMapping, creating: datetime | None
) -> Callable[[Sequence[Attributes]], Sequence[object]]:
    match mapping.kind:
        case "source":
            name = mapping.text
            return lambda rows: [row.get(name, _ABSENT) for row in rows]
        case "constant":
            constant = mapping.constant if mapping.constant is not None else mapping.text
            return lambda rows: [constant] * len(rows)
        case "expression":
            return _worked_out(mapping, creating)
        case "template":
            template = compile_template(mapping.text)
            unsaid = _unsaid(template.sources)

            def rendered(rows: Sequence[Attributes]) -> list[object]:
                return [
                    text or unsaid(row) for text, row in zip(template.render_all(rows), rows, strict=True)
                ]

            return _in_time(mapping, rendered)


def _unsaid(sources: Collection[str]) -> Callable[[Attributes], object]:
    """What an empty result means: null where every source that is named is declared null, else absent."""
    named = tuple(sources)

    def unsaid(row: Attributes) -> object:
        nulled = named and all(name in row and row[name] is None for name in named)
        return None if nulled else _ABSENT

    return unsaid


def _worked_out(
    mapping: AttributeMapping, creating: datetime | None
) -> Callable[[Sequence[Attributes]], Sequence[object]]:
    """What an expression gives each; what it drops stays as it is, whatever else the mapping says."""
    expression = parse_expression(mapping.text)
    unsaid = _unsaid(expression.sources)

    def values(rows: Sequence[Attributes]) -> list[object]:
        told: Sequence[object]
        if creating is not None and mapping.is_made_once:
            told = [create_value(expression, row, creating) for row in rows]
        else:
            told = expression.evaluate(rows)
        if None not in told and "" not in told and DROPPED not in told:
            return list(told)
        return [
            KEEP if value is DROPPED else unsaid(row) if value is None or value == "" else value
            for value, row in zip(told, rows, strict=True)
        ]

    return _in_time(mapping, values)


def _in_time(
    mapping: AttributeMapping, found: Callable[[Sequence[Attributes]], Sequence[object]]
) -> Callable[[Sequence[Attributes]], Sequence[object]]:
    """The values; a pattern that runs away is told with its mapping."""

    def values(rows: Sequence[Attributes]) -> Sequence[object]:
        try:
            return found(rows)
        except TimeoutError:
            raise _runaway(mapping, rows, found) from None

    return values


def _runaway(
    mapping: AttributeMapping, rows: Sequence[Attributes], found: Callable[[Sequence[Attributes]], object]
) -> Runaway:
    """Whose value it is that a pattern of the expression takes too long on."""
    key = "somebody"
    for row in rows:
        try:
            found([row])
        except TimeoutError:
            key = str(row.get("objectId", key))
            break
    text = f"`{mapping.path}` takes longer than {SECONDS:.0f} s for `{key}`; write its pattern without a repetition inside a repetition"
    return Runaway(mapping.origin, text)

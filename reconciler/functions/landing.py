"""Landing: what an expression gives, in the type of the attribute that it is for (RFC 7643 section 2.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from reconciler.functions.columns import DROPPED
from reconciler.functions.values import Value, as_list, as_number, as_text
from reconciler.model.resource import KEEP, Cell
from reconciler.model.stand_in import AsOf, Candidates, KnownAfterApply


def landing(type_: str | None, *, is_many: bool) -> Callable[[object], Cell]:
    """What makes a cell of a value; stand-ins stay such. `type_` is the SCIM type, None where nobody knows it."""
    convert: Callable[[Value], Cell] = _LANDINGS.get(type_ or "", _any)

    is_text = convert is as_text and not is_many

    def land(value: object) -> Cell:
        if value is None or (is_text and type(value) is str):
            return value
        match value:
            case AsOf(value=known, expression=expression):
                return AsOf(land(known), expression)
            case Candidates(values=values):
                return Candidates(tuple(map(land, values)))
        if isinstance(value, KnownAfterApply) or value is KEEP or value is DROPPED:
            return KEEP if value is DROPPED else value
        if is_many:
            return as_list(value)  # type: ignore[arg-type]
        return convert(value)  # type: ignore[arg-type]  # what an expression gives, or a default

    return land


def _any(value: Value) -> Cell:
    if isinstance(value, datetime):
        return as_text(value)
    if isinstance(value, tuple):
        return value[0] if len(value) == 1 else value
    return value


def _instant(value: Value) -> Cell:
    return (
        value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        if isinstance(value, datetime)
        else as_text(value)
    )


def _whole(value: Value) -> Cell:
    number = as_number(value)
    return as_text(value) if number is None or number != int(number) else int(number)


def _decimal(value: Value) -> Cell:
    number = as_number(value)
    return as_text(value) if number is None else number


_LANDINGS: dict[str, Callable[[Value], Cell]] = {
    "string": as_text, "reference": as_text, "complex": as_text, "dateTime": _instant, "integer": _whole, "decimal": _decimal,
}  # fmt: skip

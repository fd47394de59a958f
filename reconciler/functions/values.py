"""Values: what functions work on, and how one kind is read as another, as Entra's language does.

A value is None (null), text, a boolean, a number, an instant in UTC, or a tuple of texts (multi-valued). What cannot be
read as the kind that is asked for is None: an expression gives null where Entra reports an error.
"""

from __future__ import annotations

import math
import operator as operators
import re
from collections.abc import Callable, Mapping
from datetime import datetime

from reconciler.functions.date_formats import parse_any, write_plainly

LARGEST = 50_000  # characters that a function may give; more is no value that anybody maps
Value = str | bool | int | float | datetime | tuple[str, ...] | None

_OPERATORS: Mapping[str, Callable[..., object]] = {
    "=": operators.eq, "<>": operators.ne, ">": operators.gt, ">=": operators.ge, "<": operators.lt, "<=": operators.le,
}  # fmt: skip
_NUMBER = re.compile(r"\s*[-+]?[0-9]{1,300}(?:\.[0-9]{1,300})?(?:[eE][-+]?[0-9]{1,3})?\s*")


def as_text(value: Value) -> str | None:
    """The value as text: `True`, `12`, `3/16/2020 7:00:00 AM`."""
    if type(value) is str or value is None:
        return value
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, tuple):
        return ", ".join(value) if value else None
    if isinstance(value, datetime):
        return write_plainly(value)
    if isinstance(value, float):
        return repr(value).removesuffix(".0") if math.isfinite(value) else None
    return str(value) if isinstance(value, str) or abs(value) < 10**300 else None


def as_texts(value: Value) -> str | tuple[str, ...] | None:
    """Text, or the texts of what is multi-valued."""
    return value if type(value) is tuple else as_text(value)


def as_list(value: Value) -> tuple[str, ...]:
    """The values of what is multi-valued; one value counts as a list of one, null as none."""
    if isinstance(value, tuple):
        return value
    text = as_text(value)
    return () if text is None else (text,)


def as_number(value: Value) -> int | float | None:
    """The number that the value is, or that its text says."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value if abs(value) < 10**300 else None
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return None
    try:
        return int(value)
    except ValueError:
        number = float(value)
        return number if math.isfinite(number) else None


def as_integer(value: Value) -> int | None:
    """The number, rounded to the nearest whole one."""
    number = as_number(value)
    return None if number is None else round(number)


def as_moment(value: Value) -> datetime | None:
    """The instant that the value is, or that its text names; without an offset it is UTC."""
    if isinstance(value, datetime):
        return value
    return parse_any(value) if isinstance(value, str) else None


def as_truth(value: Value) -> bool:
    """Whether the value holds: true, a number that is not 0, or text that says either; null does not."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().casefold() in ("true", "false"):
        return value.strip().casefold() == "true"
    return bool(as_number(value))


def as_anything(value: Value) -> Value:
    """The value as it is."""
    return value


def is_empty(value: Value) -> bool:
    """Null, empty text or no values."""
    return value is None or value == "" or value == ()


def compare(operator: str, left: Value, right: Value) -> bool:
    """Whether the comparison holds: as numbers or instants where both sides are some, else as text, by code points."""
    if isinstance(left, datetime) or isinstance(right, datetime):
        sides: tuple[object, object] = (as_moment(left), as_moment(right))
    else:
        is_text = isinstance(left, str) and isinstance(right, str) and operator in ("=", "<>")
        sides = (None, None) if is_text else (as_number(left), as_number(right))
    one, other = sides if None not in sides else (as_text(left) or "", as_text(right) or "")
    return bool(_OPERATORS[operator](one, other))

"""Choices: Entra's functions that ask about values and choose among them (research: entra 3.2)."""

from __future__ import annotations

from reconciler.functions.values import Value, as_truth, is_empty


def choose_by(condition: bool, if_true: Value, if_false: Value) -> Value:
    """IIF: one of two values, by the condition."""
    return if_true if condition else if_false


def switch(source: str | None, default: Value, *pairs: Value) -> Value:
    """Switch: the value of the first key that the source is, else the default; the key "" catches null."""
    wanted = source or ""
    for at in range(0, len(pairs) - 1, 2):
        if pairs[at] == wanted:
            return pairs[at + 1]
    return default


def coalesce(*values: Value) -> Value:
    """Coalesce: the first value that is not null."""
    return next((value for value in values if value is not None), None)


def is_null(value: Value) -> bool:
    """IsNull: there is no value."""
    return value is None


def is_null_or_empty(value: Value) -> bool:
    """IsNullOrEmpty: there is no value, or empty text."""
    return is_empty(value)


def is_present(value: Value) -> bool:
    """IsPresent: there is a value that is not empty."""
    return not is_empty(value)


def is_string(value: Value) -> bool:
    """IsString: the value is text."""
    return isinstance(value, str)


def negate(value: Value) -> bool:
    """Not: false for what is true, else true, for null too."""
    return not as_truth(value)


def to_bool(condition: bool) -> bool:
    """CBool: whether the condition holds."""
    return condition

"""Clauses as functions: Entra's 14 operators under its null rule, and what Entra cannot (research: entra 1.2, 1.3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import assert_never

import regex

from reconciler.functions.moments import start
from reconciler.functions.patterns import SECONDS, compile_pattern
from reconciler.model.clause import All, Any, Clause, Comparison, MemberOf, Not
from reconciler.model.errors import DesiredStateError
from reconciler.model.neutral import neutral, shortened
from reconciler.model.place import Mistake, Origin

Attributes = Mapping[str, object]
Predicate = Callable[[str, Attributes], bool]  # (user id, source attributes)
LONGEST_INTEGER = 300  # digits; more than that is no number that anybody compares
_INTEGER = re.compile(r"[-+]?[0-9]+")


class Runaway(DesiredStateError):
    """A pattern that takes too long; `origin` says which, for whom its line has to be found."""

    def __init__(self, origin: Origin, text: str) -> None:
        self.origin = origin
        self.text = neutral(text)
        where = "/".join(map(str, origin.path))
        super().__init__((Mistake(origin.document, 1, 1, neutral(f"{where}: {self.text}")),))


def compile_clause(clause: Clause, members: Mapping[str, frozenset[str]]) -> Predicate:
    """A predicate for `clause`; `members` holds each group's flattened members."""
    match clause:
        case All(parts=parts):
            holds = tuple(compile_clause(part, members) for part in parts)
            return lambda key, attributes: all(hold(key, attributes) for hold in holds)
        case Any(parts=parts):
            holds = tuple(compile_clause(part, members) for part in parts)
            return lambda key, attributes: any(hold(key, attributes) for hold in holds)
        case Not(part=part):
            inner = compile_clause(part, members)
            return lambda key, attributes: not inner(key, attributes)
        case MemberOf(group=group):
            of = members.get(group, frozenset())
            return lambda key, attributes: key in of
        case Comparison(attribute=attribute, operator=operator, values=values):
            test = _test(operator, values)
            if "REGEX" in operator:
                return _told_where(test, clause)
            return lambda key, attributes: test(attributes.get(attribute))
    assert_never(clause)


def _told_where(test: Callable[[object], bool], clause: Comparison) -> Predicate:
    """The predicate; raises DesiredStateError, which names the clause, for a pattern that runs away."""

    def hold(key: str, attributes: Attributes) -> bool:
        try:
            return test(attributes.get(clause.attribute))
        except TimeoutError:
            pattern = shortened(", ".join(clause.values))
            text = (
                f"`{pattern}` takes longer than {SECONDS:.0f} s on `{clause.attribute}` of {key}; "
                "write it without a repetition inside a repetition"
            )
            raise Runaway(clause.origin, text) from None

    return hold


def _test(operator: str, values: tuple[str, ...]) -> Callable[[object], bool]:
    match operator:
        case "IS NULL":
            return lambda value: not _texts(value)
        case "IS NOT NULL":
            return lambda value: bool(_texts(value))
        case "IS TRUE":
            return lambda value: [text.casefold() for text in _texts(value)] == ["true"]
        case "IS FALSE":
            return lambda value: [text.casefold() for text in _texts(value)] == ["false"]
        case "NOT EQUALS" | "NOT REGEX MATCH" | "!&":
            positive = _one(operator.removeprefix("NOT ").removeprefix("!"), values)
            # Null makes every value clause false, negated ones too.
            return lambda value: bool(texts := _texts(value)) and not any(positive(text) for text in texts)
        case _:
            one = _one(operator, values)
            return lambda value: any(one(text) for text in _texts(value))


def _one(operator: str, values: tuple[str, ...]) -> Callable[[str], bool]:
    match operator:
        case "EQUALS":
            wanted = frozenset(values)
            return lambda text: text in wanted
        case "REGEX MATCH":
            patterns = tuple(compile_pattern(value) for value in values)
            return lambda text: any(_is_match(pattern, text) for pattern in patterns)
        case "ENDS_WITH":
            return lambda text: text.endswith(values)
        case "STARTS_WITH":
            return lambda text: text.startswith(values)
        case "Includes":
            return lambda text: any(value in text for value in values)
        case "&":
            return lambda text: any(_bit_and(text, value) for value in values)
        case "Greater_Than" | "Greater_Than_OR_EQUALS":
            bound = min(int(value) for value in values)
            least = bound + 1 if operator == "Greater_Than" else bound
            return lambda text: is_integer(text) and int(text) >= least
        case "BEFORE":
            before = max(start(value) for value in values)
            return lambda text: (moment := _moment(text)) is not None and moment < before
        case "AFTER":
            after = min(start(value) for value in values)
            return lambda text: (moment := _moment(text)) is not None and moment > after
    raise ValueError(f"unknown operator {operator}")


def _bit_and(text: str, value: str) -> bool:
    """Entra's wording is odd ("exists in the input string value"): bits for two integers, else contained-in."""
    if is_integer(text) and is_integer(value):
        return bool(int(text) & int(value))
    return text in value


def is_integer(text: str) -> bool:
    """An integer that Greater_Than and & compare."""
    return len(text) < LONGEST_INTEGER and _INTEGER.fullmatch(text) is not None


def _is_match(pattern: regex.Pattern[str], text: str) -> bool:
    return pattern.fullmatch(text, timeout=SECONDS) is not None


def _moment(text: str) -> datetime | None:
    """The instant that `text` names, None where it names none: no date is neither before nor after one."""
    try:
        return start(text)
    except ValueError:
        return None


def _texts(value: object) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    if isinstance(value, bool):
        return ("true",) if value else ("false",)
    if isinstance(value, tuple):
        return tuple(text for item in value for text in _texts(item))
    return (str(value),)

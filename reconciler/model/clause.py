"""Clauses: the conditions of scopes and membership rules, as parsed (research: entra 1.2, 1.3)."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.place import Origin

# Entra's 14 operators, and what Entra cannot: startsWith, before, after.
OPERATORS = (
    "EQUALS", "NOT EQUALS", "REGEX MATCH", "NOT REGEX MATCH", "IS TRUE", "IS FALSE", "IS NULL", "IS NOT NULL",
    "ENDS_WITH", "Greater_Than", "Greater_Than_OR_EQUALS", "Includes", "&", "!&",
    "STARTS_WITH", "BEFORE", "AFTER",
)  # fmt: skip
UNARY = ("IS TRUE", "IS FALSE", "IS NULL", "IS NOT NULL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`attribute operator values`; holds if any of `values` fits (NOT…: if none does)."""

    attribute: str
    operator: str
    values: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberOf:
    """Holds for the members, nested ones included, of a declared group."""

    group: str
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class All:
    """Holds if every part holds."""

    parts: tuple[Clause, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Any:
    """Holds if one part holds."""

    parts: tuple[Clause, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """Negates its part's result, so a null makes it true."""

    part: Clause


Clause = Comparison | MemberOf | All | Any | Not


def groups_in(clause: Clause | None) -> list[str]:
    """The groups that a clause asks about."""
    match clause:
        case MemberOf(group=group):
            return [group]
        case Not(part=part):
            return groups_in(part)
        case All(parts=parts) | Any(parts=parts):
            return [group for part in parts for group in groups_in(part)]
        case _:
            return []

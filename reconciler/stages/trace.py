"""Trace: a condition worked out for one user, part by part, with the values that it saw (research: entra 1.2, 1.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, assert_never

from reconciler.functions.clauses import Runaway, compile_clause
from reconciler.model.clause import UNARY, All, Any, Clause, Comparison, MemberOf, Not
from reconciler.model.place import NodePath, Origin

Kind = Literal["all", "any", "not", "comparison", "memberOf"]
Members = Mapping[str, frozenset[str]]
FEW = 5  # values of a comparison, or alternatives, that are said
NO_VALUE = "no value: no comparison holds"
NEGATED = "no value, so the negation holds"
RUNAWAY = "takes too long, and counts as no match"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """One part of a condition: what it says and where, the value that it saw, and whether it holds."""

    kind: Kind
    text: str
    holds: bool
    value: object = None
    note: str = ""  # the null rule, where it decided
    origin: Origin | None
    parts: tuple[Traced, ...] = ()


def trace_clause(clause: Clause, key: str, attributes: Mapping[str, object], members: Members) -> Traced:
    """The condition as worked out for the user `key`; every part of it, whether it could still decide or not."""
    match clause:
        case Comparison():
            return _compared(clause, key, attributes)
        case MemberOf(group=group, origin=origin):
            inside = key in members.get(group, ())
            return Traced(kind="memberOf", text=say_clause(clause), holds=inside, value=inside, origin=origin)
        case Not(part=part):
            inner = trace_clause(part, key, attributes, members)
            note = NEGATED if not inner.holds and inner.note == NO_VALUE else ""
            return Traced(
                kind="not", text=say_clause(clause), holds=not inner.holds, note=note, origin=inner.origin, parts=(inner,)
            )  # fmt: skip
        case All(parts=parts) | Any(parts=parts):
            found = tuple(trace_clause(part, key, attributes, members) for part in parts)
            is_all = isinstance(clause, All)
            return Traced(
                kind="all" if is_all else "any", text=say_clause(clause), parts=found, origin=_around(found),
                holds=all(part.holds for part in found) if is_all else any(part.holds for part in found),
            )  # fmt: skip
    assert_never(clause)


def find_decider(traced: Traced) -> Traced:
    """The part that alone makes the whole hold or fail; a part with several of them where it takes all of them."""
    decides = {"all": False, "any": True}.get(traced.kind)
    if decides is None or not traced.parts:
        return traced
    if traced.holds is decides:
        return find_decider(next(part for part in traced.parts if part.holds is decides))
    return find_decider(traced.parts[0]) if len(traced.parts) == 1 else traced


def say_clause(clause: Clause) -> str:
    """A condition on one line, as Entra prints it: `department EQUALS Sales`."""
    match clause:
        case Comparison(attribute=attribute, operator=operator, values=values):
            return f"{attribute} {operator} {_several(values, ', ')}".rstrip()
        case MemberOf(group=group):
            return f"member of {group}"
        case Not(part=part):
            return f"not ({say_clause(part)})" if isinstance(part, All | Any) else f"not {say_clause(part)}"
        case All(parts=parts) | Any(parts=parts):
            word = " and " if isinstance(clause, All) else " or "
            inner = [f"({say_clause(p)})" if isinstance(p, All | Any) else say_clause(p) for p in parts]
            return _several(inner, word)
    assert_never(clause)


def _compared(clause: Comparison, key: str, attributes: Mapping[str, object]) -> Traced:
    value = attributes.get(clause.attribute)
    is_missing = value in (None, "", ()) and clause.operator not in UNARY
    try:
        holds, note = compile_clause(clause, {})(key, attributes), NO_VALUE if is_missing else ""
    except Runaway:
        holds, note = False, RUNAWAY
    return Traced(
        kind="comparison", text=say_clause(clause), holds=holds, value=value, note=note, origin=clause.origin
    )


def _several(texts: tuple[str, ...] | list[str], word: str) -> str:
    rest = f"{word}{len(texts) - FEW} more" if len(texts) > FEW else ""
    return word.join(texts[:FEW]) + rest


def _around(parts: tuple[Traced, ...]) -> Origin | None:
    """The node that holds all of these parts: the one that they have in common."""
    origins = [part.origin for part in parts if part.origin is not None]
    if not origins:
        return None
    common: NodePath = origins[0].path
    for origin in origins[1:]:
        same = [one == other for one, other in zip(common, origin.path, strict=False)]
        common = common[: same.index(False) if False in same else len(same)]
    return Origin(document=origins[0].document, path=common)

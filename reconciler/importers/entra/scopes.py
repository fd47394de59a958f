"""Scopes: scoping filters as `scopes:`: of several filters one must pass, of a filter's clauses all (research: entra 1.2).

A filter that cannot be said in full is left out whole: without one of its clauses it would let more people in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import regex

from reconciler.importers.entra.notes import Notes
from reconciler.importers.entra.schema import FilterClause, FilterGroup, ObjectFlow
from reconciler.importers.entra.sources import UserSources
from reconciler.importers.layout import Line, flow, listed, scalar
from reconciler.model.clause import OPERATORS, UNARY

OURS_ONLY = frozenset({"STARTS_WITH", "BEFORE", "AFTER"})
BY_FOLD = {re.sub(r"[ _]", "", name).casefold(): name for name in OPERATORS if name not in OURS_ONLY}
LONGEST_PATTERN = 10_000
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_EXPERIMENTAL = {
    "inputFilterGroups": "whoever fails it is not deprovisioned by Entra, and is here, unless the target says outOfScope: ignore",
    "categoryFilterGroups": "Microsoft calls it experimental and says no more",
}  # fmt: skip


def write_scope(found: ObjectFlow, name: str, sources: UserSources, notes: Notes) -> list[Line]:
    """The lines of the scope called `name`; none where nothing is filtered."""
    filters = {kind: [group for group in groups if _has_clauses(group, notes)] for kind, groups in found.filters.items()}  # fmt: skip
    given = [(kind, groups) for kind, groups in filters.items() if groups]
    if not given:
        return []
    head = Line(text=f"{scalar(name)}:", depth=1, comment=f'"{found.name}", {found.place}.scope')
    for kind, groups in given:
        if kind in _EXPERIMENTAL:
            notes.add("differs", groups[0].place, f"{kind} is one more condition here; {_EXPERIMENTAL[kind]}")
    if len(given) == 1:
        return [head, *_any(given[0][1], sources, notes, 2)]
    lines = [head, Line(text="all:", depth=2)]
    for kind, groups in given:
        first, *rest = _any(groups, sources, notes, 4)
        lines += [
            Line(text=f"- {first.text}", depth=3, comment=" ".join(filter(None, (kind, first.comment)))),
            *rest,
        ]
    return lines


def show_filters(found: ObjectFlow) -> list[str]:
    """Every filter in a line of words."""
    return [
        f'"{group.name}": {" and ".join(_words(clause) for clause in group.clauses)}'
        for groups in found.filters.values() for group in groups
    ]  # fmt: skip


def _has_clauses(group: FilterGroup, notes: Notes) -> bool:
    if not group.clauses:
        notes.add("lost", group.place, f'the filter "{group.name}" has no clauses')
    return bool(group.clauses)


def _any(groups: Sequence[FilterGroup], sources: UserSources, notes: Notes, depth: int) -> list[Line]:
    """One filter as `all:`, several as `any:` of them."""
    written = [(group, [_clause(clause, sources, notes) for clause in group.clauses]) for group in groups]
    is_whole = [not any(clause.is_out for clause in clauses) for _, clauses in written]
    if is_whole == [True]:
        return [Line(text="all:", depth=depth, comment=_title(groups[0])), *_at(written[0][1], depth + 1)]
    lines = [Line(text="any:", depth=depth)]
    if not any(is_whole):
        said = "nobody: no filter could be carried over whole, and letting everybody in is no answer"
        lines.append(Line(text="- {attribute: objectId, operator: IS NULL}", depth=depth + 1, comment=said))
    for (group, clauses), whole in zip(written, is_whole, strict=True):
        told = _title(group) if whole else f"{_title(group)}: left out whole"
        if not whole:
            notes.add("lost", group.place, f'the filter "{group.name}" is left out whole: without one of its clauses it would let more people in')  # fmt: skip
        lines.append(Line(text="- all:", depth=depth + 1, comment=told, is_out=not whole))
        lines += _at(clauses, depth + (3 if whole else 2), is_out=not whole)
    return lines


def _at(clauses: Iterable[Line], depth: int, *, is_out: bool = False) -> list[Line]:
    return [Line(text=clause.text, depth=depth, comment=clause.comment, is_out=is_out) for clause in clauses]


def _title(group: FilterGroup) -> str:
    return f'"{group.name}", {group.place.rpartition(".")[2]}'


def _clause(clause: FilterClause, sources: UserSources, notes: Notes) -> Line:
    """One clause in Entra's spelling; `is_out` with the reason where it has no counterpart."""
    operator = BY_FOLD.get(re.sub(r"[ _]", "", clause.operator).casefold())
    name = sources.name(clause.attribute, clause.place)
    pairs = {"attribute": scalar(name or clause.attribute), "operator": scalar(operator or clause.operator)}
    if operator not in UNARY:
        pairs["value"] = scalar(clause.values[0]) if len(clause.values) == 1 else listed(clause.values)
    why = _why_not(clause, operator, name)
    if why:
        notes.add("lost", clause.place, f"`{_words(clause)}`: {why}")
    return Line(text=f"- {flow(pairs)}", comment=why, is_out=bool(why))


def _why_not(clause: FilterClause, operator: str | None, name: str | None) -> str:
    if operator is None:
        return f"`{clause.operator}` is none of Entra's 14 operators"
    if name is None or name == "IsSoftDeleted":
        return f"`{clause.attribute}` is no source attribute that a filter can ask for here"
    if operator in UNARY:
        return ""
    if not clause.values:
        return f"{operator} compares with a value, and there is none"
    if operator.startswith("Greater"):
        wrong = [value for value in clause.values if not _INTEGER.fullmatch(value)]
        return f"{operator} compares integers, and `{wrong[0]}` is none" if wrong else ""
    if "REGEX" in operator:
        return next(filter(None, map(_why_no_pattern, clause.values)), "")
    return ""


def _why_no_pattern(pattern: str) -> str:
    """Why a pattern of .NET's is none of ours, or nothing."""
    if len(pattern) > LONGEST_PATTERN:
        return f"the pattern is longer than {LONGEST_PATTERN} characters"
    try:
        regex.compile(pattern)
    except (
        regex.error, RecursionError, OverflowError, MemoryError, ValueError, TypeError, AttributeError, IndexError, KeyError,
    ) as error:  # fmt: skip
        return f"the pattern cannot be read here ({error})"
    return ""


def _words(clause: FilterClause) -> str:
    return " ".join([clause.attribute, clause.operator, *clause.values])

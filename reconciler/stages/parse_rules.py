"""Parse rules: clauses of scopes and membership rules, in both spellings (research: entra 1.2, 1.3)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import regex

from reconciler.functions.moments import start
from reconciler.model.clause import OPERATORS, UNARY, All, Any, Clause, Comparison, MemberOf, Not
from reconciler.model.vocabulary import ALIASES
from reconciler.stages.parse_sources import known_sources
from reconciler.stages.reading import Node, nearest

SHORT = {
    "equals": "EQUALS", "notEquals": "NOT EQUALS", "matches": "REGEX MATCH", "notMatches": "NOT REGEX MATCH",
    "endsWith": "ENDS_WITH", "startsWith": "STARTS_WITH", "includes": "Includes", "greaterThan": "Greater_Than",
    "greaterThanOrEquals": "Greater_Than_OR_EQUALS", "before": "BEFORE", "after": "AFTER", "isNull": "IS NULL",
    "isNotNull": "IS NOT NULL", "isTrue": "IS TRUE", "isFalse": "IS FALSE",
}  # fmt: skip
_ENTRA = {re.sub(r"[ _]", "", name).casefold(): name for name in OPERATORS}
LONGEST_PATTERN = 10_000
_NOTHING = All(parts=())


def parse_clause(node: Node, types: Mapping[str, str], groups: Collection[str]) -> Clause:
    """The clause at `node`; several keys in one mapping must all hold. `groups` are those that memberOf may name."""
    if "attribute" in node.names() or "operator" in node.names():
        return _entra(node, types)
    parts: list[Clause] = []
    for child in node.items():
        if child.name in ("all", "any"):
            inner = tuple(parse_clause(entry, types, groups) for entry in child.entries())
            parts.append(All(parts=inner) if child.name == "all" else Any(parts=inner))
        elif child.name == "not":
            parts.append(Not(part=parse_clause(child, types, groups)))
        elif child.name == "memberOf":
            parts.append(_member_of(child, groups))
        else:
            parts.append(_short(child, types))
    return parts[0] if len(parts) == 1 else All(parts=tuple(parts))


def _member_of(node: Node, groups: Collection[str]) -> Clause:
    entries = node.entries() if isinstance(node.value, list) else [node]
    members = tuple(
        MemberOf(group=entry.known(groups, "declared group"), origin=node.origin) for entry in entries
    )
    return members[0] if len(members) == 1 else Any(parts=members)


def _attribute(node: Node, name: str, types: Mapping[str, str]) -> str:
    name = ALIASES.get(name, name)
    known = known_sources(types, "objectId")
    if name not in known:
        node.wrong(
            f"`{name}` is no source attribute{nearest(name, {*known, 'all', 'any', 'not', 'memberOf'})}"
        )
    return name


def _short(node: Node, types: Mapping[str, str]) -> Clause:
    attribute = _attribute(node, node.name, types)
    if not isinstance(node.value, dict):
        return Comparison(attribute=attribute, operator="EQUALS", values=node.texts(), origin=node.origin)
    parts: list[Clause] = []
    for child in node.items():
        operator = SHORT[child.name]
        values = () if operator in UNARY else node.at(child.name, child.value).texts()
        clause = Comparison(attribute=attribute, operator=operator, values=values, origin=child.origin)
        _check(child, clause)
        parts.append(Not(part=clause) if operator in UNARY and child.value is False else clause)
    return parts[0] if len(parts) == 1 else All(parts=tuple(parts))


def _entra(node: Node, types: Mapping[str, str]) -> Clause:
    for extra in node.names():
        if extra not in ("attribute", "operator", "value"):
            node.at(extra, None).wrong(
                f"`{extra}` stands beside `attribute`; put the two clauses into a list under all:"
            )
    attribute, written, value = node.get("attribute"), node.get("operator"), node.get("value")
    if attribute is None or written is None:
        return _NOTHING
    name = _attribute(attribute, attribute.text(), types)
    operator = _ENTRA.get(re.sub(r"[ _]", "", written.text()).casefold())
    if operator is None:
        written.wrong(f"`{written.text()}` is no operator{nearest(written.text(), OPERATORS)}")
        return _NOTHING
    if operator in UNARY:
        return Comparison(attribute=name, operator=operator, values=(), origin=node.origin)
    if value is None:
        if "value" not in node.names():
            node.wrong(f"`{operator}` compares with a value; write value: …")
        return _NOTHING
    clause = Comparison(attribute=name, operator=operator, values=value.texts(), origin=node.origin)
    _check(value, clause)
    return clause


def _compile(pattern: str) -> None:
    """Raises regex.error for what is no pattern, or one that nobody can read."""
    if len(pattern) > LONGEST_PATTERN:
        raise regex.error(f"longer than {LONGEST_PATTERN} characters")
    try:
        regex.compile(pattern)
    except (
        RecursionError,
        OverflowError,
        MemoryError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        KeyError,
    ):
        raise regex.error("nested too deep, or of no form that can be read") from None


def _check(node: Node, clause: Comparison) -> None:
    for value in clause.values:
        try:
            if "REGEX" in clause.operator:
                _compile(value)
            elif clause.operator.startswith("Greater"):
                int(value)
            elif clause.operator in ("BEFORE", "AFTER"):
                start(value)
        except regex.error as error:
            node.wrong(
                f"`{value}` is no regular expression: {error}; put a \\ before a sign that is meant itself"
            )
        except ValueError:
            what = "an integer" if clause.operator.startswith("Greater") else "a date as 2027-01-31"
            node.wrong(f"`{value}` cannot be compared by {clause.operator}; write {what}")

"""Parse rules: clauses of scopes and membership rules, in both spellings (research: entra 1.2, 1.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any as Anything

import regex

from reconciler.functions.moments import start
from reconciler.model.clause import OPERATORS, UNARY, All, Any, Clause, Comparison, MemberOf, Not
from reconciler.model.vocabulary import ALIASES, USER_BOOLEANS, USER_DATES, USER_LISTS, USER_TEXTS
from reconciler.stages.read import text_of
from reconciler.stages.reading import Node, nearest

SHORT = {
    "equals": "EQUALS", "notEquals": "NOT EQUALS", "matches": "REGEX MATCH", "notMatches": "NOT REGEX MATCH",
    "endsWith": "ENDS_WITH", "startsWith": "STARTS_WITH", "includes": "Includes", "greaterThan": "Greater_Than",
    "greaterThanOrEquals": "Greater_Than_OR_EQUALS", "before": "BEFORE", "after": "AFTER", "isNull": "IS NULL",
    "isNotNull": "IS NOT NULL", "isTrue": "IS TRUE", "isFalse": "IS FALSE",
}  # fmt: skip
_ENTRA = {re.sub(r"[ _]", "", name).casefold(): name for name in OPERATORS}


def parse_scopes(
    nodes: Mapping[str, Node], types: Mapping[str, str], groups: Mapping[str, Anything]
) -> dict[str, Clause]:
    """The named scopes."""
    return {name: parse_clause(node, types, groups) for name, node in nodes.items()}


def parse_clause(node: Node, types: Mapping[str, str], groups: Mapping[str, Anything]) -> Clause:
    """The clause at `node`; several keys in one mapping must all hold."""
    if node.has("attribute") or node.has("operator"):
        return _entra(node, types)
    parts: list[Clause] = []
    for child in node.items():
        if child.name in ("all", "any"):
            inner = tuple(parse_clause(entry, types, groups) for entry in child.entries())
            parts.append(All(parts=inner) if child.name == "all" else Any(parts=inner))
        elif child.name == "not":
            parts.append(Not(part=parse_clause(child, types, groups)))
        elif child.name == "memberOf":
            names = child.texts()
            for name in names:
                if name not in groups:
                    child.wrong(f"`{name}` is no declared group{nearest(name, groups)}")
            members = tuple(MemberOf(group=name, origin=child.origin) for name in names)
            parts.append(members[0] if len(members) == 1 else Any(parts=members))
        else:
            parts.append(_short(child, types))
    return parts[0] if len(parts) == 1 else All(parts=tuple(parts))


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


def _attribute(node: Node, name: str, types: Mapping[str, str]) -> str:
    name = ALIASES.get(name, name)
    known = {*USER_TEXTS, *USER_DATES, *USER_LISTS, *USER_BOOLEANS, *types, "manager", "objectId"}
    if name not in known:
        node.wrong(
            f"`{name}` is no source attribute{nearest(name, {*known, 'all', 'any', 'not', 'memberOf'})}"
        )
    return name


def _short(node: Node, types: Mapping[str, str]) -> Clause:
    attribute = _attribute(node, node.name, types)
    if not isinstance(node.value, dict):
        if node.value is None:
            node.wrong(f"`{node.name}: null` compares with nothing; write {{{node.name}: {{isNull: true}}}}")
            return All(parts=())
        return Comparison(attribute=attribute, operator="EQUALS", values=_values(node), origin=node.origin)
    parts = []
    for child in node.items(SHORT):
        operator = SHORT[child.name]
        if operator in UNARY:
            positive = child.choice((True, False), True)
            clause: Clause = Comparison(
                attribute=attribute, operator=operator, values=(), origin=child.origin
            )
            parts.append(clause if positive else Not(part=clause))
        else:
            values = _values(child)
            _check(child, operator, values)
            parts.append(
                Comparison(attribute=attribute, operator=operator, values=values, origin=child.origin)
            )
    return parts[0] if len(parts) == 1 else All(parts=tuple(parts))


def _entra(node: Node, types: Mapping[str, str]) -> Clause:
    children = {child.name: child for child in node.items(("attribute", "operator", "value"))}
    if "attribute" not in children or "operator" not in children:
        node.wrong("is half a clause; write {attribute: department, operator: EQUALS, value: Sales}")
        return All(parts=())
    attribute = _attribute(children["attribute"], children["attribute"].text(), types)
    written = children["operator"].text()
    operator = _ENTRA.get(re.sub(r"[ _]", "", written).casefold())
    if operator is None:
        children["operator"].wrong(f"`{written}` is no operator{nearest(written, OPERATORS)}")
        return All(parts=())
    values = _values(children["value"]) if "value" in children and operator not in UNARY else ()
    if operator not in UNARY and not values:
        node.wrong(f"`{operator}` compares with a value; write value: …")
    _check(children.get("value", node), operator, values)
    return Comparison(attribute=attribute, operator=operator, values=values, origin=node.origin)


def _values(node: Node) -> tuple[str, ...]:
    if isinstance(node.value, list):
        return tuple(entry.text() for entry in node.entries())
    return (text_of(node.value),) if isinstance(node.value, bool) else node.texts()


def _check(node: Node, operator: str, values: tuple[str, ...]) -> None:
    for value in values:
        try:
            if "REGEX" in operator:
                regex.compile(value)
            elif operator.startswith("Greater"):
                int(value)
            elif operator in ("BEFORE", "AFTER"):
                start(value)
        except regex.error as error:
            node.wrong(f"`{value}` is no regular expression: {error}")
        except ValueError:
            what = "an integer" if operator.startswith("Greater") else "a date as 2027-01-31"
            node.wrong(f"`{value}` cannot be compared by {operator}; write {what}")

"""Parse rules: clauses of scopes and membership rules, in both spellings (research: entra 1.2, 1.3)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from reconciler.functions.clauses import is_integer
from reconciler.functions.moments import start
from reconciler.functions.patterns import PatternError, compile_pattern
from reconciler.model.clause import OPERATORS, UNARY, All, Any, Clause, Comparison, MemberOf, Not
from reconciler.model.neutral import shortened
from reconciler.model.place import Origin
from reconciler.model.vocabulary import ALIASES
from reconciler.stages.parse_sources import ANY, kind_of, known_sources
from reconciler.stages.reading import Node, nearest

SHORT = {
    "equals": "EQUALS", "notEquals": "NOT EQUALS", "matches": "REGEX MATCH", "notMatches": "NOT REGEX MATCH",
    "endsWith": "ENDS_WITH", "startsWith": "STARTS_WITH", "includes": "Includes", "greaterThan": "Greater_Than",
    "greaterThanOrEquals": "Greater_Than_OR_EQUALS", "before": "BEFORE", "after": "AFTER", "isNull": "IS NULL",
    "isNotNull": "IS NOT NULL", "isTrue": "IS TRUE", "isFalse": "IS FALSE",
}  # fmt: skip
_ENTRA = {re.sub(r"[ _]", "", name).casefold(): name for name in OPERATORS}
SHORT_NULL = "{isNull: true}"
ONE, TWO = "\\", "\\\\"  # an expression's text has two backslashes where a clause has one
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
        return _comparison(node, attribute, "EQUALS", types, node.origin)
    parts: list[Clause] = []
    for child in node.items():
        operator = SHORT[child.name]
        clause = _comparison(child, attribute, operator, types, child.origin)
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
    bare = re.sub(r"[ _]", "", written.text()).casefold()
    operator = _ENTRA.get(bare)
    if operator is None:
        hint = "; write {memberOf: sales}" if bare == "ismemberof" else nearest(written.text(), OPERATORS)
        written.wrong(f"`{written.text()}` is no operator{hint}")
        return _NOTHING
    if operator in UNARY:
        return _comparison(written, name, operator, types, node.origin)
    if value is None:
        if "value" not in node.names():
            node.wrong(f"`{operator}` compares with a value; write value: …")
        return _NOTHING
    return _comparison(value, name, operator, types, node.origin)


def _comparison(
    node: Node, attribute: str, operator: str, types: Mapping[str, str], origin: Origin
) -> Comparison:
    """The clause whose value, or whose operator if it has none, is at `node`."""
    kind = kind_of(attribute, types)
    values = () if operator in UNARY else node.texts()
    if kind == "boolean":
        values = tuple(value.lower() if value in ("True", "False") else value for value in values)
    clause = Comparison(attribute=attribute, operator=operator, values=values, origin=origin)
    misfit = _misfit(clause, kind)
    if misfit:
        node.wrong(f"`{attribute}` {misfit}")
    else:
        _check(node, clause)
    return clause


def _misfit(clause: Comparison, kind: str) -> str | None:
    """Why an operator never holds for an attribute of that kind, and what to write (research: entra 1.4)."""
    operator = clause.operator
    if kind == ANY or operator in ("IS NULL", "IS NOT NULL"):
        return None
    if operator in ("IS TRUE", "IS FALSE"):  # a text may say so
        return (
            None
            if kind in ("boolean", "text")
            else f"is never true or false; compare it with a value, or write {SHORT_NULL}"
        )
    if kind == "boolean":
        is_asked = operator in ("EQUALS", "NOT EQUALS") and set(clause.values) <= {"true", "false"}
        return (
            None if is_asked else "is true or false and nothing else; write {isTrue: true} or {isFalse: true}"
        )
    if operator.startswith("Greater") and kind in ("date", "decimal"):
        return f"is a {kind}, and `{operator}` compares integers; write " + (
            "{after: 2027-01-31}" if kind == "date" else "another condition"
        )
    if operator in ("BEFORE", "AFTER") and kind in ("integer", "decimal", "reference"):
        return f"is no date; `{operator}` compares dates"
    return None


def _check(node: Node, clause: Comparison) -> None:
    for value in clause.values:
        if value == "":
            node.wrong(
                f"an empty value fits nothing, for null makes `{clause.operator}` false; write {SHORT_NULL}"
            )
        elif "REGEX" in clause.operator:
            try:
                compile_pattern(value)
            except PatternError as error:
                node.wrong(f"`{shortened(value)}` {str(error).replace(TWO, ONE)}")
        elif clause.operator.startswith("Greater") and not is_integer(value):
            node.wrong(f"`{value}` cannot be compared by {clause.operator}; write an integer")
        elif clause.operator in ("BEFORE", "AFTER") and not _is_moment(value):
            node.wrong(f"`{value}` cannot be compared by {clause.operator}; write a date as 2027-01-31")


def _is_moment(text: str) -> bool:
    try:
        start(text)
    except ValueError:
        return False
    return True

"""Entra's operators under its null rule (research: entra 1.3), and what Entra cannot."""

import pytest

from reconciler.functions.clauses import compile_clause
from reconciler.model.clause import All, Any, Comparison, MemberOf, Not
from reconciler.model.place import Origin

HERE = Origin(document="desired_state/scopes.yaml")
VALUE_OPERATORS = [
    "EQUALS",
    "NOT EQUALS",
    "REGEX MATCH",
    "NOT REGEX MATCH",
    "ENDS_WITH",
    "Includes",
    "&",
    "!&",
    "STARTS_WITH",
]


def holds(operator: str, given: object, *values: str) -> bool:
    clause = Comparison(attribute="department", operator=operator, values=values, origin=HERE)
    return compile_clause(clause, {})("ada", {"department": given})


@pytest.mark.parametrize(
    ("operator", "given", "value", "expected"),
    [
        ("EQUALS", "Sales", "Sales", True),
        ("EQUALS", "sales", "Sales", False),
        ("NOT EQUALS", "Sales", "Sales", False),
        ("NOT EQUALS", "Legal", "Sales", True),
        ("REGEX MATCH", "VP Sales", "VP .*", True),
        ("REGEX MATCH", "The VP Sales", "VP .*", False),
        ("NOT REGEX MATCH", "VP Sales", "VP .*", False),
        ("ENDS_WITH", "ada@example.com", "@example.com", True),
        ("Includes", "Chief of Staff", "of", True),
        ("Greater_Than", "10", "9", True),
        ("Greater_Than", "9", "9", False),
        ("Greater_Than_OR_EQUALS", "9", "9", True),
        ("Greater_Than", "nine", "9", False),
        ("&", "Sales", "Sales and Legal", True),
        ("!&", "Sales", "Sales and Legal", False),
        ("&", "6", "2", True),
        ("&", "4", "2", False),
        ("BEFORE", "2025-12-31", "2026-01-01", True),
        ("BEFORE", "2026-01-01", "2026-01-01", False),
        ("AFTER", "2026-01-02", "2026-01-01", True),
    ],
)
def test_an_operator_holds_as_entra_says(operator: str, given: str, value: str, expected: bool) -> None:
    assert holds(operator, given, value) is expected


@pytest.mark.parametrize("operator", VALUE_OPERATORS)
@pytest.mark.parametrize("given", [None, "", ()])
def test_null_makes_every_value_clause_false(operator: str, given: object) -> None:
    assert not holds(operator, given, "Sales")


def test_null_is_neither_true_nor_false() -> None:
    assert not holds("IS TRUE", None)
    assert not holds("IS FALSE", None)
    assert holds("IS NULL", None)
    assert not holds("IS NOT NULL", "")
    assert holds("IS TRUE", True)
    assert holds("IS FALSE", False)


def test_a_list_holds_if_one_of_its_values_does_and_not_equals_if_none_is() -> None:
    assert holds("EQUALS", ("Legal", "Sales"), "Sales")
    assert not holds("NOT EQUALS", ("Legal", "Sales"), "Sales")


def test_not_negates_the_result_so_a_null_makes_it_true() -> None:
    inner = Comparison(attribute="department", operator="EQUALS", values=("Sales",), origin=HERE)

    assert compile_clause(Not(part=inner), {})("ada", {})


def test_parts_combine_and_membership_counts() -> None:
    member = MemberOf(group="staff", origin=HERE)
    sales = Comparison(attribute="department", operator="EQUALS", values=("Sales",), origin=HERE)
    members = {"staff": frozenset({"ada"})}

    assert compile_clause(Any(parts=(member, sales)), members)("ada", {})
    assert not compile_clause(All(parts=(member, sales)), members)("ada", {})
    assert not compile_clause(member, members)("bob", {})

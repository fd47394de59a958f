"""Entra's operators under its null rule (research: entra 1.3), and what Entra cannot."""

import pytest

from reconciler.functions.clauses import Runaway, compile_clause
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
        ("NOT EQUALS", "sales", "Sales", True),
        ("REGEX MATCH", "vp sales", "VP .*", False),
        ("REGEX MATCH", "42", "([1-9][0-9])", True),
        ("REGEX MATCH", "142", "([1-9][0-9])", False),
        ("REGEX MATCH", "ada@domain.com", r".*\@domain.com", True),
        ("NOT REGEX MATCH", "Clerk", "VP .*", True),
        ("ENDS_WITH", "ada@EXAMPLE.com", "@example.com", False),
        ("Includes", "Chief of Staff", "OF", False),
        ("Greater_Than", "-1", "0", False),
        ("Greater_Than", "10.5", "9", False),
        ("Greater_Than_OR_EQUALS", "nine", "9", False),
        ("Greater_Than", "9" * 400, "9", False),
        ("!&", "4", "2", True),
        ("!&", "6", "2", False),
        ("&", "Sales and Legal", "Sales", False),
        ("IS TRUE", "True", "", True),
        ("IS FALSE", "False", "", True),
        ("IS TRUE", "yes", "", False),
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


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        # what .NET and Python read alike
        ("(?>a+)b", "aab", "aaa"),
        ("(?i:vp) sales", "VP sales", "VP SALES"),
        ("(?i)vp", "VP", "VIP"),
        ("(?<!x)a", "a", "xa"),
        ("(?<part>a)\\k<part>", "aa", "ab"),
        (r"\d+", "٤٢", "x"),  # every decimal digit of Unicode, not only 0 to 9
        (r"\w+", "Zoë_1", "a-b"),
        (r"\p{Lu}\p{Ll}+", "Émile", "émile"),
        # what is translated
        ("[a-z-[aeiou]]+", "rhythm", "rhyme"),
        ("[^0-9-[a]]", "b", "a"),
        ("(?'part'a)\\k'part'", "aa", "ab"),
        (r"a\z", "a", "a\n"),
        (r"a\Z\n?", "a\n", "a\n\n"),  # \Z and $ stand before a last line break too
        ("a$\n?", "a\n", "a\nb"),
        (r"\p{IsGreek}+", "αβ\u0385", "abc"),  # the block, whose accents belong to no script
        (r"\cI\e", "\t\x1b", "ce"),
        # what Python would read as more than it says
        ("a{e}", "a{e}", "ab"),
        ("a{,2}", "a{,2}", "aa"),
        ("[[:alpha:]]+", ":]", "a"),
        ("[a||b]", "|", "||"),
        # the whole value fits, or nothing does
        ("a|ab", "ab", "abc"),
    ],
)  # fmt: skip
def test_a_pattern_is_read_as_dotnet_reads_it(pattern: str, fits: str, fits_not: str) -> None:
    assert holds("REGEX MATCH", fits, pattern)
    assert not holds("REGEX MATCH", fits_not, pattern)
    assert holds("NOT REGEX MATCH", fits_not, pattern)


def test_a_pattern_that_runs_away_decides_over_nobody() -> None:
    """Neither in nor out of scope: nothing is planned at all, and the clause is told."""
    with pytest.raises(Runaway, match=r"takes longer than 1 s on `department` of ada"):
        holds("REGEX MATCH", "a" * 50_000 + "!", "(a+)+")

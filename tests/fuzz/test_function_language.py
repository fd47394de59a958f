"""Hostile expressions of Entra's language: refused with words and a place, or worked out to a bounded value, soon."""

# ruff: noqa: PT017  # hostile input may be taken or refused; how it is refused is looked at where it is

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import regex
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.functions.columns import DROPPED
from reconciler.functions.creating import create_value, make_value, trace_expression
from reconciler.functions.expressions import parse_expression, redact_text
from reconciler.functions.grammar import (
    LONGEST as LONGEST_TEXT,
)
from reconciler.functions.grammar import (
    Attribute,
    Call,
    Comparison,
    Constant,
    ExpressionError,
    Node,
    Nothing,
    Word,
    parse_tree,
    write,
)
from reconciler.functions.landing import landing
from reconciler.functions.patterns import PatternError, compile_pattern
from reconciler.functions.signatures import Signature, signatures
from reconciler.functions.templates import compile_template
from reconciler.functions.values import LARGEST
from reconciler.model.place import Document
from reconciler.model.resource import KEEP
from reconciler.model.stand_in import AsOf, Candidates, KnownAfterApply
from reconciler.stages.read import read_yaml
from reconciler.stages.read_within import locate_within
from tests.fuzz.hostile import NASTY, texts
from tests.fuzz.volume import LONGEST, counted, tried, tries, within

NOW = datetime(2026, 11, 23, 14, 40, tzinfo=UTC)
NAMES = ("givenName", "surname", "otherMails", "accountEnabled", "employeeHireDate", "badge")
DATES = ("2026-02-29", "2020-03-16-07:00", "8/25/2021 5:41:18 PM", "9999-12-31", "0001-01-01T00:00:00+14:00")
LAYOUTS = (
    "yyyy-MM-dd",
    "d",
    "",
    "%",
    "\\",
    "'",
    "yyyyyyyyyyy",
    "ffffffffff",
    "FFF.zzzK tt",
    "dddd MMMM",
    "yyyyMMddHHmmss.fZ",
)
PATTERNS = (
    "(a+)+$",
    "[a-z",
    "(?<n>.)",
    "(?<n>.*)*",
    "x*",
    "",
    "\\",
    "(?i)a",
    "a{2,",
    "[^]]",
    "(?#",
    "\\p{L}",
    "$",
    "(?<a-b>x)",
)
ENOUGH = 40_000  # characters of a value: what grows from it reaches the bound

constants: st.SearchStrategy[Node] = st.one_of(
    st.sampled_from([*NASTY, *DATES, *LAYOUTS, *PATTERNS, "d", "ww", "True", "0", "-1", "257", "${n}$1$&", "tr-TR"]).map(Constant),
    st.text(max_size=5).map(Constant),
    st.integers(-(2**70), 2**70).map(Constant),
    st.sampled_from([0, 1, -1, 3, 0.5, 1e22]).map(Constant),
)  # fmt: skip
operands: st.SearchStrategy[Node] = st.one_of(
    st.sampled_from(NAMES).map(Attribute),
    constants,
    st.just(Nothing()),
    st.sampled_from(["True", "vbTextCompare"]).map(Word),
)


WAYS = ((0, 1, 4), (0, 1, 6), (0, 2, 4), (0, 2, 3, 4), (0, 2, 3, 5))  # which arguments of Replace go together
numbers: st.SearchStrategy[Node] = st.sampled_from([0, 1, -1, 2, 5, 300, 2**63, 10**20]).map(Constant)


def _given(
    signature: Signature,
    at: int,
    way: tuple[int, ...],
    argument: Callable[[Signature, int], st.SearchStrategy[Node]],
) -> st.SearchStrategy[Node]:
    if at == 3 and at in way:
        return st.just(Constant("n"))
    return argument(signature, at) if at in way else st.just(Nothing())


def calls(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Calls of every function, with as many arguments as it may have."""
    comparisons = st.builds(Comparison, st.sampled_from(["=", "<>", "<", ">="]), inner, inner)

    def argument(signature: Signature, at: int) -> st.SearchStrategy[Node]:
        kinds: dict[str, st.SearchStrategy[Node]] = {
            "condition": st.one_of(inner, comparisons), "number": st.one_of(numbers, inner),
            "interval": st.sampled_from(["yyyy", "m", "d", "ww", "h", "n", "s"]).map(Constant),
            "roles": st.just(Attribute("appRoleAssignments")), "styles": st.just(Nothing()),
            "compare": st.sampled_from([Word("vbTextCompare"), Word("vbBinaryCompare")]),
            "culture": st.sampled_from(["tr-TR", "en", "az"]).map(Constant), "pattern": st.sampled_from(PATTERNS).map(Constant),
        }  # fmt: skip
        return kinds.get(signature.parameter(at).kind, inner)

    def call(signature: Signature) -> st.SearchStrategy[Node]:
        if signature.name == "Replace":
            return st.one_of(
                *[st.tuples(*[_given(signature, at, way, argument) for at in range(7)]) for way in WAYS]
            ).map(lambda given: Call("Replace", given))
        count = st.integers(signature.fewest, min(signature.most, 6))
        return count.flatmap(lambda size: st.tuples(*[argument(signature, at) for at in range(size)])).map(
            lambda given: Call(signature.name, given)
        )

    return st.sampled_from(sorted(signatures().values(), key=str)).flatmap(call)


trees = st.recursive(operands, calls, max_leaves=12)
row_values = st.one_of(
    st.none(), texts, st.sampled_from(DATES), st.booleans(), st.integers(), st.floats(), st.lists(texts, max_size=3).map(tuple),
    st.just("ab" * (ENOUGH // 2)),
)  # fmt: skip
rows = st.dictionaries(st.sampled_from(NAMES), row_values)

PIECES = st.one_of(
    st.sampled_from(["(", ")", ",", ", ", "[", "]", '"', "\\", "=", "<>", "<", " ", "&HF", "&", "-1", "1.5", "'", "\u201c", "vbTextCompare", "\n"]),
    st.sampled_from(sorted(signatures())), st.sampled_from(sorted(signatures())).map("{}(".format), st.sampled_from(NAMES).map("[{}]".format),
    st.sampled_from(NASTY), st.text(max_size=3),
)  # fmt: skip


@tries(400)
@given(st.one_of(st.lists(PIECES, max_size=25).map("".join), texts))
@example("Not(" * 2400)
@example("(" * 9999)
@example("Join(" + ",".join(["[a]"] * 2000))
@example('"' + "\\" * 9998)
@example('"' + "a" * 9998)
@example("[" * 9999)
@example("9" * 9999)
@counted("expression text")
def test_any_text_is_refused_with_places_or_read(text: str) -> None:
    try:
        expression = within(LONGEST, lambda: parse_expression(text))
    except ExpressionError as error:
        assert error.slips
        assert all(0 <= slip.offset <= max(len(text), 0) and slip.text for slip in error.slips)
        return

    assert len(text) <= LONGEST_TEXT
    assert parse_tree(write(expression.tree)) == expression.tree
    assert redact_text(text)


@tries(400)
@given(trees, rows)
@example(parse_tree('Join("-", )'), {})
@example(parse_tree("RandomString(4, 1, 1, 1, 1, IgnoreFlowIfNullOrEmpty([badge]))"), {})
@counted("expression on a user")
def test_any_expression_gives_a_bounded_value_or_nothing(tree: Node, row: dict[str, object]) -> None:
    text = write(tree)
    try:
        expression = parse_expression(text)
    except ExpressionError:
        return
    tried("expression that is taken")
    assert expression.tree == tree

    def act() -> None:
        value = create_value(expression, row, NOW)
        assert is_bounded(value), repr(value)[:200]
        for type_ in (None, "string", "boolean", "integer", "decimal", "dateTime"):
            for is_many in (False, True):
                assert landing(type_, is_many=is_many)(value) is KEEP or is_bounded(
                    landing(type_, is_many=is_many)(value)
                )
        trace_expression(expression, row, NOW)

    try:
        within(LONGEST * 3, act)
    except TimeoutError:
        assert "Replace" in text  # a pattern that runs away is told with its mapping


def is_bounded(value: object) -> bool:
    """Of a kind that a cell may have, and of no more characters than a function may give."""
    match value:
        case None | bool() | int() | float() | datetime():
            return True
        case str():
            return len(value) <= max(LARGEST, ENOUGH)
        case tuple():
            return all(isinstance(part, str) and is_bounded(part) for part in value)
        case AsOf(value=known):
            return is_bounded(known)
        case Candidates(values=values):
            return all(map(is_bounded, values))
        case KnownAfterApply():
            made = make_value(value, NOW, random.Random(0).randrange)
            return made is DROPPED or is_bounded(made)
    return value is DROPPED


@tries(400)
@given(
    st.one_of(
        st.lists(
            st.sampled_from(
                [
                    *PATTERNS,
                    "(",
                    ")",
                    "[",
                    "]",
                    "{",
                    "}",
                    "?",
                    "*",
                    "+",
                    "|",
                    "^",
                    "a",
                    "\\d",
                    "\\k<n>",
                    "(?:",
                    "(?'n'",
                ]
            ),
            max_size=8,
        ).map("".join),
        texts,
    )
)
@example("(" * 900)
@example("(?:" * 300 + "a" + ")*" * 300)
@example("[" * 900)
@example("a{99999}{99999}")
@counted("pattern of .NET")
def test_any_pattern_is_refused_with_words_or_searches(pattern: str) -> None:
    try:
        found = within(LONGEST, lambda: compile_pattern(pattern))
    except PatternError as error:
        assert ";" in str(error)
        return

    assert isinstance(found, regex.Pattern)


CALLED = st.tuples(
    st.sampled_from(sorted(signatures())),
    st.lists(
        st.sampled_from(
            ["givenName", "surname", "'a'", "1", "none", "true", "[1, 'b']", "x=1", "culture='tr'", "*[1]"]
        ),
        max_size=4,
    ),
).map(lambda called: f"{{{{ {called[0]}({', '.join(called[1])}) }}}}")


@tries(300)
@given(CALLED, rows)
@counted("template that calls a function")
def test_any_call_in_a_template_is_refused_with_words_or_gives_a_text(
    text: str, row: dict[str, object]
) -> None:
    try:
        template = compile_template(text)
    except ValueError as error:
        assert ";" in str(error)
        return

    rendered = within(LONGEST, lambda: template.render(row))

    assert rendered is None or 0 < len(rendered) <= LARGEST
    assert " at 0x" not in (rendered or "")


@tries(300)
@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=40),
    st.sampled_from(["", "'", '"', "|", ">"]),
    st.booleans(),
)
@example("a\u2028b \xa0 c", '"', False)
@example("it's '' x", "'", True)
@counted("place within a YAML text")
def test_every_character_of_a_text_is_found_in_its_file(text: str, style: str, is_wide: bool) -> None:
    document = Document(
        path="a.yaml",
        text=yaml.dump({"é": 1, "a": {"b": text}}, default_style=style, allow_unicode=is_wide, width=10),
    )
    value, mistakes = read_yaml(document)
    if mistakes or not isinstance(value, dict) or value.get("a", {}).get("b") != text:
        return
    lines = document.text.split("\n")

    for at, character in enumerate(text):
        line, column = locate_within(document, ("a", "b"), at)
        there = lines[line - 1][column - 1 :][:1]
        assert there == character or there in ("\\", "'") or character.isspace(), (at, line, column)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(?:a|a)*b", "(.*)*(.*)*\\1z"])
def test_a_pattern_that_runs_away_ends(pattern: str) -> None:
    escaped = pattern.replace("\\", "\\\\")
    expression = parse_expression(f'Replace([surname], , "{escaped}", , "x", , )')

    try:
        within(LONGEST, lambda: expression.evaluate([{"surname": "a" * ENOUGH + "!"}]))
    except TimeoutError:
        return

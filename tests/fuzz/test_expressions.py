"""Hostile templates, clauses, paths and moments: refused with words, or harmless, in bounded time and memory."""

# ruff: noqa: PT017  # hostile input may be taken or refused; how it is refused is looked at where it is

from __future__ import annotations

import multiprocessing
import resource
from collections.abc import Callable
from datetime import datetime

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.edge.pace import LONGEST_WAIT, told_wait
from reconciler.functions.clauses import compile_clause
from reconciler.functions.moments import end, start
from reconciler.functions.templates import FILTERS, METHODS, compile_template
from reconciler.functions.values import LARGEST
from reconciler.model.attribute_path import parse_path
from reconciler.model.clause import OPERATORS, UNARY, Comparison
from reconciler.model.errors import DesiredStateError
from reconciler.model.place import Origin
from tests.fuzz.hostile import NASTY, assert_neutral, texts
from tests.fuzz.volume import LONGEST, counted, tries, within

MEMORY = 512 * 1024 * 1024  # bytes beside what the process holds already
ESCAPES = (
    "{{ ''.__class__.__mro__ }}", "{{ ''['__class__'] }}", "{{ ''['__cl' ~ 'ass__'] }}", "{{ cycler.__init__.__globals__ }}",
    "{{ ''|attr('__class__') }}", "{{ '{0.__class__}'.format(givenName) }}", "{{ '{0.__class__}'.format_map(givenName) }}",
    "{{ givenName.upper }}", "{{ givenName['upper'] }}", "{{ self }}", "{{ self.__init__ }}", "{{ lipsum() }}", "{{ namespace() }}",
    "{{ dict(a=1) }}", "{{ joiner() }}", "{{ config }}", "{{ request.application }}", "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}", "{% from 'os' import path %}", "{% extends 'x' %}", "{% block x %}{% endblock %}", "{{ loop }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{{ caller() }}", "{{ givenName() }}", "{{ [1, 2]|random }}", "{% debug %}",
    "{{ givenName|map('upper') }}", "{{ ().__class__.__bases__[0].__subclasses__() }}", "{{ _x }}", "{{ range(3) }}",
)  # fmt: skip
BOMBS = (
    "{% for i in range(10**9) %}x{% endfor %}", "{% for a in givenName %}{% for b in givenName %}x{% endfor %}{% endfor %}",
    "{{ 'x' * 10**9 }}", "{{ [0] * 10**9 }}", "{{ 10**10**10 }}", "{{ 9**9**9**9 }}", "{{ '%.999999999f' % 1 }}", "{{ '%999999999s' % 1 }}",
    "{{ '%.999999999f'|format(1) }}", "{{ givenName|center(1000000000) }}", "{{ 'a'.zfill(1000000000) }}",
    "{{ 'a'.ljust(1000000000) }}", "{{ '\\t'.expandtabs(1000000000) }}", "{{ '{:>1000000000}'.format(1) }}", "{{ 1|round(1000000000) }}",
    "{{ givenName|indent(1000000000) }}", "{{ lipsum(n=1000000) }}", "{{ 'a'|batch(1000000000, 'x')|list }}", "{{ '" + "x" * 5000 + "' }}",
    "{{ 'a'|slice(1000000000)|list }}", "{{ givenName|wordwrap(1) }}", "{% set a = givenName ~ givenName %}{{ a }}",
    "{% with a = givenName ~ givenName %}{{ a }}{% endwith %}", "{{ " + "9" * 4500 + " }}", "{{ " + "(" * 1500 + "1" + ")" * 1500 + " }}",
    "{{ givenName" + "[0]" * 1000 + " }}", "{{ givenName" + "|lower" * 600 + " }}", "{% if a %}" * 150 + "{% endif %}" * 150,
    "{{ " + "-" * 3000 + "1 }}", "{{ " + "not " * 900 + "1 }}", "{% filter center(1000000000) %}{% endfilter %}",
)  # fmt: skip
GROWING = (
    "{{ givenName|replace('', givenName)|replace('', givenName)|replace('', givenName) }}", "{{ givenName.replace('', givenName * 1) }}",
    "{{ givenName.replace('', givenName).replace('', givenName).replace('', givenName) }}", "{{ givenName|join(givenName)|join(givenName) }}",
    "{{ givenName.join(givenName).join(givenName).join(givenName) }}", "{{ '" + "' ~ givenName ~ '" * 150 + "' }}",
    "{{ givenName|list|sort|unique|list|join(', ') }}", "{{ " + "givenName|sort|first ~ " * 100 + "'' }}",
)  # fmt: skip


def in_a_small_process(act: Callable[[], None]) -> None:
    """Runs `act` in a forked child that may take little more memory than it has; it must end well, and soon."""

    def run() -> None:
        pages = int(open("/proc/self/statm").read().split()[0])  # noqa: PTH123, SIM115
        most = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        act()

    child = multiprocessing.get_context("fork").Process(target=run)
    child.start()
    child.join(LONGEST * 3)
    is_late = child.is_alive()
    child.kill()
    child.join()

    assert not is_late
    assert child.exitcode == 0


def refused(text: str) -> str:
    """The words by which the template is refused, empty if it is taken."""
    try:
        compile_template(text)
    except ValueError as error:
        words = str(error)
        assert ";" in words, words  # what is wrong; what to write
        return words
    return ""


@pytest.mark.parametrize("text", ESCAPES)
@counted("templates that break out")
def test_a_template_that_reaches_for_more_than_values_is_refused(text: str) -> None:
    if text == "{{ config }}":  # a name that is no source attribute: said where sources are known
        assert compile_template(text).sources == {"config"}
    else:
        assert refused(text)


def test_bombs_are_refused_before_they_take_time_or_memory() -> None:
    def act() -> None:
        for text in BOMBS:
            if not refused(text):
                raise AssertionError(text)

    in_a_small_process(act)


def test_what_grows_from_value_to_value_ends_at_a_bound() -> None:
    def act() -> None:
        for text in GROWING:
            for length in (1, 100, LARGEST, 10_000_000):
                if not refused(text):
                    rendered = compile_template(text).render({"givenName": "ab"[: length % 3] * length})
                    assert rendered is None or len(rendered) <= LARGEST

    in_a_small_process(act)


TEMPLATE_PIECES = st.one_of(
    st.sampled_from(["{{ ", " }}", "{% if ", " %}", "{% else %}", "{% endif %}", "{# ", " #}", "givenName", "surname", ".", "|", "(", ")",
                     "[", "]", "'", ", ", " ~ ", " + ", " - ", " * ", " ** ", "0", "-1", "[0:3]", " if ", " else ", " in ", " is ", "none",
                     "defined", "__class__", "{% for x in ", "{% endfor %}", "{% set x = ", " and ", " not ", "=", "10000000", "{%- raw %}"]),
    st.sampled_from(sorted(FILTERS)), st.sampled_from(sorted(METHODS)).map(".{}(".format), st.text(max_size=3),
)  # fmt: skip


@tries(300)
@given(
    st.lists(TEMPLATE_PIECES, max_size=20).map("".join),
    st.dictionaries(
        st.sampled_from(["givenName", "surname"]),
        st.one_of(st.none(), texts, st.booleans(), st.integers(), st.lists(texts, max_size=3).map(tuple)),
    ),
)
@counted("template text")
def test_any_template_is_refused_with_words_or_gives_a_text(text: str, values: dict[str, object]) -> None:
    if not refused(text):
        rendered = within(LONGEST, lambda: compile_template(text).render(values))

        assert rendered is None or 0 < len(rendered) <= LARGEST
        assert rendered == compile_template(text).render(values)
        assert " at 0x" not in (rendered or "")


@tries(300)
@given(
    st.sampled_from(sorted(set(OPERATORS) - set(UNARY))),
    st.lists(texts, min_size=1, max_size=3),
    st.one_of(st.none(), texts, st.booleans(), st.integers(), st.floats(), st.lists(texts).map(tuple)),
)
@example("Greater_Than", ["1"], "+-5")
@example("&", ["1"], "9" * 5000)
@example("BEFORE", ["2026-01-01"], "no date")
@counted("clause on a value")
def test_a_clause_that_parse_takes_holds_or_does_not_whatever_the_value_is(
    operator: str, given_values: list[str], value: object
) -> None:
    clause = Comparison(
        attribute="jobTitle", operator=operator, values=tuple(given_values), origin=Origin(document="a")
    )
    try:
        holds = compile_clause(clause, {})
    except (ValueError, regex.error):
        return  # told by parse

    assert holds("ada", {"jobTitle": value}) in (True, False)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [(r"(x+x+)+y", "x" * 5000), (r"(?:(?:a{1,60000}){1,60000}){1,60000}b", "a" * 5000), (r"(.*)*(.*)*\1z", "a" * 3000),
     (r"(a+)+$", "a" * 50_000 + "!"), (r"(?:a|a)*(?:a|a)*b", "a" * 30_000), (r"(?:(a*)*b)*c", "a" * 20_000 + "!")],
)  # fmt: skip
@counted("runaway pattern")
def test_a_pattern_that_runs_away_ends_and_is_told_with_its_clause(pattern: str, text: str) -> None:
    origin = Origin(document="desired_state/scopes.yaml", path=("scopes", "s", "jobTitle"))
    clause = Comparison(attribute="jobTitle", operator="REGEX MATCH", values=(pattern,), origin=origin)
    holds = compile_clause(clause, {})

    try:
        within(LONGEST, lambda: holds("ada", {"jobTitle": text}))
    except DesiredStateError as error:
        assert "takes longer" in str(error)
        assert "scopes/s/jobTitle" in str(error)
        assert_neutral(str(error))


def test_at_least_one_pattern_does_run_away() -> None:
    clause = Comparison(
        attribute="a", operator="NOT REGEX MATCH", values=("(a+)+$",), origin=Origin(document="a.yaml")
    )

    with pytest.raises(DesiredStateError, match="takes longer"):
        compile_clause(clause, {})("ada", {"a": "a" * 50_000 + "!"})


PATH_PIECES = st.one_of(
    st.sampled_from(["urn:", "ietf:", "2.0:", "User:", "name", "emails", "[", "]", " eq ", "type", '"work"', '"', "true", ".", "value",
                     "$ref", "-", " ", "\\", "'", "and", "(", ")", ":", "members", "[value eq ", "pr"]),
    st.sampled_from(NASTY), st.text(max_size=2),
)  # fmt: skip


@tries(500)
@given(st.lists(PATH_PIECES, max_size=9).map("".join))
@example("urn:\u202e:name")
@example("urn:a b:name")
@example('emails[type eq "a\nb"].value')
@counted("attribute path or filter")
def test_a_path_is_refused_with_words_or_means_what_it_says(text: str) -> None:
    try:
        path = within(LONGEST, lambda: parse_path(text))
    except ValueError as error:
        assert "SCIM path" in str(error)
        return

    assert parse_path(str(path)) == path
    assert not set(str(path)) & {"\n", "\r", "\x00", "\x1b"}


@tries(300)
@given(
    st.one_of(
        texts,
        st.datetimes().map(str),
        st.dates().map(str),
        st.from_regex(r"\d{1,5}-\d\d-\d\d(T\d\d:\d\d)?([+-]\d\d:\d\d|Z)?", fullmatch=True),
    )
)
@example("9999-12-31")
@example("0001-01-01T00:00:00+14:00")
@counted("moment")
def test_a_moment_is_refused_or_can_be_compared(text: str) -> None:
    try:
        begin, over = start(text), end(text)
    except ValueError:
        return

    assert begin <= over
    assert (begin < start("2026-01-01")) in (True, False)
    assert isinstance(over, datetime)


@tries(300)
@given(
    st.one_of(
        texts,
        st.from_regex(r"[0-9.eE+-]{0,25}", fullmatch=True),
        st.text(st.characters(codec="latin-1")),
        st.from_regex(
            r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} \d\d:\d\d:\d\d (GMT|[+-]\d{1,5})?", fullmatch=True
        ),
    ),
    st.sampled_from(["retry-after", "x-ratelimit-reset"]),
)
@counted("Retry-After and X-RateLimit-Reset")
def test_what_an_endpoint_says_of_waiting_is_bounded_or_nothing(text: str, header: str) -> None:
    wait = told_wait({header: text})

    assert wait is None or 0 < wait <= LONGEST_WAIT

"""Entra's functions give what its documents say, and their edges are the ones of docs/functions.md."""

import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.functions.columns import DROPPED, FRESH
from reconciler.functions.date_formats import parse_moment, write_moment
from reconciler.functions.diacritics import normalize_diacritics
from reconciler.functions.expressions import UNIQUE, parse_expression
from reconciler.functions.registry import FUNCTIONS
from reconciler.functions.signatures import signatures

HERE = Path(__file__).parent
VECTORS = yaml.safe_load((HERE / "entra_vectors.yaml").read_text("utf-8"))
TABLE = yaml.load(
    (HERE / "diacritics.yaml").read_text("utf-8"), yaml.BaseLoader
)  # all is text: `n` and `y` are no booleans


def evaluate(expression: str, **sources: object) -> object:
    """What the expression gives for a user with these attributes."""
    row = {name: tuple(value) if isinstance(value, list) else value for name, value in sources.items()}
    [found] = parse_expression(expression).evaluate([row])
    return list(found) if isinstance(found, tuple) else found


@pytest.mark.parametrize(
    "vector", VECTORS, ids=[f"{at}-{vector['expression'][:40]}" for at, vector in enumerate(VECTORS)]
)
def test_a_function_gives_what_the_documents_print(vector: dict[str, Any]) -> None:
    if "inconsistent" in vector:
        pytest.skip(vector["inconsistent"])
    expected = DROPPED if vector.get("dropped") else vector["value"]

    assert evaluate(vector["expression"], **vector.get("sources", {})) == expected


@pytest.mark.parametrize(("plain", "letters"), TABLE.items())
def test_every_letter_of_the_table_is_replaced(plain: str, letters: str) -> None:
    for letter in letters.split():
        for form in ("NFC", "NFD"):
            assert normalize_diacritics(unicodedata.normalize(form, letter)) == plain, ascii(letter)


def test_letters_that_are_not_in_the_table_stay() -> None:
    assert normalize_diacritics("đ ð þ œ ţ ķ ģ ħ Й 中 🙂") == "đ ð þ œ ţ ķ ģ ħ Й 中 🙂"


def test_every_function_has_a_signature_and_is_worked_out() -> None:
    elsewhere = {*FRESH, UNIQUE, "IgnoreFlowIfNullOrEmpty", "Redact"}

    assert {*FUNCTIONS, *elsewhere} == signatures().keys()
    assert len(signatures()) == 46  # the 44 of Entra's documents, Prepend and IsNothing


@pytest.mark.parametrize(
    ("expression", "sources", "value"),
    [
        ('Append([a], "x")', {}, None),
        ('Append("x", [a])', {}, "x"),
        ('Prepend("x", [a])', {"a": "y"}, "xy"),
        ("ToLower([a])", {"a": ["A", "B"]}, ["a", "b"]),
        ('ToUpper("straße ŉ")', {}, "STRASSE".replace("SS", "ß") + " ŉ"),
        ('ToLower("ΟΔΟΣ İI")', {}, "οδοσ İi"),
        ('ToLower("ΟΔΟΣ İI", "tr")', {}, "οδοσ iı"),
        ("PCase(\"o'neil 3rd a1b mc-donald’s\")", {}, "O'neil 3Rd A1b Mc-Donald’S"),
        ('PCase("ABC", "")', {}, "Abc"),
        ('Mid("abc", 0, 1)', {}, None),
        ('Mid("abc", 9, 1)', {}, ""),
        ('Left("🙂🙂", 1)', {}, "🙂"),
        ('Word("a  b", 2, " ")', {}, "b"),
        ('InStr("abc", "x")', {}, 0),
        ('InStr([a], "x")', {}, None),
        ('Split("a,,b, ", ",")', {}, ["a", "b"]),
        ('Split([a], ",")', {}, None),
        ("Count([a])", {}, 0),
        ("Count([a])", {"a": "x"}, 1),
        ('Join("-", [a], [b])', {"b": "x"}, "x"),
        ("Join(, 1, 2.50, True)", {}, "12.5True"),
        ('IIF([n] > 5, "more", "less")', {"n": "10"}, "more"),
        ('IIF([n] > "5", "more", "less")', {"n": "10"}, "more"),
        ('IIF([n] = "05", "same", "other")', {"n": "5"}, "other"),
        ('IIF([n] = 5, "same", "other")', {"n": "05"}, "same"),
        ('IIF(CDate([d]) < CDate("2026-01-01"), "old", "new")', {"d": "12/31/2025"}, "old"),
        ('IIF(IsNullOrEmpty([c]), "Other", [c])', {}, "Other"),
        ('IIF([accountEnabled], "on", "off")', {"accountEnabled": True}, "on"),
        ('IIF(Switch([a], IgnoreFlowIfNullOrEmpty([b]), "x", "y") = "y", 1, 2)', {"a": "x"}, 1),
        ('Append("x", IgnoreFlowIfNullOrEmpty([b]))', {}, DROPPED),
        ("Coalesce([a], IgnoreFlowIfNullOrEmpty([b]))", {"a": "x"}, "x"),
        ("Coalesce([a], IgnoreFlowIfNullOrEmpty([b]))", {}, DROPPED),
        ('Switch([a], IgnoreFlowIfNullOrEmpty([b]), "x", "y")', {"a": "x"}, "y"),
        ('Switch([a], IgnoreFlowIfNullOrEmpty([b]), "x", "y")', {"a": "z"}, DROPPED),
        ("Not([a])", {}, True),
        ("Not([a])", {"a": "true"}, False),
        ('DateAdd("m", 1, CDate("2026-01-31"))', {}, datetime(2026, 2, 28, tzinfo=UTC)),
        ('DateAdd("yyyy", 9999, CDate("2026-01-31"))', {}, None),
        ('DateDiff("d", CDate("no date"), CDate("2026-01-31"))', {}, None),
        ("DateFromNum(9223372036854775807)", {}, None),
        ('CDate("2026-02-30")', {}, None),
        ('CDate("2026-01-01T00:00:00+99:00")', {}, None),
        ('FormatDateTime([d], , "dd/MM/yyyy", "yyyy-MM-dd")', {"d": "31.12.2025"}, None),
        ('FormatDateTime(CDate("2026-01-31"), , , "d MMM yy")', {}, "31 Jan 26"),
        ("BitAnd([a], 1)", {"a": "x"}, None),
        ('Replace("aaa", , "(a)", , "<$1$$$&>", , )', {}, "<a$a>" * 3),
        ('Replace("abc", , "(?\'x\'b)", , "${x}${y}$9", , )', {}, "ab${y}$9c"),
        ('Replace("a1a2", , "a(?<n>\\d)", "n", "x", , )', {}, "axax"),
        ('Replace("b{2}", , "b{2}", , "x", , )', {}, "b{2}"),
        ('Replace("a{b", , "a{b", , "x", , )', {}, "x"),
        ('Replace([a], "x", , , [b], , )', {"a": "axa"}, "aa"),
        ("SingleAppRoleAssignment([appRoleAssignments])", {"appRoleAssignments": []}, None),
        ("AppRoleAssignmentsComplex([appRoleAssignments])", {"appRoleAssignments": []}, None),
        ("AssertiveAppRoleAssignmentsComplex([appRoleAssignments])", {"appRoleAssignments": []}, []),
    ],
)  # fmt: skip
def test_edges(expression: str, sources: dict[str, object], value: object) -> None:
    assert evaluate(expression, **sources) == value


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("yyyy-MM-dd", "2009-06-05"), ("d/M/yy", "5/6/09"), ("dddd, dd MMMM yyyy", "Friday, 05 June 2009"),
        ("ddd d MMM yyyy h:mm tt", "Fri 5 Jun 2009 1:05 PM"), ("yyyyMMddTHHmmssK", "20090605T130500Z"),
        ("yyyy-MM-ddTHH:mm:sszzz", "2009-06-05T13:05:00+00:00"), ("'on' dd\\d MM yyyy", "on 05d 06 2009"),
        ("yyyy-MM-dd HH:mm:ss.fff", "2009-06-05 13:05:00.000"), ("yyyy-MM-dd HH:mm:ss.FFF", "2009-06-05 13:05:00"),
        ("s", "2009-06-05T13:05:00"), ("u", "2009-06-05 13:05:00Z"), ("R", "Fri, 05 Jun 2009 13:05:00 GMT"),
    ],
)  # fmt: skip
def test_a_date_is_written_and_read_in_dotnet_formats(layout: str, text: str) -> None:
    moment = datetime(2009, 6, 5, 13, 5, tzinfo=UTC)
    has_time = any(letter in layout for letter in "hHsuR")

    assert write_moment(moment, layout).replace(".", "") == text.replace(".", "")
    assert parse_moment(text, layout) == (moment if has_time else moment.replace(hour=0, minute=0))


@pytest.mark.parametrize("text", ["Monday, 05 June 2009", "Friday, 5 June 2009", "Friday, 05 June 2009 x"])
def test_a_date_that_does_not_fit_its_format_is_none(text: str) -> None:
    assert parse_moment(text, "dddd, dd MMMM yyyy") is None

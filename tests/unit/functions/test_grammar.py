"""Entra's function language is read with positions, and every mistake is told where it stands."""

import pytest

from reconciler.functions.expressions import parse_expression
from reconciler.functions.grammar import (
    DEEPEST,
    LONGEST,
    Attribute,
    Call,
    Comparison,
    Constant,
    ExpressionError,
    Nothing,
    Word,
    parse_tree,
    write,
)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("[ surname ]", Attribute("surname")),
        (r'"a \"b\" \\ \d"', Constant('a "b" \\ \\d')),
        ("Guid()", Call("Guid", ())),
        ("F(,)", Call("F", (Nothing(), Nothing()))),
        ('F( , -10,&HF7, 1.5, "", )', Call("F", (Nothing(), Constant(-10), Constant(247), Constant(1.5), Constant(""), Nothing()))),
        ('IIF([a]<>"b",G([c]),vbTextCompare)', Call("IIF", (Comparison("<>", Attribute("a"), Constant("b")), Call("G", (Attribute("c"),)), Word("vbTextCompare")))),
    ],
)  # fmt: skip
def test_a_text_is_read_as_a_tree(text: str, tree: object) -> None:
    found = parse_tree(text)

    assert found == tree
    assert parse_tree(write(found)) == found


@pytest.mark.parametrize(
    ("text", "slips"),
    [
        ('join(" ", [a])', ["0 `join` is no function here; names are case-sensitive: write Join"]),
        ('Apend([a], "x")', ["0 `Apend` is no function here; did you mean Append?"]),
        ('Mid([x], "a")', ["0 Mid takes just 3 arguments, and here are 2; write Mid(source, start, length)", "9 `a` is no start of Mid; write a number"]),
        ("Guid(1)", ["0 Guid takes no arguments, and here are 1; write Guid()"]),
        ('Join(" ")', ["0 Join takes at least 2 arguments, and here are 1; write Join(separator, source1, source2?, …)"]),
        ('Append([a] "x")', ['11 `"x"` does not belong here; write a comma before it']),
        ('Append([a], "x"', ["6 this `(` of Append is never closed; add `)`"]),
        ("Not([a]))", ["8 this `)` closes nothing; take it out"]),
        ('Append([a], "x)', ["6 this `(` of Append is never closed; add `)`", '12 this text is never closed; end it with `"` (a quotation mark inside is `\\"`)']),
        ("Append('x', [a])", ["7 `'` is no quotation mark here; write texts in straight double quotes"]),
        ("Not(surname)", ['4 `surname` is no word for source of Not; write [surname] for the attribute, or "surname" for the text']),
        ('InStr([a], "b", 1, vbtextcompare)', ["19 `vbtextcompare` is no word for compareType of InStr; did you mean vbTextCompare?"]),
        ('Append([a] = "b", "c")', ["7 source of Append is no condition; compare within IIF or CBool"]),
        ('DateAdd("week", 1, [a])', ["8 `week` is no interval of DateAdd; write one of yyyy, m, d, ww, h, n, s"]),
        ('Switch([a], , "k", "v", "k")', ["0 Switch has 5 arguments; after source and defaultValue write a value for each key"]),
        ("", ['0 says nothing; write for example Join(" ", [givenName], [surname])']),
        ("Append(Foo([a]), Bar([b]))", ["7 `Foo` is no function here; see docs/functions.md for those that are", "17 `Bar` is no function here; see docs/functions.md for those that are"]),
    ],
)  # fmt: skip
def test_every_mistake_is_told_with_its_offset(text: str, slips: list[str]) -> None:
    with pytest.raises(ExpressionError) as told:
        parse_expression(text)

    assert [f"{slip.offset} {slip.text}" for slip in told.value.slips] == slips


@pytest.mark.parametrize(
    "text", ["Not(" * (DEEPEST + 1) + "[a]" + ")" * (DEEPEST + 1), "(" * 9000, '"' + "x" * LONGEST + '"']
)
def test_what_is_too_deep_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_expression(text)


def test_the_attributes_are_known_with_their_places() -> None:
    expression = parse_expression('Join(" ", [givenName], [surname])')

    assert expression.attributes == (("givenName", 10), ("surname", 23))
    assert expression.sources == {"givenName", "surname"}

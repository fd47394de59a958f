"""Templates call Entra's functions by name; what belongs to a whole mapping is refused in words."""

import pytest

from reconciler.functions.templates import compile_template

SOURCES = {
    "givenName": "Zoë",
    "surname": "O'Neil",
    "mail": "zoe@example.com",
    "otherMails": ("b", "a", "b"),
    "manager": None,
}


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ('{{ Join(" ", givenName, surname) }}', "Zoë O'Neil"),
        ('{{ NormalizeDiacritics(ToUpper(givenName)) ~ "!" }}', "ZOE!"),
        ('{{ Replace(mail, "@example.com", none, none, "") }}', "zoe"),
        ('{{ Replace(mail, oldValue="@example.com", replacementValue=department) }}', "zoe"),
        ('{{ Replace(mail, regexPattern="(?<name>.*)@.*", replacementValue="${name}") }}', "zoe"),
        ('{{ Join("-", otherMails|sort) }} {{ Count(otherMails) }}', "a-b-b 3"),
        ("{% if IsPresent(manager) %}led{% else %}leads{% endif %}", "leads"),
        ('{{ IIF(givenName == "Zoë", "yes", "no") }}', "yes"),
        ('{{ CDate("2026-01-31") }}', "1/31/2026 12:00:00 AM"),
        ('{{ DateDiff("d", "2026-01-01", "2026-01-31") }}', "30"),
        ('{{ Switch(department, "none", "IT", "it") }}', "none"),
        ("{{ Mid(givenName, 0, 1) }}", None),
    ],
)
def test_a_function_is_called_by_position_or_by_name(text: str, rendered: str | None) -> None:
    assert compile_template(text).render(SOURCES) == rendered


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "{{ Guid() }}",
            "calls Guid(), which templates do not have; write expression: 'Guid()' in the mapping instead",
        ),
        ("{{ Redact(mail) }}", "write expression: 'Redact(value)'"),
        ('{{ join(" ", mail) }}', "names are case-sensitive: write Join"),
        ("{{ Left(mail) }}", "Left takes just 2 arguments"),
        (
            "{{ Left(mail, count=1) }}",
            "the argument count, which it does not take so; write Left(String, NumChars)",
        ),
        ("{{ Left(mail, String=1) }}", "the argument String, which it does not take so"),
        ('{{ Join(" ", *otherMails) }}', "with * or **"),
        ('{{ Replace(mail, regexPattern="(", replacementValue="x") }}', "is no regular expression"),
        ('{{ _Join(" ", mail) }}', "did you mean Join?"),
        ("{{ _Join }}", "private attribute _Join"),
    ],
)
def test_what_cannot_be_called_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=";") as told:
        compile_template(text)

    assert words in str(told.value)


def test_an_attribute_that_is_called_as_a_function_is_another_thing() -> None:
    template = compile_template('{{ Join(" ", Join, givenName) }}')

    assert template.sources == {"Join", "givenName"}
    assert template.render({"Join": "x", "givenName": "y"}) == "x y"
    assert template.render({"givenName": "y"}) == "y"


def test_a_pattern_that_runs_away_is_told() -> None:
    template = compile_template('{{ Replace(mail, regexPattern="(a+)+$", replacementValue="x") }}')

    with pytest.raises(TimeoutError):
        template.render({"mail": "a" * 49_000 + "!"})

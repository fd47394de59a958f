"""Code spans: what they hold arrives as it was, and nothing in it does anything."""

from __future__ import annotations

from reconciler.model.neutral import neutral
from reconciler.reports.code_span import cell, code
from tests.reports.hostile_values import hostile_values
from tests.reports.rendered import assert_sound

VALUES = [value for value in hostile_values(20_000) if value]


def test_values_in_tables_arrive_whole() -> None:
    rows = "".join(f"| {cell(value)} | end |\n" for value in VALUES)

    found = assert_sound(f"| value | |\n|--|--|\n{rows}")

    assert found.codes == [neutral(value) for value in VALUES]
    assert found.plain.count("end") == len(VALUES)


def test_values_in_text_arrive_whole() -> None:
    found = assert_sound("".join(f"- is {code(value)} end\n" for value in VALUES))

    assert found.codes == [neutral(value) for value in VALUES]


def test_an_empty_value_is_said_to_be_empty() -> None:
    assert code("") == "*empty*"

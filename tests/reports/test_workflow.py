"""Outputs and annotations as the runner reads them: what was written is what arrives, and nothing besides."""

from __future__ import annotations

import re

import pytest

from reconciler.model.neutral import neutral, neutral_lines
from reconciler.reports.workflow import annotation, output_lines
from tests.fuzz.hostile import assert_neutral
from tests.reports.hostile_values import hostile_values

DELIMITER = "Zx81mQ0d7Lw2Rk5T"
VALUES = hostile_values(20_000)


def read_outputs(text: str) -> dict[str, str]:
    """The outputs of a step, by the rules of the runner (actions/runner, FileCommandManager): lines end with a newline."""
    found: dict[str, str] = {}
    lines = text.split("\n")
    while lines:
        line = lines.pop(0)
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            found[line[:equals]] = line[equals + 1 :]
            continue
        assert heredoc >= 0, f"Invalid format '{line}'"
        name, delimiter = line[:heredoc], line[heredoc + 2 :]
        value = []
        while lines[0] != delimiter:
            value.append(lines.pop(0))
        lines.pop(0)
        found[name] = "\n".join(value)
    return found


def read_command(line: str) -> tuple[str, dict[str, str], str]:
    """A command as the runner reads it (actions/runner, ActionCommand): kind, properties, message."""
    found = re.fullmatch(r"::(\w+)(?: (.*?))?::(.*)", line, re.DOTALL)
    assert found is not None
    pairs = (pair.split("=", 1) for pair in (found[2] or "").split(","))
    unescaped = {
        name: value.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
        for name, value in pairs
    }  # fmt: skip
    return found[1], unescaped, found[3].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def test_20000_outputs_arrive_as_they_were() -> None:
    writable = [value for value in VALUES if "\ud800" not in value]
    written = "".join(output_lines(f"output-{at}", value, DELIMITER) for at, value in enumerate(writable))

    assert read_outputs(written) == {f"output-{at}": value for at, value in enumerate(writable)}
    assert len(writable) > 15_000


@pytest.mark.parametrize("value", [DELIMITER, f"a\n{DELIMITER}\napproved=true", f"x{DELIMITER}x"])
def test_a_value_that_holds_its_delimiter_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="holds its delimiter"):
        output_lines("plan", value, DELIMITER)


@pytest.mark.parametrize("delimiter", ["EOF", "", "with a space in it", "with\na newline in it", "x" * 65])
def test_a_delimiter_that_can_be_guessed_is_refused(delimiter: str) -> None:
    with pytest.raises(ValueError, match="16 to 64 random"):
        output_lines("plan", "x", delimiter)


@pytest.mark.parametrize("name", ["", "a b", "a=b", "a<<b", "a\nb", "1st", "\x1b[31m"])
def test_a_name_that_the_runner_reads_otherwise_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no name of an output"):
        output_lines(name, "x", DELIMITER)


def test_a_value_that_is_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="UTF-8"):
        output_lines("plan", "a\ud800", DELIMITER)


def test_an_annotation_stands_at_its_line() -> None:
    line = annotation(
        "warning", "not-adopted", "bob is 100% known: a, b\nsee there", "desired_state/users, all.yaml:18:3"
    )

    assert line == (
        "::warning title=not-adopted,file=desired_state/users%2C all.yaml,line=18,col=3::"
        "bob is 100%25 known: a, b%0Asee there"
    )
    assert annotation("info", "t", "x", "somewhere") == "::notice title=t::x"


def test_20000_annotations_are_one_command_each() -> None:
    for value in VALUES:
        line = annotation("error", value, value, f"{value}:3")
        kind, properties, message = read_command(line)

        assert_neutral(line.removeprefix("::"))
        assert "\n" not in line
        assert kind == "error"
        assert set(properties) <= {"title", "file", "line"}
        assert properties["title"] == neutral(value)
        assert message == "\n".join(map(neutral, value.split("\n")))


def test_20000_lines_of_a_log_are_no_commands() -> None:
    for value in VALUES:
        assert_neutral(neutral_lines(value))
        assert_neutral(f"user {neutral(value)}")

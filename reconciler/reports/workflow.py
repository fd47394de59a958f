"""Workflow: what GitHub's runner reads from a step: its outputs, and annotations on lines of files (research: actions 2.1)."""

from __future__ import annotations

import re
from typing import assert_never

from reconciler.model.finding import Severity
from reconciler.model.neutral import neutral

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
DELIMITER = re.compile(r"[A-Za-z0-9_-]{16,64}")
PLACE = re.compile(r"(?P<file>[^:]+):(?P<line>\d+)(?::(?P<column>\d+))?")
MOST_ANNOTATIONS = 10  # of a kind that a step may have; the rest are dropped silently


def output_lines(name: str, value: str, delimiter: str) -> str:
    """What to append to `$GITHUB_OUTPUT` so that the step has this output, whatever lines the value has.

    `delimiter` is 16 to 64 random letters and digits, made afresh for each output. Raises ValueError for a name or a
    delimiter that is none, and for a value that holds the delimiter or cannot be written as UTF-8: a value must never
    end where it likes, since what follows would be outputs of its own.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"{neutral(name)!r} is no name of an output: letters, digits, _ and -")
    if not DELIMITER.fullmatch(delimiter):
        raise ValueError("a delimiter is 16 to 64 random letters and digits")
    if delimiter in value or delimiter in name:
        raise ValueError(f"the value of {name} holds its delimiter: make another and write it again")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"the value of {name} is no text that UTF-8 can write") from None
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def annotation(severity: Severity, title: str, text: str, place: str | None = None) -> str:
    """The line that makes GitHub show `text` at `place` (`path:line` or `path:line:column`); an info is a notice.

    It shows `MOST_ANNOTATIONS` of each kind: say errors first.
    """
    match severity:
        case "error" | "warning":
            kind: str = severity
        case "info":
            kind = "notice"
        case _:
            assert_never(severity)
    found = PLACE.fullmatch(place) if place else None
    properties = {"title": title}
    if found is not None:
        properties |= {"file": found["file"], "line": found["line"]}
        if found["column"]:
            properties["col"] = found["column"]
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{kind} {said}::{_message(text)}"


def _message(text: str) -> str:
    """A message in one line, as the runner reads it back; what is invisible is shown as an escape."""
    shown = "\n".join(map(neutral, text.split("\n")))
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(neutral(text)).replace(":", "%3A").replace(",", "%2C")

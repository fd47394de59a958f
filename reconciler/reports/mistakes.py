"""Mistakes: what is wrong in the desired state, in Markdown and as annotations of a workflow's run (research: actions 2.1, 2.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.model.finding import Finding
from reconciler.model.neutral import neutral, shortened
from reconciler.model.place import Mistake
from reconciler.reports.code_span import cell
from reconciler.reports.places import PLACE

MOST = 10  # annotations of a kind in a step: GitHub drops what is more without a word


def list_mistakes(mistakes: Sequence[Mistake], characters: int) -> str:
    """The mistakes as a table of at most so many characters, whole rows only."""
    lines = ["| where | what is wrong, and what to write instead |", "|--|--|"]
    room = characters - sum(map(len, lines)) - 100
    for position, mistake in enumerate(mistakes):
        where = cell(f"{mistake.document}:{mistake.line}:{mistake.column}")
        line = f"| {where} | {cell(shortened(mistake.text))} |"
        room -= len(line) + 1
        if room < 0:
            return "\n".join(
                [*lines, "", f"… and {len(mistakes) - position:,} more: `reconcile validate` lists them all."]
            )
        lines.append(line)
    return "\n".join(lines)


def annotate_mistakes(mistakes: Iterable[Mistake]) -> tuple[str, ...]:
    """A command to the runner for each of the first mistakes, which shows it at its line."""
    told = [_annotate("error", m.document, m.line, m.column, m.text) for m in mistakes]
    return tuple(told[:MOST])


def annotate_findings(findings: Iterable[Finding]) -> tuple[str, ...]:
    """A command to the runner for each of the first errors and warnings that have a place in the desired state."""
    told: dict[str, list[str]] = {"error": [], "warning": []}
    for finding in findings:
        found = PLACE.fullmatch(finding.source or "")
        if found is not None and finding.severity in told:
            told[finding.severity].append(
                _annotate(finding.severity, found["path"], int(found["line"]), None, finding.text)
            )
    return (*told["error"][:MOST], *told["warning"][:MOST])


def _annotate(kind: str, path: str, line: int, column: int | None, text: str) -> str:
    where = f"file={_property(path)},line={line}" + (f",col={column}" if column else "")
    return f"::{kind} {where}::{_data(shortened(text))}"


def _data(text: str) -> str:
    """A command's text: `%`, CR and LF are escaped as the runner asks for; all else that is invisible, as everywhere."""
    lines = (neutral(line).replace("%", "%25") for line in text.split("\n"))
    return "%0A".join(lines)


def _property(text: str) -> str:
    return neutral(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")

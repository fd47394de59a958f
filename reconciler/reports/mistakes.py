"""Mistakes: what is wrong in the desired state, in Markdown and as annotations of a workflow's run (research: actions 2.1, 2.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.model.finding import Finding
from reconciler.model.neutral import shortened
from reconciler.model.place import Mistake
from reconciler.reports.code_span import cell
from reconciler.reports.workflow import MOST_ANNOTATIONS, annotation


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
    told = [
        annotation("error", "desired state", shortened(m.text), f"{m.document}:{m.line}:{m.column}")
        for m in mistakes
    ]
    return tuple(told[:MOST_ANNOTATIONS])


def annotate_findings(findings: Iterable[Finding]) -> tuple[str, ...]:
    """A command to the runner for each of the first errors and warnings that have a place in the desired state."""
    told: dict[str, list[str]] = {"error": [], "warning": [], "info": []}
    for finding in findings:
        if finding.source:
            told[finding.severity].append(
                annotation(finding.severity, finding.code, shortened(finding.text), finding.source)
            )
    return (*told["error"][:MOST_ANNOTATIONS], *told["warning"][:MOST_ANNOTATIONS])

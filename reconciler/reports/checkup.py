"""Checkup: what `check` found, as text and as JSON. What an endpoint says is shown escaped and is never markup."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from reconciler.model.neutral import neutral, neutral_json
from reconciler.model.verdict import Checkup, Severity, Verdict

MARKS: dict[Severity, tuple[str, str]] = {
    "ok": ("✓", "green"), "info": ("i", "dim"), "warning": ("!", "yellow"), "error": ("✗", "bold red"),
}  # fmt: skip


def write_checkup(checkup: Checkup, console: Console) -> None:
    """Prints one target's checkup: section by section, a line each, and below it what to write where something is."""
    for line in _lines(checkup):
        console.print(line, highlight=False, markup=False, emoji=False)


def _lines(checkup: Checkup) -> Iterator[Text]:
    head = " · ".join(filter(None, (checkup.target, neutral(checkup.url), f"profile {checkup.profile}")))
    yield Text(head, style="bold")
    for section, verdicts in checkup.verdicts.items():
        yield Text()
        yield Text(f"  {section}", style="bold")
        for at, verdict in enumerate(verdicts):
            yield _verdict(verdict)
            following = verdicts[at + 1].remedy if at + 1 < len(verdicts) else ""
            if (
                verdict.remedy and verdict.remedy != following
            ):  # the same remedy for several is told once, below them
                yield Text(f"      → {neutral(verdict.remedy)}", style="cyan")
    yield Text()
    yield from _to_write(checkup)
    yield Text(_sum(checkup.all), style="bold")


def _to_write(checkup: Checkup) -> Iterator[Text]:
    """What a write probe showed, as lines to copy."""
    if checkup.learnt:
        yield Text(f"write this into the target {checkup.target}, so that a fresh checkout knows it too:")
        yield Text(f"    {neutral(checkup.learnt)}", style="cyan")
    if checkup.profile_lines:
        yield Text(f"write this into its profile, in a file of your own where {checkup.profile} is built in:")
        for line in checkup.profile_lines:
            yield Text(f"    {line}", style="cyan")
    if checkup.learnt or checkup.profile_lines:
        yield Text()


def _verdict(verdict: Verdict) -> Text:
    mark, style = MARKS[verdict.severity]
    line = Text(f"    {mark} ", style=style)
    return line.append(neutral(verdict.text), style="default" if verdict.severity == "ok" else style)


def _sum(verdicts: Iterable[Verdict]) -> str:
    counts = Counter(verdict.severity for verdict in verdicts)
    if not counts["error"] and not counts["warning"]:
        return "all is well"
    told = [
        f"{counts[kind]} {kind}{'s' * (counts[kind] > 1)}" for kind in ("error", "warning") if counts[kind]
    ]
    return ", ".join(told) if counts["error"] else f"{told[0]}: plan and apply cope with what is above"


def render_checkups(checkups: Iterable[Checkup], exit_code: int) -> str:
    """The checkups as JSON."""
    document = {"formatVersion": 1, "exitCode": exit_code, "targets": [_target(one) for one in checkups]}
    return neutral_json(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def _target(checkup: Checkup) -> dict[str, object]:
    return {
        "name": checkup.target, "url": checkup.url, "profile": checkup.profile, "error": checkup.error,
        "exitCode": checkup.exit_code, "learnt": checkup.learnt or None, "profileLines": list(checkup.profile_lines),
        "findings": [
            {"section": section, "severity": one.severity, "code": one.code, "text": one.text, "remedy": one.remedy or None}
            for section, verdicts in checkup.verdicts.items()
            for one in verdicts
        ],
    }  # fmt: skip

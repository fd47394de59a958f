"""Happened: what an apply came to, for the pull request and the job's summary, with the way out where it was refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from reconciler.reports.code_span import code

LONGEST = 12_000  # characters of what is quoted
_SAID = {
    "applied": "applied: everything that this merge changes is done",
    "noop": "nothing to do",
    "partial": "**applied in part**: run this job again, and it goes on where it stopped",
    "stale": "**refused**: this is not what was reviewed, so nothing was written",
    "refused": "**refused**: a budget is exceeded or nobody would be left, so nothing was written",
    "failed": "**failed**: nothing was written",
}


def tell_happened(
    target: str, result: str, said: Sequence[str], digest: str, detail: Literal["full", "counts"]
) -> str:
    """What happened at a target, in Markdown. `digest` is that of what is left to do; empty for nothing."""
    lines = [f"- `{target}`: {_SAID.get(result, result)}"]
    if said and detail == "full":
        quoted = [line for text in said for line in text.splitlines()]
        lines += ["", *_within(quoted), ""]
    if result == "refused":
        lines.append(
            "  - a budget is agreed to first, in a pull request: it writes the entry that the plan prints into the approvals of the "
            "desired state"
        )
    if digest and result in ("stale", "refused"):
        lines.append(
            f"  - the way out: look at what is left below or in the drift issue, and dispatch *reconcile apply* with target "
            f"`{target}` and digest `{digest}`, or open a pull request that says otherwise"
        )
    return "\n".join(lines)


def _within(lines: Sequence[str]) -> list[str]:
    """As many lines as there is room for, whole, each inert."""
    told: list[str] = []
    room = LONGEST
    for position, line in enumerate(lines):
        shown = f"  - {code(line.strip()[:500])}" if line.strip() else ""
        room -= len(shown) + 1
        if room < 0:
            told.append(f"  - … and {len(lines) - position:,} more lines in the run's log")
            break
        if shown:
            told.append(shown)
    return told

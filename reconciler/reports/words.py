"""Words: numbers and totals as every report says them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reconciler.model.change import SYMBOLS, Change
from reconciler.model.finding import Finding, Severity
from reconciler.model.plan import Plan, TargetPlan

SEVERITIES: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 user`, `1,204 users`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def totals(changes: Sequence[Change]) -> str:
    """How many changes of each action; an empty text where there is none."""
    said = []
    for type_, label in (("User", "users"), ("Group", "groups")):
        counts = Counter(change.action for change in changes if change.type == type_)
        if counts:
            said.append(f"{label} " + ", ".join(f"{counts[a]:,} to {a}" for a in SYMBOLS if counts[a]))
    moved = memberships(changes)
    return " · ".join([*said, *([f"members {moved}"] if moved else [])])


def memberships(changes: Sequence[Change]) -> str:
    """How many members come and go, as `+3 -1`; an empty text where none does."""
    add, remove = sum(len(c.add) for c in changes), sum(len(c.remove) for c in changes)
    return f"+{add:,} -{remove:,}" if add or remove else ""


def headline(plan: Plan, changes: Sequence[Change]) -> str:
    """What these changes of the plan come to, or why there is none."""
    failed = any(target.error for target in plan.targets)
    return totals(changes) or ("not every target could be planned" if failed else "no changes")


def tally(findings: Sequence[Finding]) -> str:
    """How many findings of each severity."""
    counts = Counter(finding.severity for finding in findings)
    return ", ".join(
        counted(counts[severity], noun) for severity, noun in SEVERITIES.items() if counts[severity]
    )


def verdict(target: TargetPlan) -> str:
    """How a target stands, in a word or two; `target` is what a merge applies."""
    if target.error:
        return "stale" if target.error_exit == 4 else "failed"
    if target.blocked:
        return "blocked"
    if any(finding.code == "quarantine" for finding in target.findings):
        return "in quarantine"
    return "changes" if target.changes else "no changes"


def trouble(target: TargetPlan) -> str:
    """What became of a target that has an error."""
    return "is not the reviewed plan" if target.error_exit == 4 else "could not be planned"

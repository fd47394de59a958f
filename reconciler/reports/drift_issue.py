"""Drift issue: its body: what differs at which target, why, and how to accept or to repair it (research: actions 4.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.part import Part
from reconciler.reports.comment import BYTES, CHARACTERS, fit

TITLE = "Identity drift: an endpoint is not as the YAML declares it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the check came to: the targets that differ, failed (how often in a row), or are in quarantine (code, since)."""

    differs: Sequence[str]
    failed: Mapping[str, int]
    quarantined: Mapping[str, tuple[str, str]]
    run_url: str
    as_of: str
    sick: int  # from how many failures in a row on a target is said to be unknown


def compose_issue(mark: str, parts: Sequence[Part], found: Found) -> str:
    """The issue's whole body, its mark first."""
    head = "\n\n".join(
        filter(None, [mark, _said(found), *_troubles(found), _elsewhere(parts, found), _repair(parts, found)])
    )
    foot = f"<sub>Last checked {found.as_of} by [this run]({found.run_url}). This issue closes itself.</sub>"
    differing = [part for part in parts if part.fingerprint]
    space = CHARACTERS - len(head) - len(foot) - 8
    sections = fit([part.levels for part in differing], space, BYTES - len((head + foot).encode()))
    return "\n\n".join(filter(None, [head, *sections, foot]))


def _said(found: Found) -> str:
    if found.differs:
        return f"{_names(found.differs)} {'is' if len(found.differs) == 1 else 'are'} not as `main` declares."
    if found.quarantined:
        return "What is declared is applied, as far as could be checked."
    return "Every target that could be checked is as declared."


def _troubles(found: Found) -> list[str]:
    notes = [
        f"> [!WARNING]\n> `{name}` is in quarantine since {since}: `{code}`. Scheduled runs leave it alone until an apply succeeds, "
        "or somebody dispatches the apply workflow with *clear quarantine*."
        for name, (code, since) in sorted(found.quarantined.items())
    ]
    notes += [
        f"> [!WARNING]\n> `{name}` could not be checked {_times(count)}"
        + (
            ": what is said of it here may be out of date."
            if count < found.sick
            else " in a row: nobody knows how it is."
        )
        for name, count in sorted(found.failed.items())
    ]
    return notes


def _elsewhere(parts: Sequence[Part], found: Found) -> str:
    """The targets of which this run looked at nothing: what differs there is not forgotten."""
    names = sorted(set(found.differs) - {part.target for part in parts if part.fingerprint})
    return (
        f"What differs at {_names(names)} was told before, and is again by the next check." if names else ""
    )


def _repair(parts: Sequence[Part], found: Found) -> str:
    rows = [part for part in parts if part.target in found.differs and part.digest]
    if not rows:
        return ""
    lines = [
        f"- `{part.target}`: dispatch the workflow *reconcile apply* with target `{part.target}` and digest `{part.digest}`"
        for part in rows
    ]
    return "\n".join(["To repair it, as declared (exactly this, or it is refused):", *lines])


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"

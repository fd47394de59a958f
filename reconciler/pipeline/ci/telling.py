"""Telling: a target's plan as the part that another job shows, at several lengths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from reconciler.edge.github.job import Job
from reconciler.importers.accept import accept
from reconciler.model.change import Change
from reconciler.model.mapping import Mapping
from reconciler.model.part import Kind, Part
from reconciler.model.plan import Plan, TargetPlan
from reconciler.reports.code_span import FENCES
from reconciler.reports.markdown import render_section
from reconciler.reports.places import Places

LENGTHS = (56_000, 28_000, 14_000, 7_000, 4_500)  # characters of a section, from the fullest to the least
Detail = Literal["full", "counts"]


def part_of(
    plan: Plan, kind: Kind, result: str, detail: Detail, job: Job, root: str, mapping: Mapping | None = None
) -> Part:
    """The part of a plan of one target. With a base, what is counted is what the edit does; `drift` counts the rest.

    With the target's `mapping` it says how to accept what differs.
    """
    (target,) = plan.targets
    levels = levels_of(target, detail, job, root)
    if mapping is not None and target.changes and detail == "full":
        levels = tuple(f"{level}\n\n{_accepted(target, mapping, len(level))}" for level in levels)
    edit = target.edit or target
    severities = Counter(finding.severity for finding in target.findings)
    return Part(
        kind=kind, target=target.name, result=result, counts=_counts(edit.changes, len(target.changes) - len(edit.changes)),
        warnings=severities["warning"], errors=severities["error"] + bool(target.error),
        digest=plan.digest if target.changes else "", fingerprint=plan.digest if target.changes and kind != "plan" else "",
        levels=levels,
    )  # fmt: skip


def _accepted(target: TargetPlan, mapping: Mapping, room: int) -> str:
    """How to accept what differs, in about as much room as telling of it takes."""
    text = accept(target.changes, mapping, max(1, room // 200))
    fence = "`" * max(3, 1 + max(map(len, FENCES.findall(text)), default=0))
    return f"<details><summary>To accept it instead</summary>\n\n{fence}yaml\n{text}\n{fence}\n\n</details>"


def places_of(job: Job, root: str) -> Places:
    """Places of the desired state as links to the commit that people look at."""
    return Places(root=root, base=f"{job.server}/{job.repository}/blob/{job.head}/")


def levels_of(target: TargetPlan, detail: Detail, job: Job, root: str) -> tuple[str, ...]:
    """The target's section, from all its detail to the least; equal lengths once."""
    found = (
        render_section(
            target, detail=detail, characters=length, octets=4 * length, places=places_of(job, root)
        )
        for length in LENGTHS
    )
    return tuple(dict.fromkeys(filter(None, found)))


def _counts(changes: Iterable[Change], drift: int) -> dict[str, int]:
    changes = tuple(changes)
    users: Counter[str] = Counter(change.action for change in changes if change.type == "User")
    return {
        **dict(users), "groups": sum(change.type == "Group" for change in changes), "drift": drift,
        "add": sum(len(change.add) for change in changes), "remove": sum(len(change.remove) for change in changes),
    }  # fmt: skip

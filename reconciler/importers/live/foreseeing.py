"""Foreseeing: what the next plan would do with what is imported, and what to write into the target first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from reconciler.model.change import Change
from reconciler.model.finding import Finding
from reconciler.model.plan import TargetPlan
from reconciler.model.target import Target

SHOWN = 5
TAKES = ("deactivate", "delete")
STUCK = ("identity-conflict", "not-adopted", "ambiguous-match")


def foresee(plan: TargetPlan, before: Collection[Change], target: Target) -> tuple[Finding, ...]:
    """What the plan holds beside adoptions; an error for whatever takes access away, which was not planned `before`.

    `plan` is the one that the imported documents would lead to.
    """
    known = {_key(change) for change in before}
    fresh = [change for change in plan.changes if _key(change) not in known]
    return (*_taking(fresh), *_changing(fresh), *_adopting(plan, target))


def _key(change: Change) -> tuple[str, str, str | None]:
    return change.type, change.action, change.id


def _taking(changes: Iterable[Change]) -> Iterator[Finding]:
    """Who would lose access by what is declared, or is not."""
    by_reason: dict[str, list[str]] = {}
    for change in changes:
        if change.action in TAKES:
            by_reason.setdefault(change.reason.code, []).append(change.name)
        elif change.remove:
            by_reason.setdefault("members", []).append(change.name)
    remedies = {
        "outOfScope": "write scope: {users: all, groups: all} into the target, or assign them to it",
        "vanished": "write ownership: declared into the target until they are declared too",
        "disabled": "write deprovision: {disabled: deactivate} into the target, or leave them out by --without-inactive",
        "members": "write membership: owned into the target",
    }
    for code, names in sorted(by_reason.items()):
        remedy = remedies.get(code, "correct the mapping of the target")
        whom = (
            f"take members out of {_named(names)}"
            if code == "members"
            else f"take access from {_named(names)} ({code})"
        )
        yield Finding(
            severity="error",
            code=f"would-{code}",
            text=f"the next plan would {whom}; {remedy}, and import again",
        )


def _changing(changes: Iterable[Change]) -> Iterator[Finding]:
    """What the mapping makes other than it is."""
    changes = [change for change in changes if change.action not in TAKES]
    for action in ("create", "reactivate"):
        names = [change.name for change in changes if change.action == action]
        if names:
            yield Finding(
                severity="warning",
                code=f"would-{action}",
                text=f"the next plan would {action} {_named(names)}",
            )
    told = [change for change in changes if change.action in ("update", "adopt")]
    paths = Counter(
        attribute.path for change in told for attribute in change.attributes if attribute.path != "externalId"
    )
    for path, count in sorted(paths.items()):
        first = next(a for change in told for a in change.attributes if a.path == path)
        text = (
            f"the next plan would change {path} of {count:,}, which the mapping makes otherwise "
            f"({first.before!r} → {first.after!r}); map it from what is declared, or let it be so"
        )
        yield Finding(severity="warning", code="would-change", text=text)
    joining = sum(len(change.add) for change in told)
    if joining:
        yield Finding(
            severity="warning", code="would-add", text=f"the next plan would add {joining:,} memberships"
        )


def _adopting(plan: TargetPlan, target: Target) -> Iterator[Finding]:
    """What the target must say so that accounts without our externalId are taken over."""
    stuck = [finding for finding in plan.findings if finding.code in STUCK]
    if stuck and target.adopt != "any":
        text = f"{len(stuck):,} of those who are imported are not ours yet and stay untouched ({stuck[0].code}); write adopt: any into the target to take them over"
        yield Finding(severity="warning", code="not-taken-over", text=text)
    budget = next((row for row in plan.budgets if row.rule == "adopt" and row.exceeded), None)
    if budget is not None:
        text = f"the next plan takes over {budget.planned:,}, and {budget.limit:,} are allowed; write budgets: {{adopt: {{count: {budget.planned}}}}} into the target for that time"
        yield Finding(severity="info", code="adopt-budget", text=text)


def _named(names: list[str]) -> str:
    shown = ", ".join(sorted(names)[:SHOWN])
    return shown + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")

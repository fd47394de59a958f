"""Text: a plan as people read it most (DESIGN 5). Untrusted text is shown escaped and is never markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from reconciler.model.finding import Finding
from reconciler.model.neutral import neutral
from reconciler.model.plan import BaseRef, Budget, Plan, TargetPlan
from reconciler.reports.text_changes import SHOWN, tell_changes
from reconciler.reports.words import counted, headline, totals, trouble

SEVERITIES = {"error": ("!!", "bold red"), "warning": ("!", "yellow"), "info": ("i", "dim")}


def write_plan(plan: Plan, console: Console, root: str = "desired_state") -> None:
    """Prints every target: who loses access first, then the rest, findings, broken budgets, totals.

    `root` is the folder of the desired state; places are shown below it.
    """
    for target in plan.targets:
        _print(console, _target(target, plan.base, f"{root}/"))
    _print(console, [_totals(plan)])


def _print(console: Console, lines: Iterable[Text]) -> None:
    for line in lines:
        console.print(line, highlight=False, markup=False, emoji=False)


def _target(target: TargetPlan, base: BaseRef | None, root: str) -> Iterator[Text]:
    head = Text(" · ".join(filter(None, (target.name, neutral(target.url)))), style="bold")
    if target.error:
        yield head.append(f"\n  !! {trouble(target)}", style="red")
        yield from _findings(target.findings, root)
        yield Text()
        return
    live = f"{counted(target.live_users, 'user')} and {counted(target.live_groups, 'group')} live, all read"
    yield head.append(f" · {live}", style="not bold")
    yield Text()
    yield from tell_changes(target, base, root)
    if target.changes and target.findings:
        yield Text()
    yield from _findings(target.findings, root)
    for budget in target.budgets:
        if budget.exceeded:
            yield from _budget(target, budget)
    if target.changes or target.findings:
        yield Text()


def _findings(findings: tuple[Finding, ...], root: str) -> Iterator[Text]:
    told: Counter[str] = Counter()
    counts = Counter(finding.code for finding in findings)
    for finding in findings:
        told[finding.code] += 1
        mark, style = SEVERITIES[finding.severity]
        if told[finding.code] <= SHOWN:
            place = f" ({neutral(_below(finding.source, root))})" if finding.source else ""
            yield Text(f"  {mark} {finding.code}: {neutral(finding.text)}{place}", style=style)
        elif told[finding.code] == SHOWN + 1:
            yield Text(
                f"  {mark} {finding.code}: {counts[finding.code] - SHOWN:,} more like these", style=style
            )


def _budget(target: TargetPlan, budget: Budget) -> Iterator[Text]:
    subject = f" of {neutral(budget.subject)}" if budget.subject else ""
    head = f"budget {budget.rule}{subject}: {budget.planned:,} planned, {budget.limit:,} allowed (of {budget.of:,})"
    if budget.approved:
        yield Text(f"  ✓ {head}: approved", style="yellow")
        return
    edit = budget.edit
    if target.edit is None or (edit is not None and edit.digest == budget.digest):
        yield Text(f"  !! {head}: apply refuses this plan", style="bold red")
    elif edit is None or not edit.exceeded:
        alone = f"this edit plans {edit.planned:,}" if edit else "this edit plans none"
        yield Text(f"  ! {head} with what had drifted; {alone}, which is within it", style="yellow")
    elif edit.approved:
        yield Text(
            f"  ✓ {head} with what had drifted; this edit plans {edit.planned:,}: approved", style="yellow"
        )
    else:
        yield Text(
            f"  !! {head} with what had drifted; this edit plans {edit.planned:,}: apply refuses it",
            style="bold red",
        )
        yield Text(f"      to agree to this edit: --approve {target.name}:{budget.rule}:{edit.digest}")
        yield Text(f"      to agree to all of it: --approve {target.name}:{budget.rule}:{budget.digest}")
        return
    yield Text(f"      to agree: --approve {target.name}:{budget.rule}:{budget.digest}")


def _below(place: str, root: str) -> str:
    return place.removeprefix(root)


def _totals(plan: Plan) -> Text:
    changes = plan.changes
    if not changes:
        return Text(headline(plan, changes), style="bold")
    split = []
    if plan.base is not None:
        edited = [change.origin for change in changes].count("edit")
        drifted = sum(bool(change.drifted) for change in changes)
        split = [f"{edited:,} by this edit, {drifted:,} by drift"]
    requests, seconds = sum(t.requests for t in plan.targets), sum(t.seconds for t in plan.targets)
    parts = (
        totals(changes), *split, f"{counted(requests, 'request')}, about {seconds:,} s",
        f"digest {plan.digest.removeprefix('sha256:')[:12]}…",
    )  # fmt: skip
    return Text(" · ".join(parts), style="bold")

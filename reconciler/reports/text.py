"""Text: a plan as people read it most (DESIGN 5). Untrusted text is shown escaped and is never markup."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from reconciler.model.change import SYMBOLS, AttributeChange, Change, MemberChange
from reconciler.model.finding import Finding
from reconciler.model.neutral import neutral
from reconciler.model.plan import Budget, Plan, TargetPlan
from reconciler.reports.words import counted, headline, totals, trouble

MANY, SHOWN = 60, 15  # more changes of one kind than MANY are summed up after SHOWN of them
WIDEST = 40
PER_LINE = 4  # members on a line of their own
STYLES = {
    "create": "green", "adopt": "cyan", "update": "yellow", "reactivate": "green", "deactivate": "red", "delete": "bold red",
}  # fmt: skip
SEVERITIES = {"error": ("!!", "bold red"), "warning": ("!", "yellow"), "info": ("i", "dim")}


def write_plan(plan: Plan, console: Console, root: str = "desired_state") -> None:
    """Prints every target: who loses access first, then the rest, findings, broken budgets, totals.

    `root` is the folder of the desired state; places are shown below it.
    """
    for target in plan.targets:
        _print(console, _target(target, f"{root}/"))
    _print(console, [_totals(plan)])


def _print(console: Console, lines: Iterable[Text]) -> None:
    for line in lines:
        console.print(line, highlight=False, markup=False, emoji=False)


def _target(target: TargetPlan, root: str) -> Iterator[Text]:
    head = Text(" · ".join(filter(None, (target.name, neutral(target.url)))), style="bold")
    if target.error:
        yield head.append(f"\n  !! {trouble(target)}", style="red")
        yield Text()
        return
    live = f"{counted(target.live_users, 'user')} and {counted(target.live_groups, 'group')} live, all read"
    yield head.append(f" · {live}", style="not bold")
    yield Text()
    yield from _changes(target, root)
    if target.changes and target.findings:
        yield Text()
    yield from _findings(target.findings, root)
    for budget in target.budgets:
        if budget.exceeded:
            yield from _budget(target, budget)
    if target.changes or target.findings:
        yield Text()


def _changes(target: TargetPlan, root: str) -> Iterator[Text]:
    kinds: Counter[tuple[str, ...]] = Counter(_kind(c) for c in target.changes)
    told: Counter[tuple[str, ...]] = Counter()
    width = min(max((len(neutral(c.name)) for c in target.changes), default=0), WIDEST)
    order = sorted(range(len(target.changes)), key=lambda i: _rank(target.changes[i]))
    for index in order:
        change, kind = target.changes[index], _kind(target.changes[index])
        told[kind] += 1
        if kinds[kind] <= MANY or told[kind] <= SHOWN:
            cause = target.causes[index] if target.causes else None
            yield from _change(change, width, root, cause)
            for request in target.lowered[index] if target.lowered else ():
                yield Text(f"      {neutral(json.dumps(request, ensure_ascii=False))}", style="dim")
        elif told[kind] == SHOWN + 1:
            yield Text(
                f"    … and {kinds[kind] - SHOWN:,} more to {change.action}: {neutral(_because(change))}",
                style="dim",
            )


def _rank(change: Change) -> int:
    """People losing access come first, people before groups."""
    if change.type == "User":
        return 0 if change.action in ("deactivate", "delete") else 1
    return 2


def _kind(change: Change) -> tuple[str, ...]:
    """Changes that would be told alike: the same action for the same cause, on the same paths."""
    paths = tuple(a.path for a in change.attributes) if change.action in ("update", "adopt") else ()
    return (change.type, change.action, _because(change), *paths)


def _because(change: Change) -> str:
    if change.action == "update":
        return ", ".join(
            [a.path for a in change.attributes] + ["members"] * bool(change.add or change.remove)
        )
    return change.reason.text


def _change(change: Change, width: int, root: str, cause: str | None) -> Iterator[Text]:
    name = neutral(change.name)
    line = Text(
        f"  {SYMBOLS[change.action]} {change.type.lower():<6} {name:<{width}}", style=STYLES[change.action]
    )
    members = _members(change)
    if change.action != "update":
        place = f" ({neutral(_below(change.reason.source, root))})" if change.reason.source else ""
        line.append(f"  {neutral(change.reason.text)}{place}", style="default")
    elif len(members) == 1 and not change.attributes:
        line.append("  ").append_text(members.pop())
    if cause:
        line.append(f"  ← {neutral(cause)}", style="magenta")
    line.rstrip()
    yield line
    if change.action in ("update", "adopt", "reactivate"):
        shown = [a for a in change.attributes if a.path != "active" or change.action == "update"]
        paths = max((len(neutral(a.path)) for a in shown), default=0)
        for attribute in shown:
            yield Text(f"      {neutral(attribute.path):<{paths}}  {_arrow(attribute)}")
    for row in members:
        yield Text("      ").append_text(row)


def _members(change: Change) -> list[Text]:
    """The members added and removed, some a line; removals are never lost behind additions."""
    signed = [("+", m, "green") for m in change.add] + [("-", m, "red") for m in change.remove]
    rows = [_row(signed[at : at + PER_LINE]) for at in range(0, len(signed), PER_LINE)]
    if len(rows) <= SHOWN:
        return rows
    left = [("-", m, "red") for m in change.remove][:SHOWN]
    rest = Text(f"… +{len(change.add):,} -{len(change.remove):,} members in all", style="dim")
    return [_row(left[at : at + PER_LINE]) for at in range(0, len(left), PER_LINE)] + rows[:3] + [rest]


def _row(signed: list[tuple[str, MemberChange, str]]) -> Text:
    row = Text()
    for index, (sign, member, style) in enumerate(signed):
        row.append("   " if index else "").append(f"{sign} {neutral(member.name)}", style=style)
    return row


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
    yield Text(f"  !! {head}: apply refuses this plan", style="bold red")
    yield Text(f"      to agree: --approve {target.name}:{budget.rule}:{budget.digest}")


def _arrow(attribute: AttributeChange) -> str:
    return f"{_value(attribute.before)} → {_value(attribute.after)}"


def _value(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_value(item) for item in value) or "nothing"
    return f'"{neutral(value)}"' if isinstance(value, str) else neutral(str(value))


def _below(place: str, root: str) -> str:
    return place.removeprefix(root)


def _totals(plan: Plan) -> Text:
    changes = plan.changes
    if not changes:
        return Text(headline(plan, changes), style="bold")
    requests, seconds = sum(t.requests for t in plan.targets), sum(t.seconds for t in plan.targets)
    parts = (
        totals(changes), f"{counted(requests, 'request')}, about {seconds:,} s",
        f"digest {plan.digest.removeprefix('sha256:')[:12]}…",
    )  # fmt: skip
    return Text(" · ".join(parts), style="bold")

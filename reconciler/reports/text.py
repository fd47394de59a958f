"""Text: a plan as people read it most (DESIGN 5). Untrusted text is shown escaped and is never markup."""

from __future__ import annotations

import unicodedata
from collections import Counter

from rich.console import Console
from rich.text import Text

from reconciler.model.change import SYMBOLS, AttributeChange, Change
from reconciler.model.plan import Budget, Plan, TargetPlan

MANY, SHOWN = 60, 20
STYLES = {
    "create": "green",
    "adopt": "cyan",
    "update": "yellow",
    "reactivate": "green",
    "deactivate": "red",
    "delete": "bold red",
}
FIRST = {"deactivate": 0, "delete": 0}
SEVERITIES = {"error": "bold red", "warning": "yellow", "info": "dim"}


def write_plan(plan: Plan, console: Console) -> None:
    """Prints every target: who loses access first, then the rest, findings, broken budgets, totals."""
    for target in plan.targets:
        _target(target, console)
    console.print(_totals(plan), highlight=False)


def neutral(text: str) -> str:
    """`text` with control, bidi and other invisible characters escaped (DESIGN 7)."""
    return "".join(
        c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else f"\\u{ord(c):04x}"
        for c in text
    )


def _target(target: TargetPlan, console: Console) -> None:
    head = Text(f"{target.name} · {neutral(target.url)}", style="bold")
    if target.error:
        console.print(
            head, Text(f"  {neutral(target.error)}", style="bold red"), sep="\n", end="\n\n", highlight=False
        )
        return
    head.append(
        f" · {target.live_users:,} users and {target.live_groups:,} groups live, all read\n", style="default"
    )
    console.print(head, highlight=False)
    groups: Counter[tuple[str, str]] = Counter((c.action, c.reason.code) for c in target.changes)
    told: Counter[tuple[str, str]] = Counter()
    width = max((len(neutral(c.name)) for c in target.changes), default=0)
    for change in sorted(target.changes, key=lambda c: FIRST.get(c.action, 1) if c.type == "User" else 1):
        kind = (change.action, change.reason.code)
        told[kind] += 1
        if groups[kind] <= MANY or told[kind] <= SHOWN:
            _change(change, min(width, 48), console)
        elif told[kind] == SHOWN + 1:
            console.print(
                Text(
                    f"  … and {groups[kind] - SHOWN:,} more to {change.action} ({change.reason.code})",
                    style="dim",
                )
            )
    for finding in target.findings:
        place = f" ({finding.source})" if finding.source else ""
        console.print(
            Text(
                f"  ! {finding.severity} {finding.code}: {neutral(finding.text)}{place}",
                style=SEVERITIES[finding.severity],
            )
        )
    for budget in target.budgets:
        if budget.exceeded:
            console.print(
                Text(_budget(target, budget), style="bold red" if not budget.approved else "yellow")
            )
    if target.changes or target.findings:
        console.print()


def _change(change: Change, width: int, console: Console) -> None:
    line = Text(
        f"  {SYMBOLS[change.action]} {change.type.lower():<6} {neutral(change.name):<{width}}",
        style=STYLES[change.action],
    )
    place = f" ({change.reason.source})" if change.reason.source else ""
    line.append(f"  {neutral(change.reason.text)}{place}", style="default")
    console.print(line, highlight=False)
    if change.action in ("update", "adopt", "reactivate"):
        shown = [a for a in change.attributes if a.path != "active"]
        paths = max((len(a.path) for a in shown), default=0)
        for attribute in shown:
            console.print(Text(f"      {attribute.path:<{paths}}  {_arrow(attribute)}"), highlight=False)
    for sign, members, style in (("+", change.add, "green"), ("-", change.remove, "red")):
        names = [neutral(member.name) for member in members]
        more = f" … and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
        if names:
            console.print(
                Text(f"      {sign} " + f"  {sign} ".join(names[:SHOWN]) + more, style=style), highlight=False
            )


def _arrow(attribute: AttributeChange) -> str:
    return f"{_value(attribute.before)} → {_value(attribute.after)}"


def _value(value: object) -> str:
    if value is None:
        return "nothing"
    return f'"{neutral(value)}"' if isinstance(value, str) else neutral(str(value))


def _budget(target: TargetPlan, budget: Budget) -> str:
    subject = f" of {budget.subject}" if budget.subject else ""
    state = (
        "approved" if budget.approved else f"to agree: --approve {target.name}:{budget.rule}:{budget.digest}"
    )
    return f"  ✋ budget {budget.rule}{subject}: {budget.planned} planned, {budget.limit} allowed (of {budget.of}); {state}"


def _totals(plan: Plan) -> Text:
    if not plan.changes:
        failed = any(target.error for target in plan.targets)
        return Text("no plan for every target" if failed else "no changes", style="bold")
    parts = []
    for type_, label in (("User", "users"), ("Group", "groups")):
        counts = Counter(c.action for c in plan.changes if c.type == type_)
        if counts:
            parts.append(f"{label} " + ", ".join(f"{counts[a]:,} to {a}" for a in SYMBOLS if counts[a]))
    add, remove = sum(len(c.add) for c in plan.changes), sum(len(c.remove) for c in plan.changes)
    if add or remove:
        parts.append(f"members +{add:,} -{remove:,}")
    requests, seconds = sum(t.requests for t in plan.targets), sum(t.seconds for t in plan.targets)
    parts += [
        f"{requests:,} requests, about {seconds:,} s",
        f"digest {plan.digest.removeprefix('sha256:')[:12]}…",
    ]
    return Text(" · ".join(parts), style="bold")

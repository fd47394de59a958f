"""Notes in Markdown: how a target stands, what blocks it and how to agree, its findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

from reconciler.model.finding import Finding
from reconciler.model.plan import Budget, TargetPlan
from reconciler.reports.agreement import approval, exceeded, merged, why_blocked
from reconciler.reports.code_span import cell, code
from reconciler.reports.fitting import Block
from reconciler.reports.markdown_changes import folded, table
from reconciler.reports.places import Places
from reconciler.reports.values import narrowed
from reconciler.reports.words import SEVERITIES, counted, tally, trouble

FOLDED, FEW = 12, 3  # findings in a table that stands open; of one kind when there is little room
FEW_BUDGETS = 10
ORDER = tuple(SEVERITIES)
LONGEST_ERROR = 1_000


def head_block(target: TargetPlan, *, is_nameless: bool) -> Block:
    """The target's name and what is live there, or why it could not be planned."""
    return Block(weight=7, name="targets", versions=(partial(_head, target, is_nameless), str))


def note_blocks(target: TargetPlan, places: Places) -> Iterator[Block]:
    """What blocks the target, and its findings."""
    yield from _budget_blocks(merged(target), is_nameless=False)
    if target.findings:
        versions = (
            partial(_findings, target.findings, places, len(target.findings)),
            partial(_findings, target.findings, places, FEW), partial(_counted_findings, target.findings), str,
        )  # fmt: skip
        yield Block(weight=4, name="findings", versions=versions)


def nameless_note_blocks(target: TargetPlan) -> Iterator[Block]:
    """The same without anybody's name: budgets without their groups, findings by their codes."""
    yield from _budget_blocks(merged(target), is_nameless=True)
    if target.findings:
        yield Block(weight=4, name="findings", versions=(partial(_counted_findings, target.findings), str))


def _head(target: TargetPlan, is_nameless: bool) -> str:
    name = code(target.name)
    if target.error:
        why = "" if is_nameless else f": {code(_short(target.error))}"
        return f"#### {name}\n\n> [!CAUTION]\n> {name} **{trouble(target)}**{why}\n\n"
    url = [] if is_nameless or not target.url else [code(narrowed(target.url))]
    live = f"{counted(target.live_users, 'user')} and {counted(target.live_groups, 'group')} live, all read"
    unmanaged = target.unmanaged_users + target.unmanaged_groups
    left = [f"{unmanaged:,} of them unmanaged, never touched"] if unmanaged else []
    return f"#### {name}\n\n{' · '.join([*url, live, *left])}\n\n"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_ERROR else f"{text[:LONGEST_ERROR]} …"


def _budget_blocks(target: TargetPlan, *, is_nameless: bool) -> Iterator[Block]:
    broken = exceeded(target)
    if target.blocked:
        sizes = [len(broken), *([FEW_BUDGETS] if len(broken) > FEW_BUDGETS else [])]
        versions = [partial(_blocked, target, broken[:most], is_nameless) for most in sizes]
        versions.append(partial(_blocked, target, (), is_nameless))
        yield Block(weight=6, name="exceeded budgets", versions=(*versions, str))
    if target.budgets:
        yield Block(weight=3, name="budgets", versions=(partial(_kept, target.budgets, is_nameless), str))


def _blocked(target: TargetPlan, broken: Sequence[Budget], is_nameless: bool) -> str:
    said = f"> [!CAUTION]\n> {code(target.name)} is **blocked**, apply refuses it: {why_blocked(target)}.\n\n"
    if not broken:
        return said
    rows = [
        (_rule(budget, is_nameless), f"{budget.planned:,}", f"{budget.limit:,}", f"{budget.of:,}") for budget in broken
    ]  # fmt: skip
    lines = "".join(f"  - {approval(target.name, budget)}\n" for budget in broken)
    return (
        f"{said}{table(('budget', 'planned:', 'allowed:', 'of:'), rows)}\n"
        f"To agree to exactly these changes, write into the approvals of the desired state:\n\n"
        f"```yaml\napprovals:\n{lines}```\n\n"
    )


def _rule(budget: Budget, is_nameless: bool) -> str:
    subject = f" of {cell(budget.subject)}" if budget.subject and not is_nameless else ""
    return f"{cell(budget.rule)}{subject}"


def _kept(budgets: Sequence[Budget], is_nameless: bool) -> str:
    """The budgets that hold, in one line."""
    held = [budget for budget in budgets if budget.approved or not budget.exceeded]
    said = [
        f"{_rule(budget, is_nameless)} {budget.planned:,} of {budget.limit:,}{', approved' * budget.approved}"
        for budget in held[:FEW_BUDGETS]
    ]
    more = [f"{len(held) - FEW_BUDGETS:,} more"] if len(held) > FEW_BUDGETS else []
    return f"<sub>Budgets: {' · '.join([*said, *more])}</sub>\n\n" if held else ""


def _findings(findings: Sequence[Finding], places: Places, most: int) -> str:
    """The findings, so many of each code."""
    told: Counter[str] = Counter()
    rows, more = [], Counter[str]()
    for finding in sorted(findings, key=lambda finding: ORDER.index(finding.severity)):
        told[finding.code] += 1
        if told[finding.code] <= most:
            severity = f"**{finding.severity}**" if finding.severity == "error" else finding.severity
            rows.append(
                (severity, cell(finding.code), cell(_short(finding.text)), places.mark(finding.source))
            )
        else:
            more[finding.code] += 1
    text = table(("finding", "code", "text", "where"), rows)
    if more:
        text += (
            "\nMore: " + ", ".join(f"{number:,} {code(name)}" for name, number in sorted(more.items())) + "\n"
        )
    return folded(f"Findings: {tally(findings)}", text) if len(rows) > FOLDED else f"{text}\n"


def _counted_findings(findings: Sequence[Finding]) -> str:
    counts = Counter((ORDER.index(f.severity), f.code) for f in findings)
    said = ", ".join(f"{number:,} {code(name)}" for (_, name), number in sorted(counts.items()))
    return f"Findings: {tally(findings)} ({said})\n\n"

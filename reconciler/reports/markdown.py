"""Markdown: a plan for a pull request's comment and a job's summary, within their limits (DESIGN 7).

Untrusted text stands in code spans only. What people lose comes first, and what an edit does apart from what had
drifted before (research: actions 4.4).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Literal

from reconciler.model.change import SYMBOLS, Change
from reconciler.model.neutral import neutral
from reconciler.model.plan import Plan, TargetPlan
from reconciler.reports.agreement import merged
from reconciler.reports.code_span import cell, code
from reconciler.reports.fitting import Block, fit
from reconciler.reports.markdown_changes import block, created_block, nameless_block, table
from reconciler.reports.markdown_notes import head_block, nameless_note_blocks, note_blocks
from reconciler.reports.places import Places
from reconciler.reports.sections import KINDS, ORIGINS, Part, kind_of, parts_of
from reconciler.reports.values import narrowed
from reconciler.reports.words import counted, headline, memberships, tally, totals, verdict

Detail = Literal["full", "counts"]
COMMENT_CHARACTERS, COMMENT_BYTES = 60_000, 240_000  # GitHub takes 65,536 characters
SUMMARY_BYTES = 1_000_000  # a summary of more than 1 MiB is dropped, and its step stays green
LEAST = 10_000  # characters and bytes that are always enough beside prefix and footer
NAMED = 5
TARGETS = (200, 20)  # rows of the table of targets when there is little room, and very little


def render(
    plan: Plan, *, heading: str = "Plan", prefix: str = "", footer: str = "", detail: Detail = "full",
    limit_characters: int = COMMENT_CHARACTERS, limit_bytes: int = COMMENT_BYTES, places: Places | None = None,
) -> str:  # fmt: skip
    """The plan as GitHub's Markdown, never longer than both limits (characters; bytes of UTF-8).

    What does not fit is shortened by stages: rows, names by cause, some names, causes, counts; it says what was
    shortened, and `footer` where all of it is. `heading`, `prefix` and `footer` are the caller's own Markdown.
    `detail="counts"` names nobody and holds no value: for what everybody may read (research: actions 2.2).

    Raises ValueError if the limits leave less than `LEAST` beside prefix and footer.
    """
    places = places or Places(root="desired_state")
    compared = f", compared with {code(str(plan.base))}" if plan.base else ""
    tail = f"<sub>Digest {code(plan.digest.removeprefix('sha256:')[:12])} as of {code(plan.as_of)}{compared}</sub>\n"
    tail += f"\n{footer}\n" if footer else ""
    fixed = prefix + tail + _shortened(("x" * 40,) * NAMED)
    characters, octets = limit_characters - len(fixed), limit_bytes - len(fixed.encode())
    if min(characters, octets) < LEAST:
        raise ValueError(f"{limit_characters} characters or {limit_bytes} bytes are too little for a plan")
    blocks = list(_head_blocks(plan, heading, detail))
    for target in plan.targets:
        blocks += _target_blocks(target, detail, places)
    fitted = fit(blocks, characters, octets)
    assert fitted is not None, "the shortest versions have a bound"
    return f"{prefix}{''.join(fitted.texts)}{_shortened(fitted.shortened)}{tail}"


def render_section(
    target: TargetPlan, *, detail: Detail, characters: int, octets: int, places: Places | None = None
) -> str:
    """One target's part alone, within these limits; empty where it has nothing to tell or there is too little room."""
    lost = [one.change for part in parts_of(target) if part.origin != "drift" for one in part.of("lose")]
    blocks = list(_target_blocks(target, detail, places or Places(root="desired_state")))
    if lost:
        blocks.insert(0, Block(weight=9, name="", versions=(lambda: _caution(lost, detail) + "\n",)))
    fitted = fit(blocks, characters - 400, octets - 400)
    return f"{''.join(fitted.texts)}{_shortened(fitted.shortened)}".strip() if fitted else ""


def _shortened(names: Sequence[str]) -> str:
    if not names:
        return ""
    said = ", ".join(names[:NAMED]) + (" and more" if len(names) > NAMED else "")
    return f"> [!NOTE]\n> Too long to be shown whole. Shortened: {said}.\n\n"


def _head_blocks(plan: Plan, heading: str, detail: Detail) -> Iterator[Block]:
    intended = [one.change for part in _parts(plan) if part.origin != "drift" for one in part.told]
    lost = [change for change in intended if kind_of(change) == "lose"]
    drifted = sum(len(part.told) for part in _parts(plan) if part.origin == "drift")
    lines = [f"### {heading}: {headline(plan, intended)}\n"]
    if lost:
        lines.append(_caution(lost, detail))
    if drifted:
        lines.append(
            f"Apart from this edit, {counted(drifted, 'resource')} had drifted before: it does not touch them.\n"
        )
    yield Block(weight=9, name="", versions=(lambda: "\n".join(lines) + "\n",))
    if plan.targets:
        sizes = [len(plan.targets), *(most for most in TARGETS if most < len(plan.targets))]
        versions = tuple(partial(_targets, plan, most) for most in sizes)
        yield Block(weight=8, name="the table of targets", versions=versions)


def _parts(plan: Plan) -> Iterator[Part]:
    for target in plan.targets:
        yield from parts_of(target)


def _caution(lost: Sequence[Change], detail: Detail) -> str:
    """The alert that nobody may overlook."""
    said = f"> [!CAUTION]\n> **{counted(len(lost), 'person loses', 'people lose')} access**"
    if detail == "counts":
        return f"{said}.\n"
    named = ", ".join(
        f"{code(narrowed(neutral(change.name)))} at {code(change.target)}" for change in lost[:NAMED]
    )
    more = f" and {len(lost) - NAMED:,} more" if len(lost) > NAMED else ""
    return f"{said}: {named}{more}.\n"


def _targets(plan: Plan, most: int) -> str:
    """The table of targets; those that need eyes come first where not all are shown."""
    rows = list(plan.targets)
    if most < len(rows):
        rows.sort(key=lambda target: (not target.error, not merged(target).blocked, -len(target.changes)))
    changes = [change for target in plan.targets for change in merged(target).changes]
    actions = [action for action in SYMBOLS if any(change.action == action for change in changes)]
    head = (
        "target",
        "",
        *(f"{action}:" for action in actions),
        "members:",
        "findings",
        "requests:",
        "seconds:",
    )
    left = [change for target in rows[most:] for change in merged(target).changes]
    more = f"\n… and {counted(len(rows) - most, 'more target')}: {totals(left) or 'no changes'}.\n"
    shown = table(head, [_target_row(merged(target), actions) for target in rows[:most]])
    return f"{shown}{more if most < len(rows) else ''}\n"


def _target_row(target: TargetPlan, actions: Sequence[str]) -> tuple[str, ...]:
    counts = Counter(change.action for change in target.changes)
    numbers = [f"{counts[a]:,}" if counts[a] else "" for a in SYMBOLS if a in actions]
    bold = [
        f"**{n}**" if n and a in ("deactivate", "delete") else n
        for n, a in zip(numbers, actions, strict=True)
    ]
    found = tally([finding for finding in target.findings if finding.severity != "info"])
    cost = (f"{target.requests:,}", f"{target.seconds:,}") if target.changes else ("", "")
    verb = verdict(target)
    state = verb if verb in ("changes", "no changes") else f"**{verb}**"
    return (cell(target.name), state, *bold, memberships(target.changes), found, *cost)


def _target_blocks(target: TargetPlan, detail: Detail, places: Places) -> Iterator[Block]:
    """What is said of one target: what stops it, its findings, its changes by origin."""
    is_nameless = detail == "counts"
    if not (target.changes or target.findings or target.error or target.blocked):
        return
    yield head_block(target, is_nameless=is_nameless)
    yield from nameless_note_blocks(target) if is_nameless else note_blocks(target, places)
    for part in parts_of(target):
        if part.origin:
            title = f"##### {ORIGINS[part.origin]}\n\n"
            yield Block(weight=6, name="", versions=(partial(str, title), str))
        for kind in KINDS:
            told = part.of(kind)
            weight = 1 if part.origin == "drift" else 5 if kind == "lose" else 2
            if told and is_nameless:
                yield nameless_block(kind, told, weight)
            elif told:
                yield block(kind, told, weight, places)
            created = [one.change for one in told if one.change.action == "create"]
            if kind == "gain" and created and not is_nameless:
                yield created_block(created)

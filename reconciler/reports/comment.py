"""Comment: the one comment of a pull request, made of the parts of its targets (research: actions 4.4).

Every part brings its section at several lengths; all get a fair share of what a comment may hold, and what one does not
need goes to the others. Nothing is ever cut: a shorter section takes a longer one's place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model.part import Part

MARK = "<!-- reconcile:plan:v1 -->"
CHARACTERS = 60_000  # GitHub refuses more than 65,536
BYTES = 240_000
LARGEST = 65_536  # what GitHub takes
_WORDS = {
    "planned": "planned", "blocked": "**blocked**", "failed": "**failed**", "noop": "no changes", "applied": "applied",
    "partial": "**applied in part**", "stale": "**refused: not what was reviewed**", "refused": "**refused**",
    "superseded": "a newer run has applied", "drifted": "differs", "rest": "no changes",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What stands around the sections: commits, the run, the moment, and what failed before any plan."""

    head: str
    base: str
    run_url: str
    as_of: str
    missing: tuple[str, ...] = ()  # targets of which no part came
    invalid: str = ""  # the mistakes of the desired state, as neutral Markdown
    credentials: tuple[str, ...] = ()  # targets whose credentials this edit moves: validated only


def compose(parts: Sequence[Part], context: Context) -> str:
    """The comment's whole body, its mark first."""
    ordered = sorted(
        parts,
        key=lambda part: (-part.counts.get("deactivate", 0) - part.counts.get("delete", 0), part.target),
    )
    head = "\n\n".join(
        filter(None, [f"{MARK}\n### {headline(ordered, context)}", *_notes(context), _table(ordered)])
    )
    foot = _foot(ordered, context)
    sections = fit(
        [part.levels for part in ordered], CHARACTERS - len(head) - len(foot) - 8, BYTES - _bytes(head + foot)
    )
    return "\n\n".join(filter(None, [head, *sections, foot]))


def compose_status(parts: Sequence[Part], missing: Sequence[str], run_url: str) -> str:
    """What became of the merge, target by target."""
    ordered = sorted(parts, key=lambda part: part.target)
    well = not missing and bool(parts) and all(part.result in ("applied", "noop") for part in parts)
    head = f"**{'Applied' if well else 'Not everything was applied'}** by [this run]({run_url})."
    lost = [f"- `{name}`: **failed**: see the run" for name in missing]
    fitting = fit([part.said for part in ordered], CHARACTERS // 2, BYTES // 2)
    told = [
        text or f"- `{part.target}`: {_WORDS.get(part.result, part.result)}: see the run"
        for part, text in zip(ordered, fitting, strict=True)
    ]
    return "\n".join([head, "", *told, *lost])


def with_status(body: str, status: str) -> str:
    """The comment with its status in place of the one before, right below its headline."""
    start, end = "<!-- reconcile:status -->", "<!-- /reconcile:status -->"
    mark, headline_, *others = body.split("\n", 2)
    before, rest = f"{mark}\n{headline_}\n\n", "\n".join(others).lstrip("\n")
    if rest.startswith(start):  # anywhere else it is a name that somebody has
        rest = rest.partition(end)[2].lstrip("\n")
    status = status.replace(end, end.replace("/", "\\u002f"))
    told = f"{before}{start}\n{status}\n{end}\n\n{rest}"
    return told if len(told) <= LARGEST else f"{before}{start}\n{status}\n{end}\n"


def headline(parts: Sequence[Part], context: Context) -> str:
    """What the plan comes to, over all targets, in one line."""
    if context.invalid:
        return "Identity plan: the desired state is invalid"
    total = {
        name: sum(part.counts.get(name, 0) for part in parts) for name in ("create", "deactivate", "delete")
    }
    changed = sum(part.counts.get(name, 0) for part in parts for name in ("adopt", "update", "reactivate"))
    groups = sum(part.counts.get("groups", 0) for part in parts)
    members = sum(part.counts.get(name, 0) for part in parts for name in ("add", "remove"))
    told = [
        f"{total['deactivate'] + total['delete']:,} to lose access"
        if total["deactivate"] + total["delete"]
        else "",
        f"{total['create']:,} to create" if total["create"] else "",
        f"{changed:,} to change" if changed else "",
        _counted(groups, "group"),
        _counted(members, "group membership"),
    ]
    failed = [*context.missing, *(part.target for part in parts if part.result == "failed")]
    every = len(parts) + len(context.missing) + len(context.credentials)
    told.append(f"{len(failed)} of {every} targets failed" if failed else "")
    told.append(f"{len(context.credentials)} of {every} targets not planned" if context.credentials else "")
    return f"Identity plan: {', '.join(filter(None, told)) or 'no changes'}"


def fit(levels: Sequence[Sequence[str]], characters: int, size: int) -> list[str]:
    """One level of each, the longest that fit together; the smallest first, so that what they leave serves the others."""
    chosen = [""] * len(levels)
    order = sorted(range(len(levels)), key=lambda index: len(levels[index][0]) if levels[index] else 0)
    for position, index in enumerate(order):
        share, part = (characters // (len(order) - position), size // (len(order) - position))
        fitting = [text for text in levels[index] if len(text) + 2 <= share and _bytes(text) + 2 <= part]
        chosen[index] = max(fitting, key=len, default="")
        characters -= len(chosen[index]) + 2
        size -= _bytes(chosen[index]) + 2
    return chosen


def _notes(context: Context) -> list[str]:
    notes = [context.invalid] if context.invalid else []
    if context.credentials:
        names = ", ".join(f"`{name}`" for name in context.credentials)
        notes.append(
            f"> [!CAUTION]\n> This edit moves where a credential of {names} goes. It was validated, not planned with secrets: "
            "a person who owns the credential reviews it, and the first plan is made after the merge."
        )
    if context.missing:
        names = ", ".join(f"`{name}`" for name in context.missing)
        notes.append(f"> [!WARNING]\n> No plan of {names}: see [the run]({context.run_url}).")
    return notes


def _table(parts: Sequence[Part]) -> str:
    if not parts:
        return ""
    rows = [
        "| target | lose access | create | change | groups | members | findings | plan |",
        "|--|--:|--:|--:|--:|--:|--:|--|",
    ]
    for part in parts:
        count = part.counts.get
        lose = count("deactivate", 0) + count("delete", 0)
        change = sum(count(name, 0) for name in ("adopt", "update", "reactivate"))
        word = _WORDS.get(part.result, part.result)
        rows.append(
            f"| `{part.target}` | {f'**{lose:,}**' if lose else 0} | {count('create', 0):,} | {change:,} | {count('groups', 0):,} "
            f"| +{count('add', 0):,} −{count('remove', 0):,} | {part.errors + part.warnings} | {word}{_digest(part)} |"
        )
    return "\n".join(rows)


def _digest(part: Part) -> str:
    return f" `{part.digest.removeprefix('sha256:')[:12]}`" if part.digest else ""


def _foot(parts: Sequence[Part], context: Context) -> str:
    is_promised = any(part.result in ("planned", "blocked") for part in parts) and not context.invalid
    promise = (
        "After the merge, `apply` makes only the changes of this edit, or fewer. Anything else is refused and planned anew.\n\n"
        if is_promised
        else ""
    )
    return (
        f"{promise}<sub>Head `{context.head[:12]}` on base `{context.base[:12]}` · [run]({context.run_url}) · "
        f"{context.as_of}</sub>"
    )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}" if number else ""


def _bytes(text: str) -> int:
    return len(text.encode())

"""Keep the issue: what becomes of the one drift issue of a repository, given what was found now (research: actions 4.5).

It is found by its label, its mark at the very beginning and its author, never by its title: people may rename it. It is
never closed by a check that failed, and stays closed where a person closed it as not planned and nothing has changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from reconciler.model.part import MOMENT, NAME, SEAL, Part
from reconciler.stages.authorship import is_written_by

LABEL = "reconcile-drift"
MARK = "<!-- reconcile:drift:v1 "
_MARKED = re.compile(r"<!-- reconcile:drift:v1 (\{.*?\}) -->")
SICK = 3  # checks in a row that failed, after which the issue says so


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the issue remembers: fingerprints of what differs by target, checks that failed in a row, quarantines."""

    differs: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    quarantined: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # (code, since)

    def mark(self) -> str:
        """The hidden first line of the issue."""
        state = {
            "differs": dict(self.differs), "failed": dict(self.failed),
            "quarantined": {name: list(found) for name, found in self.quarantined.items()},
        }  # fmt: skip
        text = json.dumps(state, sort_keys=True, separators=(",", ":"))
        return f"{MARK}{text.replace('>', chr(92) + 'u003e').replace('--', '-' + chr(92) + 'u002d')} -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """The issue as it stands."""

    number: int
    is_open: bool
    is_snoozed: bool  # closed by somebody as not planned
    memory: Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do with the issue; what it will say is written by `reports`."""

    do: Literal["create", "edit", "comment", "reopen", "close", "close-duplicate"]
    number: int | None = None
    text: str = ""


def read_issues(rows: Iterable[Mapping[str, Any]], bot: str) -> tuple[Issue | None, tuple[int, ...]]:
    """Our issue, the one of the lowest number, and the numbers of others of ours that are open."""
    ours = sorted((issue for row in rows if (issue := _ours(row, bot))), key=lambda issue: issue.number)
    if not ours:
        return None, ()
    return ours[0], tuple(issue.number for issue in ours[1:] if issue.is_open)


def remember(before: Memory, parts: Sequence[Part], targets: Iterable[str], *, all_known: bool) -> Memory:
    """The memory after these parts. A target without a part, or whose check failed, keeps what was known of it.

    `all_known`: `targets` are all that are declared, so what is remembered of others is forgotten.
    """
    names = set(targets)
    keep = (
        names
        if all_known
        else names | before.differs.keys() | before.quarantined.keys() | before.failed.keys()
    )
    differs = {name: seal for name, seal in before.differs.items() if name in keep}
    failed = {name: count for name, count in before.failed.items() if name in keep}
    quarantined = {name: found for name, found in before.quarantined.items() if name in keep}
    told = {part.target: part for part in parts}
    for name in sorted(names):
        part = told.get(name)
        if part is not None and part.quarantine:
            quarantined[name] = (part.quarantine, part.since)
        elif part is not None and _is_done(part):
            quarantined.pop(name, None)
        if part is None or part.result == "failed" or part.unread:
            failed[name] = failed.get(name, 0) + 1
            continue
        failed.pop(name, None)
        differs.pop(name, None)
        if part.fingerprint:
            differs[name] = part.fingerprint
    return Memory(differs=differs, failed=failed, quarantined=quarantined)


def _is_done(part: Part) -> bool:
    """Whether this apply ends a quarantine: one that was refused, or had nothing of its own to do, proves nothing."""
    is_at_rest = part.result == "noop" and not part.fingerprint and not part.unread
    return part.kind == "apply" and (part.result == "applied" or is_at_rest)


def next_steps(issue: Issue | None, extra: Sequence[int], now: Memory) -> list[Step]:
    """What to do, in order; nothing where all is well and was before."""
    steps = [Step(do="close-duplicate", number=number) for number in extra]
    is_amiss = bool(now.differs or now.quarantined)
    if issue is None:
        return [*steps, Step(do="create")] if is_amiss else steps
    number, before = issue.number, issue.memory
    is_same = dict(before.differs) == dict(now.differs) and dict(before.quarantined) == dict(now.quarantined)
    if not is_amiss and now.failed:  # a check that failed proves nothing
        return [*steps, Step(do="edit", number=number)] if issue.is_open else steps
    if not is_amiss:
        done = [Step(do="comment", number=number, text=_WELL), Step(do="close", number=number)]
        return [*steps, *done] if issue.is_open else steps
    if issue.is_open:
        told = [] if is_same else [Step(do="comment", number=number, text=_difference(before, now))]
        return [*steps, Step(do="edit", number=number), *told]
    if issue.is_snoozed and is_same:
        return steps
    return [
        *steps,
        Step(do="reopen", number=number),
        Step(do="comment", number=number, text=_difference(before, now)),
    ]


_WELL = "Every target is as declared again."


def _difference(before: Memory, now: Memory) -> str:
    """Which targets differ now that did not, otherwise than before, and no more."""
    lines = []
    fresh = sorted(now.differs.keys() - before.differs.keys())
    other = sorted(
        n for n in now.differs.keys() & before.differs.keys() if now.differs[n] != before.differs[n]
    )
    gone = sorted(before.differs.keys() - now.differs.keys())
    quarantined = sorted(now.quarantined.keys() - before.quarantined.keys())
    for words, names in (
        ("differs now", fresh), ("differs otherwise than before", other), ("is as declared again", gone),
        ("is in quarantine", quarantined),
    ):  # fmt: skip
        lines += [f"- `{name}` {words}" for name in names]
    return "\n".join(["What differs has changed:", *lines]) if lines else "What differed is still there."


def _ours(row: Mapping[str, Any], bot: str) -> Issue | None:
    number = row.get("number")
    if not is_written_by(row, bot, MARK) or not isinstance(number, int):
        return None
    return Issue(
        number=number, is_open=row.get("state") == "open",
        is_snoozed=row.get("state") == "closed" and row.get("state_reason") == "not_planned", memory=_memory(str(row["body"])),
    )  # fmt: skip


def _memory(body: str) -> Memory:
    """What the mark says; anything that it cannot say is not believed."""
    found = _MARKED.match(body)
    try:
        state = json.loads(found[1]) if found else {}
        return Memory(
            differs={n: s for n, s in state["differs"].items() if NAME.fullmatch(n) and SEAL.fullmatch(s)},
            failed={n: int(c) for n, c in state["failed"].items() if NAME.fullmatch(n) and 0 <= int(c) < 10**6},
            quarantined={
                n: (str(code), str(since)) for n, (code, since) in state["quarantined"].items()
                if NAME.fullmatch(n) and re.fullmatch(r"[A-Za-z]{0,60}", code) and MOMENT.fullmatch(since)
            },
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Memory()

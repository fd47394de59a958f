"""Notice: the words of a message about a target: what happened, what is not done, and what to type next."""

from __future__ import annotations

from typing import assert_never

from reconciler.model.neutral import neutral
from reconciler.model.notice import Situation

# What chat programs read as a mention, a link or markup; a reason holds words that came from an endpoint (DESIGN 7).
_MARKUP = str.maketrans(
    {"<": "‹", ">": "›", "[": "(", "]": ")", "`": "'", "*": "·", "~": "-", "|": "/", "@": "＠"}
)


def notice_subject(situation: Situation) -> str:
    """The subject of a mail, in one line."""
    match situation.condition:
        case "quarantine":
            words = "is in quarantine"
        case "partial":
            words = "was applied in part"
        case "well":
            words = "is well again"
        case _:
            assert_never(situation.condition)
    return f"[reconcile] {situation.target} {words}"


def notice_text(situation: Situation) -> str:
    """The message, in a few lines of plain text."""
    name, again = situation.target, f"reconcile apply --target {situation.target}"
    log = [f"Details: `reconcile log {situation.run}`"] if situation.run else []
    counts = f"{situation.done:,} changes done, {situation.failed:,} not done"
    match situation.condition:
        case "quarantine":
            lines = [
                f"{name} is in quarantine: {_plain(situation.reason)}",
                f"{counts}. Until this is over, scheduled runs skip {name}: nobody gets or loses access there.",
                f"Next: mend the cause, then type `{again}`; quarantine ends once that succeeds.",
            ]
        case "partial":
            lines = [
                f"{name} was applied in part: {_plain(situation.reason)}",
                f"{counts}.",
                f"Next: look at the log, mend the cause, then type `{again}`; it does only what is left.",
            ]
        case "well":
            lines = [
                f"{name} is well again: the last apply succeeded, {situation.done:,} changes done.",
                "Next: nothing to do.",
            ]
        case _:
            assert_never(situation.condition)
    return "\n".join([*lines, *log])


def notice_document(situation: Situation) -> dict[str, object]:
    """The message for a webhook: `text`, which Slack and Teams show, and the same as fields."""
    return {
        "text": notice_text(situation),
        "target": situation.target,
        "event": "recovery" if situation.condition == "well" else situation.condition,
        "reason": neutral(situation.reason) or None,
        "run": situation.run or None,
        "counts": {"done": situation.done, "failed": situation.failed, "withheld": situation.withheld},
    }


def _plain(text: str) -> str:
    return neutral(text).translate(_MARKUP)

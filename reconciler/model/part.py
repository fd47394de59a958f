"""Parts: what one job of a workflow hands to the job that writes to GitHub: one target's result, ready to be shown.

It holds no more than its reader may see: `levels` are the same section in Markdown, from all its detail to the least.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

FORMAT = 1
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
SEAL = re.compile(r"(sha256:)?[0-9a-f]{0,64}")
WORD = re.compile(r"[a-z-]{0,40}")
MOMENT = re.compile(r"[0-9TZ:.+-]{0,40}")
COUNTS = (
    "create",
    "adopt",
    "update",
    "reactivate",
    "deactivate",
    "delete",
    "groups",
    "add",
    "remove",
    "drift",
)

Kind = Literal["plan", "apply", "drift"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One target's result: `counts` of users by action, of groups, of members, and of what had drifted before.

    `result` is a fixed word (planned, blocked, failed, applied, noop, stale, refused, superseded, partial, drifted, rest);
    `digest` is the plan's; `fingerprint` that of what still differs, which `levels` show; `said` is what an apply came to.
    """

    kind: Kind
    target: str
    result: str
    counts: Mapping[str, int] = field(default_factory=dict)
    warnings: int = 0
    errors: int = 0
    digest: str = ""
    fingerprint: str = ""
    quarantine: str = ""  # a code, empty for none
    since: str = ""  # of the quarantine, ISO 8601
    unread: bool = False  # what is live could not be read after an apply, so nobody knows what still differs
    levels: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """As `part.json` holds it."""
        return {"formatVersion": FORMAT, **asdict(self), "levels": list(self.levels), "said": list(self.said)}


def part_from_json(document: Any) -> Part:
    """The part that a file holds. Raises ValueError for anything else: it came from another job, and is shown to people."""
    try:
        counts = {name: _count(number) for name, number in document["counts"].items() if name in COUNTS}
        part = Part(
            kind=_kind(document["kind"], document["formatVersion"]), target=_fit(NAME, document["target"]), result=_fit(WORD, document["result"]), counts=counts,
            warnings=_count(document["warnings"]), errors=_count(document["errors"]), digest=_fit(SEAL, document["digest"]),
            fingerprint=_fit(SEAL, document["fingerprint"]), quarantine=_fit(re.compile(r"[A-Za-z]{0,60}"), document["quarantine"]),
            since=_fit(MOMENT, document["since"]), unread=_flag(document["unread"]), levels=_texts(document["levels"]), said=_texts(document["said"]),
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"this is no part of ours ({type(error).__name__})") from None
    return part


def _kind(kind: object, version: object) -> Kind:
    if version != FORMAT or kind not in ("plan", "apply", "drift"):
        raise ValueError("another format")
    return kind


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def _count(number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 10**9:
        raise ValueError("no count")
    return number


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError("no list")
    return tuple(_text(value) for value in values)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _fit(form: re.Pattern[str], value: object) -> str:
    if not form.fullmatch(_text(value)):
        raise ValueError("no such word")
    return _text(value)

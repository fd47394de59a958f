"""Values: attribute values as people read them, without quotes and brackets; long ones around what differs."""

from __future__ import annotations

import json

from reconciler.model import stand_in
from reconciler.model.neutral import neutral

WIDEST = 120  # characters of a value that Markdown shows
AHEAD = 20  # of what two long values have in common before they differ


def shown(value: object) -> str:
    """A value as text, with what is invisible escaped; lists with commas; what is not to be shown by its stand-in."""
    value = stand_in.shown(value)
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value)) or "nothing"
    return neutral(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True))


def is_nothing(value: object) -> bool:
    """Unassigned, or a list without elements, which is the same (RFC 7643 section 2.5)."""
    return value is None or value in ([], ())


def short_path(path: str) -> str:
    """A path without the beginning that all extensions of RFC 7643 share."""
    return path.removeprefix("urn:ietf:params:scim:schemas:extension:")


def narrowed(text: str) -> str:
    """`text`, its middle left out where it is long."""
    half = WIDEST // 2
    return text if len(text) <= WIDEST else f"{text[:half]} … {text[-half:]}"


def narrowed_pair(before: str, after: str) -> tuple[str, str]:
    """Two values, shortened from their beginning so that what differs can be seen."""
    if max(len(before), len(after)) <= WIDEST:
        return before, after
    pairs = zip(before, after, strict=False)
    same = next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(before), len(after)))
    start = max(0, same - AHEAD)
    lead = "… " if start else ""
    return narrowed(lead + before[start:]), narrowed(lead + after[start:])

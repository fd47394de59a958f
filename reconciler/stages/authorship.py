"""Authorship: whether a comment or an issue is ours; anybody may copy the mark that it begins with (research: actions 2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_written_by(row: Mapping[str, Any], bot: str, mark: str) -> bool:
    """Whether `bot` wrote this and it begins with our mark. A name that ends in `[bot]` is an app's, not a person's."""
    user, body = row.get("user") or {}, row.get("body")
    is_ours = user.get("login") == bot and (user.get("type") == "Bot" or not bot.endswith("[bot]"))
    return is_ours and isinstance(body, str) and body.startswith(mark)

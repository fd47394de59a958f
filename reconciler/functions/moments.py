"""Moments: dates and timestamps of the desired state as instants in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LAST_DAY = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)


def start(text: str) -> datetime:
    """The instant at which `text` begins: a timestamp itself, a date at 00:00 UTC. Raises ValueError."""
    text = text.strip()
    if _DATE.fullmatch(text):
        return datetime.combine(datetime.fromisoformat(text).date(), time(), UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def end(text: str) -> datetime:
    """The instant at which `text` is over: a timestamp itself, a date after that whole day, UTC. Raises ValueError."""
    begin = start(text)
    if not _DATE.fullmatch(text.strip()):
        return begin
    return begin + timedelta(days=1) if begin < _LAST_DAY else datetime.max.replace(tzinfo=UTC)

"""Pace: when the next request may go, as declared, and slower where the endpoint says so (429, 503)."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 120.0
SLOWEST = 8.0  # how many times longer than declared the interval may become
_EPOCH = 1_000_000_000  # a larger number is a moment, a smaller one a duration


class Pace:
    """Spaces requests evenly at `per_second`; a refusal for haste holds all of them back."""

    def __init__(self, per_second: float) -> None:
        self._declared = self._interval = 1 / per_second
        self._next = 0.0

    async def turn(self) -> None:
        """Waits until the next request may go."""
        now = time.monotonic()
        at = max(self._next, now)
        self._next = at + self._interval
        if at > now:
            await asyncio.sleep(at - now)

    def hold(self, seconds: float) -> None:
        """The endpoint asks for patience: nothing goes for that long, and then more slowly."""
        self._next = max(self._next, time.monotonic() + seconds)
        self._interval = min(self._interval * 1.25, self._declared * SLOWEST)

    def ease(self) -> None:
        """The endpoint is content: back to the declared rate by and by."""
        if self._interval > self._declared:
            self._interval = max(self._declared, self._interval * 0.98)


def told_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, as an answer says: Retry-After in seconds or as a date, or X-RateLimit-Reset (RFC 9110 10.2.3)."""
    after, reset = headers.get("retry-after", "").strip(), headers.get("x-ratelimit-reset", "").strip()
    wait: float | None = None
    if _is_number(after):
        wait = float(after)
    elif after:
        try:
            wait = parsedate_to_datetime(after).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            wait = None
    elif _is_number(reset):
        wait = float(reset) - time.time() if float(reset) > _EPOCH else float(reset)
    return min(max(wait, 0.05), LONGEST_WAIT) if wait is not None else None


def backoff(attempt: int) -> float:
    """Seconds to wait before the next try, when the endpoint says nothing: doubling, with jitter."""
    return min(LONGEST_WAIT, 0.2 * float(2**attempt)) * random.uniform(0.5, 1.0)  # noqa: S311  # jitter is no secret


def _is_number(text: str) -> bool:
    return len(text) < 20 and text.replace(".", "", 1).isdecimal()

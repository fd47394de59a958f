"""The faults that every boundary of an apply is tried with."""

from __future__ import annotations

import signal
import time

from tests.faults.proxy import Fault, date_in, error, page

TIMEOUT = 1  # seconds, as the tests' targets are configured


def _until_date() -> bytes:
    return error(429, f"Retry-After: {date_in(1)}")()


def _until_epoch() -> bytes:
    return error(429, f"X-RateLimit-Reset: {int(time.time()) + 1}")()


LOST = (
    Fault(name="connection refused", kind="refuse", seconds=0.15),
    Fault(name="reset before", kind="reset"),
    Fault(name="reset after", kind="reset", forwards=True),
    Fault(name="cut in the middle", kind="cut", forwards=True),
    Fault(name="too slow", kind="slow", forwards=True, seconds=TIMEOUT + 0.3),
)
LIMITED = (
    Fault(name="429, seconds", kind="answer", answer=error(429, "Retry-After: 1")),
    Fault(name="429, date", kind="answer", answer=_until_date),
    Fault(name="429, epoch", kind="answer", answer=_until_epoch),
    Fault(name="429, no header", kind="answer", answer=error(429)),
    Fault(name="503, seconds", kind="answer", answer=error(503, "Retry-After: 1")),
)  # fmt: skip
BROKEN = tuple(
    Fault(
        name=f"{status} {'after' if forwards else 'before'}",
        kind="answer",
        forwards=forwards,
        answer=error(status),
    )
    for status in (500, 502, 503, 504)
    for forwards in (False, True)
)
STRANGE = (
    Fault(name="HTML before", kind="answer", answer=page(200)),
    Fault(name="HTML after", kind="answer", forwards=True, answer=page(200)),
    Fault(name="HTML and 503", kind="answer", answer=page(503)),
)
EXPIRED = Fault(name="401 from here on", kind="answer", answer=error(401), is_lasting=True)
KILLS = (
    Fault(name="killed before", kind="signal", signal=signal.SIGKILL, seconds=0.01),
    Fault(name="killed after", kind="signal", signal=signal.SIGKILL, seconds=0.01, forwards=True),
)
GONE = Fault(name="gone from here on", kind="refuse", is_lasting=True)
STOPS = (
    Fault(name="SIGINT", kind="signal", signal=signal.SIGINT, seconds=0.1),
    Fault(name="SIGTERM", kind="signal", signal=signal.SIGTERM, seconds=0.1),
)
ALL = (*LOST, *LIMITED, *BROKEN, *STRANGE, EXPIRED, *KILLS, *STOPS)


def redirect(status: int, url: str) -> Fault:
    """The answer sends the request elsewhere."""
    return Fault(name=f"{status} elsewhere", kind="answer", answer=error(status, f"Location: {url}"))

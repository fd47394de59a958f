"""Unhurried: reading much in without the garbage collector, which would walk over all of it again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# How many new objects there may be before the youngest are looked at, how often before those that stayed are, and all.
# By default it is 700, and a page of a list has thousands: they would be walked over while it is still being decoded.
THRESHOLDS = (100_000, 5, 1_000)


@contextmanager
def unhurried() -> Iterator[None]:
    """Keeps the garbage collector from walking over and over what is only being read in (research: perf 1a)."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.set_threshold(*THRESHOLDS)
            gc.freeze()  # what was read in stays: it need not be looked at again
            gc.enable()

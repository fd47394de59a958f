"""Unhurried: reading much in without the garbage collector, which would walk over all of it again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unhurried() -> Iterator[None]:
    """Keeps the garbage collector from walking over and over what is only being read in (research: perf 1a)."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.freeze()  # what was read in stays: it need not be looked at again
            gc.enable()

"""How much is tried: a little with every `make test`, for long with RECONCILE_FULL=1; each target counts what it tried."""

from __future__ import annotations

import functools
import os
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from hypothesis import HealthCheck, Phase, settings

IS_FULL = os.environ.get("RECONCILE_FULL") == "1"
LONGER = 40  # times as many examples
LONGEST = (
    10.0  # seconds for what must be bounded; all of it takes far less on a machine that does nothing else
)
TRIED: Counter[str] = Counter()

P = ParamSpec("P")
R = TypeVar("R")


def tries(examples: int, *, slow: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """So many examples, and more in full; `slow` ones start processes, and are multiplied less."""
    count = examples * (LONGER // 4 if slow else LONGER) if IS_FULL else examples
    return settings(
        max_examples=count, deadline=None, database=None, print_blob=True, derandomize=not IS_FULL,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink) if IS_FULL else (Phase.explicit, Phase.generate),
    )  # fmt: skip


def tried(target: str, times: int = 1) -> None:
    """Counts an example of a target."""
    TRIED[target] += times


def within(seconds: float, act: Callable[[], R]) -> R:
    """What `act` gives; it must not take longer."""
    start = time.monotonic()
    result = act()

    took = time.monotonic() - start
    assert took < seconds, f"took {took:.1f} s"
    return result


def counted(target: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Counts every call as an example of the target."""

    def decorate(test: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(test)
        def run(*args: Any, **kwargs: Any) -> R:
            tried(target)
            return test(*args, **kwargs)

        return run

    return decorate

"""How many examples a property is tried with: a few with every `make test`, many with RECONCILE_FULL."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

IS_FULL = os.environ.get("RECONCILE_FULL", "0") != "0"


def tries(few: int, many: int) -> settings:
    """A few examples, the same in every run; in full many, and others each time."""
    return settings(
        max_examples=many if IS_FULL else few, deadline=None, print_blob=True, derandomize=not IS_FULL,
        phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip

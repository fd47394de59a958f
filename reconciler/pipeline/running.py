"""Running: one target's apply as a run: locked, logged, and ended by a signal without losing what is in flight."""

from __future__ import annotations

import asyncio
import signal
from contextlib import ExitStack
from datetime import UTC, datetime

from reconciler.edge.run_lock import hold_target
from reconciler.edge.run_log import RunLog
from reconciler.model.errors import TargetError
from reconciler.model.request import Outcome
from reconciler.pipeline.acting import Applied, apply_planned
from reconciler.pipeline.planning import Planned
from reconciler.pipeline.world import World

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_target(planned: Planned, world: World) -> Applied:
    """Applies one target's plan; what stops the whole run is in `error`. SIGINT and SIGTERM end it early."""
    name, plan = planned.target.name, planned.plan
    run = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{name}"
    try:
        with ExitStack() as stack:
            stack.enter_context(hold_target(world.data, name))
            log = stack.enter_context(RunLog(world.data, run))
            log.start(
                target=name, digest=plan.digest, desired=plan.desired, as_of=f"{world.now:%Y-%m-%dT%H:%M:%SZ}",
                at=now_text(), changes=len(plan.changes), budgets=plan.budgets,
            )  # fmt: skip
            applied = asyncio.run(_run(planned, world, log))
            log.finish(
                at=now_text(), succeeded=applied.done, failed=len(applied.remaining) or int(applied.error is not None),
                withheld=len(applied.withheld), reason=applied.broken or str(applied.error or ""),
            )  # fmt: skip
    except TargetError as error:
        return Applied(name=name, error=error)
    applied.run = run
    return applied


async def _run(planned: Planned, world: World, log: RunLog) -> Applied:
    stop = asyncio.Event()
    for number in SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    finished: set[tuple[str, str]] = set()

    def tell(outcome: Outcome) -> None:
        log.outcome(outcome, at=now_text())
        finished.add((outcome.change.type, outcome.change.key))
        world.tell(f"applying to {planned.target.name}", len(finished), len(planned.plan.changes))

    return await apply_planned(planned, tell, stop)


def now_text() -> str:
    """The present moment, for the run log."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""Running: one target's apply as a run: locked, logged, and ended by a signal without losing what is in flight."""

from __future__ import annotations

import asyncio
import signal
from contextlib import ExitStack, suppress

from reconciler.edge.run_lock import hold_target
from reconciler.model.errors import TargetError
from reconciler.model.request import Outcome
from reconciler.pipeline.acting import Applied, apply_planned
from reconciler.pipeline.planning import Planned
from reconciler.pipeline.recording import Recorder, open_log
from reconciler.pipeline.world import World

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_target(planned: Planned, world: World) -> Applied:
    """Applies one target's plan; what stops the whole run is in `error`. SIGINT and SIGTERM end it early."""
    name = planned.target.name
    try:
        with ExitStack() as stack:
            stack.enter_context(hold_target(world.data, name))
            log = stack.enter_context(open_log(planned, world))
            recorder = Recorder(log, planned, world)
            recorder.begin()
            applied = asyncio.run(_run(planned, world, recorder))
            applied.run = log.run
            with suppress(OSError):  # a log without an end says that it was cut off
                recorder.end(applied)
    except TargetError as error:
        return Applied(name=name, error=error)
    return applied


async def _run(planned: Planned, world: World, recorder: Recorder) -> Applied:
    stop = asyncio.Event()
    for number in SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    finished: set[tuple[str, str]] = set()
    unlogged: list[OSError] = []

    def tell(outcome: Outcome) -> None:
        try:
            recorder.outcome(outcome)
        except OSError as error:  # a disk that is full: what is not logged is not to be done
            unlogged.append(error)
            stop.set()
        finished.add((outcome.change.type, outcome.change.key))
        world.tell(f"applying to {planned.target.name}", len(finished), len(planned.plan.changes))

    applied = await apply_planned(planned, tell, stop)
    if unlogged:
        applied.error = TargetError(
            f"the run log cannot be written ({unlogged[0].strerror}); the run was stopped"
        )
    return applied

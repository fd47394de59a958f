"""Write probe: look at a target, try writes on canaries of its own, and say what that showed. Only this one writes."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from fnmatch import fnmatchcase
from math import inf

from reconciler.edge.client import open_writer
from reconciler.edge.learnt_file import save_learnt
from reconciler.edge.run_lock import hold_target
from reconciler.model.canary import DOMAIN, canary_name
from reconciler.model.desired import DesiredState
from reconciler.model.errors import TargetError
from reconciler.model.target import Target
from reconciler.model.verdict import Checkup, Verdict, fail
from reconciler.pipeline.checking import judge
from reconciler.pipeline.looking import Looked, look
from reconciler.pipeline.probe import probe
from reconciler.pipeline.world import World, connect
from reconciler.stages.verdicts.conclude import conclude
from reconciler.stages.verdicts.writes import judge_removals, judge_writes

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def probe_target(state: DesiredState, target: Target, world: World, guid: str) -> Checkup:
    """The checkup of one target with a write probe, whose canaries have names made of `guid`.

    What it shows of the endpoint's dialect is remembered as an apply remembers it. SIGINT and SIGTERM end it early.
    """
    try:
        with hold_target(world.data, target.name):
            return asyncio.run(_run(state, target, world, guid))
    except TargetError as error:
        nothing = Checkup(target=target.name, url="", profile=target.profile.name, verdicts={})
        return nothing.also("writes", [fail("not-begun", str(error))])


async def _run(state: DesiredState, target: Target, world: World, guid: str) -> Checkup:
    looked = await look(state, target, world, guid, pages=inf)
    checkup = judge(target, looked, world)
    token = guid.replace("-", "")[:12]
    against = _against(checkup, looked, target, token)
    if against is not None:
        return checkup.also("writes", [against])
    return await _probe(looked, target, world, token, checkup)


def _against(checkup: Checkup, looked: Looked, target: Target, token: str) -> Verdict | None:
    """Why nothing is written although a person agreed to it, or None."""
    if checkup.error is not None or looked.live is None:
        return fail("not-begun", "nothing was written: what is told above comes first")
    name = canary_name(token, 1)
    patterns = (*target.protected_users, *target.protected_groups)
    names = (name, f"{name}@{DOMAIN}")
    if any(fnmatchcase(one, pattern.casefold()) for one in names for pattern in patterns):
        text = f"nothing was written: `protected` of the target covers the canaries ({name})"
        return fail("protected", text, "write patterns there that do not")
    return None


async def _probe(looked: Looked, target: Target, world: World, token: str, checkup: Checkup) -> Checkup:
    stop, live = asyncio.Event(), looked.live
    assert live is not None
    for number in SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_writer(checkup.url, connect(target, world), target.client) as writer:
        probed = await probe(looked, live, target, token, writer, stop)
    is_promised = looked.found.etag_supported
    checkup = checkup.also("writes", judge_writes(probed, target, speaks_of_versions=is_promised))
    checkup = checkup.also("canaries", judge_removals(probed, checkup.url))
    if probed.stopped:
        return checkup
    told = conclude(probed.trials, target, looked.dialect, looked.remembered, live, looked.columns)
    if told.learnt:
        save_learnt(world.data, target.name, dict(told.remembered))
    return replace(checkup, learnt=told.learnt, profile_lines=told.profile)

"""Checking: look at each target, and say what is to be said of it."""

from __future__ import annotations

import asyncio

from reconciler.model.desired import DesiredState
from reconciler.model.target import Target
from reconciler.model.verdict import Checkup, Verdicts
from reconciler.pipeline.looking import Looked, look
from reconciler.pipeline.world import World, choose
from reconciler.stages.verdicts.attributes import judge_attributes
from reconciler.stages.verdicts.connection import judge_connection, judge_credentials
from reconciler.stages.verdicts.discovery import judge_discovery
from reconciler.stages.verdicts.lists import judge_lists
from reconciler.stages.verdicts.lookups import judge_lookups
from reconciler.stages.verdicts.tempo import judge_tempo


def check_targets(state: DesiredState, names: tuple[str, ...], world: World, guid: str) -> list[Checkup]:
    """The checkup of each chosen target; nothing on the way can write. `guid` is a value that nobody has.

    Raises UsageError for a target that is not declared.
    """

    async def run() -> list[Checkup]:
        return [
            judge(target, await look(state, target, world, guid), world) for target in choose(state, names)
        ]

    return asyncio.run(run())


def judge(target: Target, looked: Looked, world: World) -> Checkup:
    """What is made of what was seen."""
    sight, columns = looked.sight, looked.columns
    told = {
        "connection": judge_connection(sight, world.now),
        "credentials": judge_credentials(sight, target),
        "discovery": judge_discovery(sight, target, looked.found, columns),
        "look-ups": judge_lookups(sight, columns),
        "lists": judge_lists(sight, columns),
        "attributes": judge_attributes(sight, target, columns),
        "tempo": judge_tempo(sight, target, columns),
    }
    verdicts: Verdicts = {section: found for section, each in told.items() if (found := tuple(each))}  # type: ignore[misc]
    return Checkup(target=target.name, url=sight.url, profile=target.profile.name, verdicts=verdicts)

"""Probe: canaries made, changed in every form that apply knows, and removed again; what that showed, unjudged."""

from __future__ import annotations

import asyncio

from reconciler.edge.canaries import Canaries
from reconciler.edge.client import ScimWriter
from reconciler.model.canary import is_canary
from reconciler.model.errors import TargetError
from reconciler.model.resource import LiveState
from reconciler.model.target import Target
from reconciler.model.trial import Probed
from reconciler.pipeline.looking import Looked
from reconciler.pipeline.probe.groups import try_groups
from reconciler.pipeline.probe.trying import StoppedError, Trying
from reconciler.pipeline.probe.users import try_users

LEFT = "what an earlier probe left cannot be removed; no more canaries are made"


async def probe(
    looked: Looked, live: LiveState, target: Target, token: str, writer: ScimWriter, stop: asyncio.Event
) -> Probed:
    """Tries writes on canaries whose names hold `token`; whatever happens, each of them is removed, or told of.

    What a probe that was killed has left is found in the lists, and removed first.
    """
    canaries = Canaries(writer, looked.dialect.endpoints)
    for user in (user for user in live.users if is_canary(user.name)):
        canaries.know("User", user.name, user.id)
    for group in (group for group in live.groups if is_canary(group.name)):
        canaries.know("Group", group.name, group.id)
    earlier = await canaries.remove()
    if any(removal.state != "gone" for removal in earlier):
        return Probed(earlier=earlier, stopped=LEFT, has_written=canaries.has_written)
    trying = Trying(looked, target, token, canaries, stop)
    stopped, is_interrupted = "", False
    try:
        if users := await try_users(trying):
            await try_groups(trying, *users)
    except StoppedError:
        stopped, is_interrupted = "interrupted", True
    except TargetError as error:
        stopped = str(error)
    finally:
        removals = await canaries.remove()
    return Probed(
        trials=tuple(trying.trials), removals=removals, earlier=earlier, stopped=stopped, is_interrupted=is_interrupted,
        has_written=canaries.has_written,
    )  # fmt: skip

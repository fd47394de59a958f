"""Noticing: after a run, whom to tell of which target; each condition of it once."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.edge.notify import announce, load_told
from reconciler.edge.quarantine import load_quarantine
from reconciler.model.notice import judge_situation
from reconciler.pipeline.acting import Applied
from reconciler.pipeline.planning import Planned, is_whole
from reconciler.pipeline.world import World


def tell_people(planned: Iterable[Planned], applied: Iterable[Applied], world: World) -> tuple[str, ...]:
    """Sends the notices that are due; gives a warning for each that could not be sent."""
    part_by_name = {part.name: part for part in applied}
    return tuple(
        warning for each in planned for warning in _tell(each, part_by_name.get(each.target.name), world)
    )


def _tell(planned: Planned, part: Applied | None, world: World) -> tuple[str, ...]:
    target = planned.target
    if not target.notify:
        return ()
    quarantine = load_quarantine(world.data, target.name)
    situation = judge_situation(planned.plan, quarantine.reason if quarantine else None, part)
    if situation is None:
        return ()
    told = load_told(world.data, target.name)
    if situation.condition == "well" and told and told.condition == "partial" and not is_whole(planned):
        return ()
    return announce(situation, target, world.data, world.environ, root=world.base)

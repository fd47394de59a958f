"""Telling: one object's whole story at each target."""

from __future__ import annotations

from reconciler.edge.quarantine import load_quarantine
from reconciler.model.desired import DesiredState
from reconciler.model.errors import UsageError
from reconciler.pipeline.planning import Planned, lowered, make_plans
from reconciler.pipeline.world import World
from reconciler.stages.explain import explain_object


def explain(state: DesiredState, name: str, names: tuple[str, ...], world: World) -> list[dict[str, object]]:
    """The story of `user:<id>` or `group:<id>` at each chosen target. Raises UsageError for what is not declared."""
    kind, _, key = name.partition(":")
    known = {"user": state.users.keys() | state.removed.keys(), "group": state.groups.keys()}.get(kind)
    if known is None or key not in known:
        raise UsageError(f"explain {name}: write user:<id> or group:<id> of something that is declared")
    return [
        _story(state, planned, kind.capitalize(), key, world) for planned in make_plans(state, names, world)
    ]


def _story(state: DesiredState, planned: Planned, type_: str, key: str, world: World) -> dict[str, object]:
    session = planned.session
    found = load_quarantine(world.data, planned.target.name)
    quarantine = found.told if found else None
    if session is None:
        return {
            "target": planned.target.name,
            "object": f"{type_.lower()}:{key}",
            "error": planned.plan.error,
            "quarantine": quarantine,
        }
    story = explain_object(
        state,
        session.desired,
        planned.live,
        planned.target,
        session.facts,
        world.now,
        planned.plan,
        type_,
        key,
    )
    change = next((c for c in planned.plan.changes if (c.type, c.key) == (type_, key)), None)
    requests = lowered(session, change, session.ids(planned.live)) if change else []
    return {**story, "requests": requests, "quarantine": quarantine}

"""Telling: one object's whole story at each target."""

from __future__ import annotations

from reconciler.edge.quarantine import load_quarantine
from reconciler.model.desired import DesiredState
from reconciler.model.errors import UsageError
from reconciler.pipeline.planning import Planned, lowered, make_plans
from reconciler.pipeline.world import World
from reconciler.stages.explain import Scene, Story, find_topics, known_names, set_scene, tell_story
from reconciler.stages.explain.scene import Topic
from reconciler.stages.reading import closest

KINDS = ("user", "group", "live")


def explain(state: DesiredState, name: str, names: tuple[str, ...], world: World) -> list[Story]:
    """The stories of what `name` names, `user:…`, `group:…` or `live:…`, at each chosen target.

    Raises UsageError for what neither the desired state nor any of the endpoints knows.
    """
    kind, _, key = name.partition(":")
    if kind not in KINDS or not key:
        raise UsageError(f"explain {name}: write user:ID, group:ID or live:ID{_meant(name, state, [])}")
    planned = make_plans(state, names, world)
    scenes = {each.target.name: _scene(state, each, world) for each in planned if each.session}
    found = {target: find_topics(scene, name) for target, scene in scenes.items()}
    if not any(found.values()):
        close = _meant(name, state, list(scenes.values()))
        unknown = f"neither the desired state nor {_where(list(scenes))} knows {name}{close}"
        if len(scenes) == len(planned):
            raise UsageError(f"explain: {unknown}")
        return [_untold(each, name, each.plan.error or unknown, world) for each in planned]
    stories: list[Story] = []
    for each in planned:
        scene = scenes.get(each.target.name)
        if scene is None:
            stories.append(_untold(each, name, each.plan.error, world))
        else:
            stories += [_told(each, scene, topic, world) for topic in found[each.target.name]]
    return stories


def _scene(state: DesiredState, planned: Planned, world: World) -> Scene:
    session = planned.session
    assert session is not None
    return set_scene(
        state,
        session.desired,
        planned.live,
        planned.target,
        session.facts,
        world.now,
        planned.plan,
        session.place,
    )


def _untold(planned: Planned, name: str, error: str | None, world: World) -> Story:
    return {
        "formatVersion": 1, "target": planned.target.name, "url": planned.plan.url, "object": name, "error": error,
        "quarantine": _quarantine(planned, world),
    }  # fmt: skip


def _told(planned: Planned, scene: Scene, topic: Topic, world: World) -> Story:
    session, change = planned.session, scene.change(topic)
    assert session is not None
    return {
        **tell_story(scene, topic),
        "requests": lowered(session, change, session.ids(planned.live)) if change else [],
        "quarantine": _quarantine(planned, world),
    }


def _quarantine(planned: Planned, world: World) -> str | None:
    found = load_quarantine(world.data, planned.target.name)
    return found.told if found else None


def _where(names: list[str]) -> str:
    return (
        f"any of {', '.join(names)}" if len(names) > 1 else "".join(names) or "any target that could be read"
    )


def _meant(name: str, state: DesiredState, scenes: list[Scene]) -> str:
    known = list(known_names(state, scenes))
    bare = name.rpartition(":")[2].casefold()
    same = [one for one in known if one.partition(":")[2].casefold() == bare]
    close = same[0] if same else closest(name, known)
    return f"; did you mean {close}?" if close else ""

"""Imported: what the desired state says of somebody, and where each value of that was written."""

from __future__ import annotations

from reconciler.model.desired import Group
from reconciler.model.place import Origin
from reconciler.stages.explain.scene import Scene, Story, Topic, as_json
from reconciler.stages.provenance import Provenance, trace_group, trace_user
from reconciler.stages.trace import say_clause

LAYERS = ("id", "own", "location", "default", "defaultLocation")


def trace_topic(scene: Scene, topic: Topic) -> Provenance:
    """Where each source value of the topic comes from; nothing for who is not declared, or an explicit leaver."""
    if topic.type == "User" and (user := scene.state.users.get(topic.key)):
        return trace_user(scene.state, user)
    if topic.type == "Group" and (group := scene.state.groups.get(topic.key)):
        return trace_group(group)
    return Provenance(values={})


def tell_import(scene: Scene, topic: Topic, found: Provenance) -> Story:
    """The first step: the source attributes with their places."""
    state = scene.state
    user = state.users.get(topic.key) if topic.type == "User" else None
    group = state.groups.get(topic.key) if topic.type == "Group" else None
    removed = state.removed.get(topic.key) if topic.type == "User" else None
    entry = user or group
    origin = entry.origin if entry else removed
    return {
        "status": "declared" if entry else "removed" if removed else "undeclared",
        "source": scene.place(origin) if origin else None,
        "location": None if found.location is None or found.location_origin is None
        else {"id": found.location, "source": scene.place(found.location_origin)},
        "previousIds": list(entry.previous_ids) if entry else [],
        "values": [
            {
                "name": name, "value": as_json(one.value), "layer": one.layer, "template": one.template,
                "source": scene.place(one.origin),
            }
            for name, one in sorted(found.values.items(), key=lambda pair: (LAYERS.index(pair[1].layer), pair[0]))
        ],
        **(_of_group(scene, group) if group else {}),
    }  # fmt: skip


def _of_group(scene: Scene, group: Group) -> Story:
    rule = Origin(document=group.origin.document, path=(*group.origin.path, "membershipRule"))
    return {
        "owners": list(group.owners),
        "membershipRule": {"text": say_clause(group.rule), "source": scene.place(rule)}
        if group.rule
        else None,
    }

"""Matched: which live account somebody is: each matching attribute with its value and its hits, and what came of them."""

from __future__ import annotations

from reconciler.model.resource import KEEP, Cell, DesiredUser, LiveResource
from reconciler.stages.explain.scene import Resource, Scene, Story, Topic, as_json
from reconciler.stages.match import Matches

OWNERSHIP = {
    "declared": "the target owns only what is declared", "externalId": "the target owns whatever carries an externalId",
    "all": "the target owns everything",
}  # fmt: skip


def tell_match(scene: Scene, topic: Topic) -> Story | None:
    """The third step; None where the target gets nothing of that type."""
    matches = scene.matches.get(topic.type)
    if matches is None:
        return None
    resource = scene.resource(topic.type, topic.key)
    tried = _tried(scene, topic, resource) if resource is not None else []
    hits = {hit["id"] for row in tried for hit in row["hits"]}
    decided = next((row["attribute"] for row in tried if row["hits"]), None)
    outcome, text = _outcome(scene, topic, matches, resource, hits)
    return {
        "outcome": outcome, "text": text, "decidedBy": decided, "tried": tried,
        "account": _account(topic.live, matches, scene, topic) if topic.live else None,
    }  # fmt: skip


def _tried(scene: Scene, topic: Topic, resource: Resource) -> list[Story]:
    """The matching attributes by precedence; the first with any hit decides, and no other is asked."""
    columns, found = scene.columns[topic.type], False
    tried: list[Story] = []
    for index in columns.match:
        column, cell = columns.all[index], resource.values[index]
        cells: list[Cell] = [] if cell is KEEP or cell is None else [cell]
        cells += resource.previous if index == columns.external_id else ()
        wanted = {column.compare(one) for one in cells} - {None}
        hits = [] if found else [
            row for row in scene.rows(topic.type) if row.values[index] is not None and column.compare(row.values[index]) in wanted
        ]  # fmt: skip
        tried.append({
            "attribute": column.text, "values": [as_json(one) for one in cells], "isAsked": not found and bool(cells),
            "hits": [{"id": row.id, "name": row.name, "externalId": row.external_id, "active": row.active} for row in hits],
        })  # fmt: skip
        found = found or bool(hits)
    return tried


def _outcome(
    scene: Scene, topic: Topic, matches: Matches, resource: Resource | None, hits: set[str]
) -> tuple[str, str]:
    live = topic.live
    if resource is None and not topic.is_declared:
        assert live is not None
        return _undeclared(scene, live, matches)
    if resource is None:
        return "notAsked", "it is out of scope, and no account is looked for"
    if topic.key in matches.frozen_keys:
        return (
            "frozen",
            "nobody can tell which account it is: nothing is written or removed until that is settled",
        )
    if live is not None:
        return "matched", f"it is {live.name}"
    if hits:
        others = sorted(key for key, id_ in matches.ids.items() if id_ in hits)
        return "taken", f"what it matches is {', '.join(others) or 'somebody else'}"
    return "nobody", "no account there is this one"


def _undeclared(scene: Scene, live: LiveResource, matches: Matches) -> tuple[str, str]:
    ownership = scene.target.ownership
    rule = (
        OWNERSHIP[ownership]
        if isinstance(ownership, str)
        else f"the target owns the externalIds in {ownership[1]}"
    )
    if live.id in matches.frozen:
        return "frozen", "it may be somebody's whom the desired state has: nothing is written or removed"
    if any(row.id == live.id for row in matches.vanished):
        return "vanished", f"vanished, as nothing declares it: {rule}"
    return "unmanaged", f"unmanaged, as nothing declares it: {rule}"


def _account(live: LiveResource, matches: Matches, scene: Scene, topic: Topic) -> Story:
    resource = scene.resource(topic.type, topic.key)
    previous = resource.previous if isinstance(resource, DesiredUser) else ()
    return {
        "id": live.id, "name": live.name, "externalId": live.external_id, "active": live.active if topic.type == "User" else None,
        "provisionedByUs": topic.key in matches.ours, "byPreviousId": live.external_id in previous,
        "owned": live.id in matches.owned, "protected": live.id in matches.protected, "frozen": live.id in matches.frozen,
    }  # fmt: skip

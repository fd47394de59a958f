"""Topics: whom people mean by `user:ada`: an id, a userName or displayName, an externalId, or `live:<id>`."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.desired import DesiredState
from reconciler.model.resource import LiveResource, Type
from reconciler.stages.explain.scene import Scene, Topic

TYPES: dict[str, tuple[Type, ...]] = {"user": ("User",), "group": ("Group",), "live": ("User", "Group")}
LIVE = "live:"


def find_topics(scene: Scene, name: str) -> list[Topic]:
    """Whom `user:…`, `group:…` or `live:…` names at one target: what is declared before what is only live."""
    kind, _, key = name.partition(":")
    if kind == "live":
        key = name
    for type_ in TYPES.get(kind, ()):
        if type_ in scene.columns or _declared(scene.state, type_, key):
            found = _find(scene, type_, key)
            if found:
                return found
    return []


def known_names(state: DesiredState, scenes: list[Scene]) -> Iterator[str]:
    """Every name that `find_topics` knows, but ids that only an endpoint gave."""
    yield from (f"user:{key}" for key in (*state.users, *state.removed))
    yield from (f"group:{key}" for key in state.groups)
    for user in state.users.values():
        yield from (f"user:{name}" for name in _names(user.attributes.get("userPrincipalName")))
    for group in state.groups.values():
        yield from (f"group:{name}" for name in _names(group.attributes.get("displayName")))
    for scene in scenes:
        for type_ in scene.columns:
            yield from (f"{type_.lower()}:{row.name}" for row in scene.rows(type_))


def _names(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else ()


def _find(scene: Scene, type_: Type, key: str) -> list[Topic]:
    if not key.startswith(LIVE):
        declared = _declared(scene.state, type_, key)
        if declared:
            return [_topic(scene, type_, declared)]
    live = [row for row in scene.rows(type_) if _is_named(row, key)]
    return [_live_topic(scene, type_, row) for row in live]


def _declared(state: DesiredState, type_: Type, key: str) -> str | None:
    """The id of what is declared by that id, else by that name ignoring case."""
    if type_ == "Group":
        names = {group.id: group.attributes.get("displayName") for group in state.groups.values()}
    else:
        names = {user.id: user.attributes.get("userPrincipalName") for user in state.users.values()}
    if key in names or (type_ == "User" and key in state.removed):
        return key
    return next(
        (id_ for id_, name in names.items() if isinstance(name, str) and name.casefold() == key.casefold()),
        None,
    )


def _is_named(row: LiveResource, key: str) -> bool:
    if key.startswith(LIVE):
        return row.id == key.removeprefix(LIVE)
    return row.external_id == key or row.name.casefold() == key.casefold()


def _topic(scene: Scene, type_: Type, key: str) -> Topic:
    matches = scene.matches.get(type_)
    return Topic(type=type_, key=key, live=matches.pairs.get(key) if matches else None, is_declared=True)


def _live_topic(scene: Scene, type_: Type, row: LiveResource) -> Topic:
    """What is live is told as what it is matched with, if that is anything."""
    matches = scene.matches[type_]
    key = next((key for key, id_ in matches.ids.items() if id_ == row.id), None)
    if key is not None:
        return _topic(scene, type_, key)
    changed = next((c.key for c in scene.plan.changes if c.type == type_ and c.id == row.id), None)
    return Topic(type=type_, key=changed or f"{LIVE}{row.id}", live=row, is_declared=False)

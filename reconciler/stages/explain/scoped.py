"""Scoped: is somebody in scope: their own state, the assignment with the groups that lead to it, the filter clause by clause."""

from __future__ import annotations

from reconciler.model.desired import User
from reconciler.model.place import Origin
from reconciler.model.resource import DesiredUser
from reconciler.stages.blame import Side, find_exclusion
from reconciler.stages.explain.scene import Scene, Story, Topic, as_json, tell_clause, tell_way
from reconciler.stages.membership import has_left, is_disabled, is_hired
from reconciler.stages.provenance import Provenance
from reconciler.stages.trace import trace_clause

GROUPS = {
    "all": "the target gets every group", "assigned": "the target gets the groups that are assigned to it",
    "none": "the target gets no groups",
}  # fmt: skip


def tell_scope(scene: Scene, topic: Topic, found: Provenance) -> Story:
    """The second step: each gate with what decided it, whether or not an earlier one decided already."""
    if topic.type == "Group":
        return _of_group(scene, topic)
    desired = scene.desired.users.get(topic.key)
    user = scene.state.users.get(topic.key)
    if desired is None or user is None:
        status = desired.status if desired else "undeclared"
        reason = desired.reason if desired else "nothing declares it"
        source = scene.place(desired.origin) if desired else None
        return _story(status, reason, source, [], None, None, [])
    reason, source = desired.reason, scene.place(desired.origin)
    if desired.status == "outOfScope":
        side = Side(state=scene.state, target=scene.target, desired=scene.desired, now=scene.now)
        reason, origin = find_exclusion(side, user)
        source = scene.place(origin) if origin else source
    return _story(
        desired.status, reason, source, _own_state(scene, user, desired, found), _assignment(scene, user),
        _filter(scene, user),
        sorted(group for group, members in scene.memberships.members.items() if user.id in members),
    )  # fmt: skip


def _story(
    status: str, reason: str, source: str | None, state: list[Story], assignment: Story | None, filter_: Story | None,
    groups: list[str],
) -> Story:  # fmt: skip
    return {
        "status": status, "isIn": status in ("entitled", "inScope"), "reason": reason, "source": source, "state": state,
        "assignment": assignment, "filter": filter_, "groups": groups,
    }  # fmt: skip


def _own_state(scene: Scene, user: User, desired: DesiredUser, found: Provenance) -> list[Story]:
    """Enabled, hired, not left: what a person's own entry says, whatever the target."""
    rows = (
        ("enabled", not is_disabled(user), "accountEnabled"),
        ("hired", is_hired(user, scene.now), "employeeHireDate"),
        ("notLeft", not has_left(user, scene.now), "employeeLeaveDateTime"),
    )
    told = [
        {
            "check": "declared",
            "holds": True,
            "attribute": None,
            "value": None,
            "source": scene.place(desired.origin),
        }
    ]
    for check, holds, name in rows:
        one = found.values.get(name)
        source = scene.place(one.origin) if one else None
        told.append({
            "check": check, "holds": holds, "attribute": name, "value": as_json(user.attributes.get(name)), "source": source,
        })  # fmt: skip
    return told


def _assignment(scene: Scene, user: User) -> Story:
    """The gate of assignment, and every way through it."""
    scope = scene.target.scope
    direct = scope.assigned_users.index(user.id) if user.id in scope.assigned_users else None
    groups = [
        {
            "group": group, "role": role, "holds": user.id in scene.memberships.members[group],
            "ways": [tell_way(way, scene) for way in scene.chains.find_ways(group, user.id)],
        }
        for group, role in scope.assigned_groups
    ]  # fmt: skip
    return {
        "mode": scope.users,
        "holds": scope.users == "all" or direct is not None or any(group["holds"] for group in groups),
        "source": scene.in_target("scope"),
        "direct": scene.in_target("scope", "assigned", "users", direct) if direct is not None else None,
        "groups": groups,
    }  # fmt: skip


def _filter(scene: Scene, user: User) -> Story | None:
    clause = scene.target.scope.filter
    if clause is None:
        return None
    traced = trace_clause(clause, user.id, user.attributes, scene.memberships.members)
    origin = traced.origin
    is_named = origin is not None and len(origin.path) > 1 and origin.path[0] == "scopes"
    whole = Origin(document=origin.document, path=origin.path[:2]) if origin and is_named else origin
    return {
        "name": str(origin.path[1]) if origin and is_named else None, "holds": traced.holds,
        "source": scene.place(whole) if whole else None, "clause": tell_clause(traced, scene),
    }  # fmt: skip


def _of_group(scene: Scene, topic: Topic) -> Story:
    groups = scene.target.scope.groups
    told = (
        GROUPS[groups] if isinstance(groups, str) else f"the target lists {', '.join(groups) or 'no group'}"
    )
    source = scene.in_target("scope", "groups")
    if not topic.is_declared:
        return _story("undeclared", "nothing declares it", None, [], None, None, [])
    if scene.target.mapping.groups is None:
        return _story(
            "outOfScope", "the target's mapping has no groups", scene.in_target("mapping"), [], None, None, []
        )
    status = "inScope" if topic.key in scene.desired.groups else "outOfScope"
    nested = sorted(
        group.id for group in scene.state.groups.values()
        if any(not isinstance(member, str) and member.group == topic.key for member in group.members)
    )  # fmt: skip
    return _story(status, told, source, [], None, None, nested)

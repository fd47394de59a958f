"""Scene: what a story is told of: one target, what is desired and live there, the plan, and where things are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.model.change import Change
from reconciler.model.column import Columns
from reconciler.model.desired import DesiredState
from reconciler.model.place import Origin
from reconciler.model.plan import TargetPlan
from reconciler.model.resource import DesiredGroup, DesiredUser, Facts, LiveResource, LiveState, Type
from reconciler.model.stand_in import Candidates, shown
from reconciler.model.target import Target
from reconciler.stages.chains import Chains, Way
from reconciler.stages.compile import Desired, target_columns
from reconciler.stages.decide import know_people
from reconciler.stages.diff import People
from reconciler.stages.match import Matches, match_resources
from reconciler.stages.membership import Memberships, flatten
from reconciler.stages.trace import Traced

Story = dict[str, Any]
Resource = DesiredUser | DesiredGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One target at a moment; `place` shows where something is written, as `path:line`."""

    state: DesiredState
    desired: Desired
    live: LiveState
    target: Target
    facts: Facts
    now: datetime
    plan: TargetPlan
    place: Callable[[Origin], str]
    columns: dict[Type, Columns]
    matches: dict[Type, Matches]
    people: People
    memberships: Memberships
    chains: Chains

    def rows(self, type_: Type) -> tuple[LiveResource, ...]:
        """What is live of a type."""
        return self.live.users if type_ == "User" else self.live.groups

    def resource(self, type_: Type, key: str) -> Resource | None:
        """What is desired of a key."""
        return self.desired.users.get(key) if type_ == "User" else self.desired.groups.get(key)

    def change(self, topic: Topic) -> Change | None:
        """What the plan does about it."""
        id_ = topic.live.id if topic.live else None
        return next(
            (
                change for change in self.plan.changes
                if change.type == topic.type and (change.key == topic.key or (id_ is not None and change.id == id_))
            ),
            None,
        )  # fmt: skip

    def in_target(self, *path: str | int) -> str:
        """Where something of the target is written."""
        origin = self.target.origin
        return self.place(Origin(document=origin.document, path=(*origin.path, *path)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Whom a story is about: a key of ours, or what is only live; with both where they are one."""

    type: Type
    key: str
    live: LiveResource | None
    is_declared: bool  # by the desired state, as an entry or as an explicit leaver

    @property
    def label(self) -> str:
        """As people name it: `user:ada`."""
        return f"{self.type.lower()}:{self.key}"


def set_scene(
    state: DesiredState, desired: Desired, live: LiveState, target: Target, facts: Facts, now: datetime, plan: TargetPlan,
    place: Callable[[Origin], str],
) -> Scene:  # fmt: skip
    """The scene of a target as it was planned."""
    users, groups = target_columns(target, facts.case_exact)
    people = know_people(desired, live, users, target, facts)
    columns: dict[Type, Columns] = {"User": users}
    matches: dict[Type, Matches] = {"User": people.matches}
    if groups is not None:
        columns["Group"] = groups
        matches["Group"] = match_resources(desired.groups, live.groups, groups, target, facts)
    memberships = flatten(state, now)
    return Scene(
        state=state, desired=desired, live=live, target=target, facts=facts, now=now, plan=plan, place=place,
        columns=columns, matches=matches, people=people, memberships=memberships,
        chains=Chains(state, memberships.members, now),
    )  # fmt: skip


def tell_clause(traced: Traced, scene: Scene) -> Story:
    """A condition with each of its parts."""
    return {
        "kind": traced.kind, "text": traced.text, "holds": traced.holds, "value": as_json(traced.value), "note": traced.note or None,
        "source": scene.place(traced.origin) if traced.origin else None,
        "parts": [tell_clause(part, scene) for part in traced.parts],
    }  # fmt: skip


def tell_way(way: Way, scene: Scene) -> Story:
    """One way into a group."""
    return {
        "groups": list(way.groups), "how": way.how, "source": scene.place(way.origin), "until": way.until,
        "holds": way.holds, "note": way.note or None, "rule": tell_clause(way.rule, scene) if way.rule else None,
    }  # fmt: skip


def as_json(value: object) -> object:
    """A value as JSON holds it, and as people may see it."""
    if isinstance(value, Candidates):
        return list(value.values)
    return list(value) if isinstance(value, tuple) else shown(value)

"""Enrolled: everybody whom the YAML or the endpoint has in a group, by which way, and why they stay, come, go or wait."""

from __future__ import annotations

from reconciler.model.change import Change, member_path
from reconciler.model.resource import DesiredGroup, LiveResource
from reconciler.stages.explain.scene import Scene, Story, Topic, tell_way

ORDER = ("removed", "added", "waits", "kept", "in", "ended")


def tell_members(scene: Scene, topic: Topic, change: Change | None) -> list[Story]:
    """Who goes, who comes, who waits, who stays; a row each, with every way by which the YAML has them in the group."""
    group = scene.resource("Group", topic.key) if topic.type == "Group" else None
    if not isinstance(group, DesiredGroup) or not scene.columns["Group"].has_members:
        return []
    telling = _Members(scene, topic, group, change)
    keys = {*group.members, *group.ended, *telling.present}
    rows = [telling.row(key) for key in sorted(keys)]
    return sorted(rows, key=lambda row: ORDER.index(row["verdict"]))


class _Members:
    """One group's members: as desired, as live, and as they change."""

    def __init__(self, scene: Scene, topic: Topic, group: DesiredGroup, change: Change | None) -> None:
        self.scene, self.group, self.people = scene, group, scene.people
        self.joining = {member.key for member in change.add} if change else set[str]()
        self.leaving = {member.key for member in change.remove} if change else set[str]()
        live = topic.live
        self.present = (
            {self.people.member(id_).key: id_ for id_ in live.members} if live else dict[str, str]()
        )

    def row(self, key: str) -> Story:
        id_ = self.present.get(key)
        account = self.people.live_by_id.get(id_) if id_ else self.people.matches.pairs.get(key)
        user = self.people.desired.get(key)
        is_declared = key in self.scene.state.users
        ways = self.scene.chains.find_ways(self.group.key, key) if is_declared else []
        verdict, why = self._verdict(key, id_, account)
        return {
            "key": key, "name": account.name if account else user.name if user else key, "id": account.id if account else None,
            "desired": key in self.group.members, "live": id_ is not None, "verdict": verdict, "why": why,
            "ways": [tell_way(way, self.scene) for way in ways if way.holds or way.note],
        }  # fmt: skip

    def _verdict(self, key: str, id_: str | None, account: LiveResource | None) -> tuple[str, str]:
        is_desired = key in self.group.members
        if key in self.leaving:
            return "removed", self._why_leaving(key)
        if key in self.joining:
            return "added", "is not in yet"
        if id_ is not None:
            return ("in", "") if is_desired and self._is_entitled(key) else ("kept", self._why_kept(key, id_))
        if is_desired:
            return "waits", self._why_waiting(key, account)
        return "ended", "the membership has ended"

    def _is_entitled(self, key: str) -> bool:
        user = self.people.desired.get(key)
        return user is not None and user.status in ("entitled", "future")

    def _why_leaving(self, key: str) -> str:
        if key in self.group.ended:
            return "the membership has ended"
        if self.present[key] in self.people.deleting:
            return "the account is deleted"
        if key in self.group.members:
            return f"{self.people.desired[key].reason}, and the target says memberships: remove"
        told = "membership is exclusive" if self.group.membership == "exclusive" else "the account is ours"
        return f"nothing puts them in, and {told}"

    def _why_kept(self, key: str, id_: str) -> str:
        """Why a live member stays whom the desired state does not have in, or who has no access any more."""
        people = self.people
        if id_ in people.matches.frozen:
            return "the account is frozen: nobody can tell whose it is"
        if id_ in people.matches.protected:
            return "the account is protected"
        if key in self.group.members:
            return f"{people.desired[key].reason}; memberships are kept, so that a return restores them"
        if self.scene.facts.withholds("Group", member_path(key), self.group.key, False):
            return "the endpoint is known not to take them out"
        if self.scene.facts.withholds("Group", "members", self.group.key, None):
            return "the endpoint is known not to keep members"
        if self.group.membership == "additive":
            return "nothing puts them in, and membership is additive"
        return "nothing puts them in, and the account is not ours"

    def _why_waiting(self, key: str, account: LiveResource | None) -> str:
        """Why somebody is not added whom the desired state has in the group."""
        people, user = self.people, self.people.desired.get(key)
        if user is None:
            return "nothing declares them"
        if key in people.matches.frozen_keys:
            return "the account is frozen: nobody can tell which it is"
        if user.status != "entitled":
            return f"has no access to this target: {user.reason}"
        if account is None:
            return "is not at this target and cannot be created yet; see the findings"
        if not people.is_taken(key, account):
            return "the account is not provisioned by us"
        if account.id in people.matches.protected:
            return "the account is protected"
        if self.scene.facts.withholds("Group", member_path(key), self.group.key, True):
            return "the endpoint is known not to keep this membership"
        return "the group itself waits; see the action"

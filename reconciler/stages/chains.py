"""Chains: by which groups, nested ones included, somebody is a member, and where that is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from reconciler.functions.moments import end
from reconciler.model.desired import DesiredState, Group, Member
from reconciler.model.place import Origin
from reconciler.stages.membership import is_present
from reconciler.stages.trace import Traced, trace_clause

ENDED = "the membership has ended"
UNSEEN = "rules see only who is enabled, hired and not left"
Members = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way into a group: the groups nested on the way, outermost first; listed or by rule, where, and until when.

    It `holds` if it gives a membership now; `note` says why not where that is not the rule itself.
    """

    groups: tuple[str, ...]
    how: Literal["listed", "rule"]
    origin: Origin
    until: str | None = None
    holds: bool = True
    note: str = ""
    rule: Traced | None = None


class Chains:
    """The ways into groups at a moment; `members` are the flattened ones."""

    def __init__(self, state: DesiredState, members: Members, now: datetime) -> None:
        self._state, self._members, self._now = state, members, now
        self._listings: dict[str, dict[str, list[Way]]] = {}

    def find_ways(self, group: str, key: str) -> list[Way]:
        """Every way by which `key` is or was in the group, or would be if a rule held; those that hold first."""
        return sorted(self._ways(group, key), key=lambda way: (not way.holds, len(way.groups)))

    def _ways(self, name: str, key: str) -> Iterator[Way]:
        group = self._state.groups[name]
        yield from self._listing(group).get(key, ())
        user = self._state.users.get(key)
        if group.rule is not None and user is not None:
            traced = trace_clause(group.rule, key, user.attributes, self._members)
            is_seen = is_present(user, self._now)
            yield Way(
                groups=(name,), how="rule", rule=traced, holds=traced.holds and is_seen,
                origin=Origin(document=group.origin.document, path=(*group.origin.path, "membershipRule")),
                note=UNSEEN if traced.holds and not is_seen else "",
            )  # fmt: skip
        for member in group.members:
            if isinstance(member, Member) and member.group is not None:
                for way in self._ways(member.group, key):
                    nested = replace(way, groups=(name, *way.groups))
                    yield nested if member.until is None else self._limited(nested, member.until)

    def _listing(self, group: Group) -> dict[str, list[Way]]:
        """The users whom a group lists itself, with the place of each."""
        found = self._listings.get(group.id)
        if found is None:
            found = self._listings[group.id] = {}
            for index, member in enumerate(group.members):
                key, until = (member, None) if isinstance(member, str) else (member.user, member.until)
                if key is not None:
                    path = (*group.origin.path, "members", index)
                    way = Way(
                        groups=(group.id,), how="listed", origin=Origin(document=group.origin.document, path=path)
                    )  # fmt: skip
                    found.setdefault(key, []).append(way if until is None else self._limited(way, until))
        return found

    def _limited(self, way: Way, until: str) -> Way:
        """The way until then, if it does not end before."""
        if way.until is not None and end(way.until) <= end(until):
            return way
        is_over = end(until) <= self._now
        return replace(way, until=until, holds=way.holds and not is_over, note=ENDED if is_over else way.note)

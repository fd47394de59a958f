"""Match: decide which live resource each desired one is, and which live resources are ours.

Ownership is settled here, before any difference is looked for, so that the diff needs no exceptions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from reconciler.model.column import Columns
from reconciler.model.finding import Finding
from reconciler.model.resource import KEEP, Cell, DesiredGroup, DesiredUser, Facts, LiveResource
from reconciler.model.target import Target

Resource = DesiredUser | DesiredGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Who is who, by key and by live id. A live resource is in at most one of `pairs`."""

    pairs: Mapping[str, LiveResource]
    ours: frozenset[str]  # keys of pairs provisioned by us
    owned: frozenset[str]  # live ids: provisioned by us, or claimed by the ownership rule
    frozen: frozenset[str]  # live ids that nobody may write
    frozen_keys: frozenset[str]
    protected: frozenset[str]  # live ids
    vanished: tuple[LiveResource, ...]  # owned, and nothing declares them
    unmanaged: tuple[LiveResource, ...]
    findings: tuple[Finding, ...]


def match_resources(
    desired: Mapping[str, Resource],
    live: Sequence[LiveResource],
    columns: Columns,
    target: Target,
    facts: Facts,
) -> Matches:
    """The matches of one resource type (DESIGN 3: Match, Provisioned by us, Absence)."""
    run = _Run(desired, live, columns, target, facts)
    for resource in desired.values():
        run.place(resource)
    run.settle_claims()
    return run.result()


class _Run:
    """The working state of one matching; indexes are built per matching attribute when first asked for."""

    def __init__(
        self,
        desired: Mapping[str, Resource],
        live: Sequence[LiveResource],
        columns: Columns,
        target: Target,
        facts: Facts,
    ) -> None:
        self.desired, self.live, self.columns, self.target, self.facts = desired, live, columns, target, facts
        self.indexes: dict[int, dict[object, list[LiveResource]]] = {}
        self.claims: dict[str, list[tuple[str, int]]] = defaultdict(list)  # live id -> (key, precedence)
        self.by_id = {resource.id: resource for resource in live}
        self.frozen: set[str] = set()
        self.frozen_keys: set[str] = set()
        self.findings: list[Finding] = []

    def place(self, resource: Resource) -> None:
        for precedence, column in enumerate(self.columns.match):
            hits = self._hits(resource, column)
            if not hits:
                continue
            if len(hits) > 1:
                ids = ", ".join(sorted(hit.id for hit in hits))
                self._freeze(resource, hits, "ambiguous-match", f"{self.columns.all[column].text} of {resource.key} is at "
                             f"{len(hits)} live resources ({ids}); make it unique at the endpoint")  # fmt: skip
                return
            self.claims[hits[0].id].append((resource.key, precedence))
            return

    def settle_claims(self) -> None:
        for id_, claims in self.claims.items():
            if len(claims) > 1:
                self._settle(self.by_id[id_], claims)
        for id_, claims in self.claims.items():
            if len(claims) == 1 and id_ not in self.frozen:
                self._check_identity(self.by_id[id_], claims[0])

    def _settle(self, live: LiveResource, claims: list[tuple[str, int]]) -> None:
        """Several desired resources claim one live one: the owner by externalId wins if its rename frees the name."""
        first = min(precedence for _, precedence in claims)
        winners = [key for key, precedence in claims if precedence == first]
        if (
            len(winners) == 1
            and self._is_ours(self.desired[winners[0]], live)
            and self._frees(winners[0], live, claims)
        ):
            claims[:] = [(winners[0], first)]
            return
        for key, _ in claims:
            others = ", ".join(sorted(other for other, _ in claims if other != key))
            self._freeze(self.desired[key], [live], "identity-conflict",
                         f"{key} and {others} both are the live resource {live.name} ({live.id}); say by previousIds which one it is")  # fmt: skip

    def _frees(self, winner: str, live: LiveResource, claims: list[tuple[str, int]]) -> bool:
        resource = self.desired[winner]
        if isinstance(resource, DesiredUser) and resource.status != "entitled":
            return False
        lost = {
            column
            for key, precedence in claims
            if key != winner
            for column in (self.columns.match[precedence],)
        }
        compare = self.columns.all
        return all(
            resource.values[c] is not KEEP
            and compare[c].compare(resource.values[c]) != compare[c].compare(live.values[c])
            for c in lost
        )

    def _check_identity(self, live: LiveResource, claim: tuple[str, int]) -> None:
        resource = self.desired[claim[0]]
        is_other = (
            self.columns.external_id is not None
            and live.external_id is not None
            and not self._is_ours(resource, live)
        )
        if is_other and self.target.adopt != "any" and self.facts.keeps_external_id:
            self._freeze(resource, [live], "identity-conflict",
                         f"{resource.key} matches {live.name} ({live.id}), whose externalId is {live.external_id}; "
                         "declare it under previousIds if it is the same, or say adopt: any")  # fmt: skip

    def _freeze(self, resource: Resource, hits: Iterable[LiveResource], code: str, text: str) -> None:
        self.frozen_keys.add(resource.key)
        self.frozen |= {hit.id for hit in hits}
        self.findings.append(Finding(severity="error", code=code, text=text))

    def _hits(self, resource: Resource, column: int) -> list[LiveResource]:
        index = self._index(column)
        compare = self.columns.all[column].compare
        own: Cell = resource.values[column]
        hits = index.get(compare(own), []) if own is not KEEP and own is not None else []
        if not hits and column == self.columns.external_id:
            found = {
                live.id: live for previous in resource.previous for live in index.get(compare(previous), [])
            }
            return list(found.values())
        return hits

    def _index(self, column: int) -> dict[object, list[LiveResource]]:
        if column not in self.indexes:
            compare = self.columns.all[column].compare
            index: dict[object, list[LiveResource]] = defaultdict(list)
            for resource in self.live:
                if resource.values[column] is not None:
                    index[compare(resource.values[column])].append(resource)
            self.indexes[column] = index
        return self.indexes[column]

    def _is_ours(self, resource: Resource, live: LiveResource) -> bool:
        column = self.columns.external_id
        if column is None or not self.facts.keeps_external_id:
            return True
        if live.external_id is None:
            return False
        if live.external_id == resource.values[column]:
            return True
        compare = self.columns.all[column].compare
        return compare(live.external_id) in {
            compare(cell) for cell in (resource.values[column], *resource.previous)
        }

    def result(self) -> Matches:
        pairs = {
            c[0][0]: self.by_id[id_]
            for id_, c in self.claims.items()
            if len(c) == 1 and id_ not in self.frozen
        }
        pairs = {key: live for key, live in pairs.items() if key not in self.frozen_keys}
        ours = frozenset(key for key, live in pairs.items() if self._is_ours(self.desired[key], live))
        paired = {live.id for live in pairs.values()}
        protected = self._protected()
        owned = {pairs[key].id for key in ours}
        owned |= {live.id for live in self.live if live.id not in paired and self._is_claimed(live)}
        owned -= self.frozen
        return Matches(
            pairs=pairs, ours=ours, owned=frozenset(owned), frozen=frozenset(self.frozen),
            frozen_keys=frozenset(self.frozen_keys), protected=protected,
            vanished=tuple(live for live in self.live if live.id in owned and live.id not in paired),
            unmanaged=tuple(live for live in self.live if live.id not in owned and live.id not in paired and live.id not in self.frozen),
            findings=tuple(self.findings),
        )  # fmt: skip

    def _is_claimed(self, live: LiveResource) -> bool:
        match self.target.ownership:
            case "declared":
                return False
            case "externalId":
                return live.external_id is not None
            case "all":
                return True
            case ("prefix", prefix):
                return live.external_id is not None and live.external_id.startswith(prefix)

    def _protected(self) -> frozenset[str]:
        """The live ids of what nobody may write: the token's own user, and what the patterns name."""
        is_user = self.columns.type == "User"
        own = {id_ for id_ in (self.facts.own_id,) if is_user and id_ in self.by_id}
        patterns = self.target.protected_users if is_user else self.target.protected_groups
        if not patterns:
            return frozenset(own)
        display = self.columns.index("displayName")
        folded = [pattern.casefold() for pattern in patterns]
        found: set[str] = set(own)
        for live in self.live:
            shown = live.values[display] if display is not None else None
            names = {live.id, live.external_id or "", live.name, str(shown or "")} - {""}
            if any(fnmatchcase(name.casefold(), pattern) for name in names for pattern in folded):
                found.add(live.id)
        return frozenset(found)

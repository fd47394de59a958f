"""Match: decide which live resource each desired one is, and which live resources are ours.

Ownership is settled here, before any difference is looked for, so that the diff needs no exceptions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from reconciler.model.canary import is_canary
from reconciler.model.column import Columns
from reconciler.model.finding import Finding, Subject
from reconciler.model.resource import KEEP, Cell, DesiredGroup, DesiredUser, Facts, LiveResource
from reconciler.model.target import Target

Resource = DesiredUser | DesiredGroup
Hit = LiveResource | list[LiveResource]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Who is who, by key and by live id. A live resource is in at most one of `pairs`."""

    pairs: Mapping[str, LiveResource]
    ids: Mapping[str, str]  # the live ids of pairs
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
    run.place()
    run.settle()
    return run.result()


class _Run:
    """The working state of one matching; `found` holds where each one was found, by the attribute of which precedence."""

    def __init__(
        self,
        desired: Mapping[str, Resource],
        live: Sequence[LiveResource],
        columns: Columns,
        target: Target,
        facts: Facts,
    ) -> None:
        self.desired, self.live, self.columns, self.target, self.facts = desired, live, columns, target, facts
        self.found: dict[str, LiveResource] = {}
        self.ids: dict[str, str] = {}  # of those who were found
        self.later: dict[str, int] = {}  # the precedence, where it is not the first
        self.ours: set[str] = set()  # those found by an externalId that is theirs to the letter
        self.frozen: set[str] = set()
        self.frozen_keys: set[str] = set()
        self.findings: list[Finding] = []

    def place(self) -> None:
        """Looks for everybody by the first matching attribute, for those who are not found by the next one."""
        waiting: Iterable[Resource] = self.desired.values()
        for precedence, column in enumerate(self.columns.match):
            waiting = self._place_by(list(waiting), precedence, column)
            if not waiting:
                return

    def _place_by(self, resources: list[Resource], precedence: int, column: int) -> list[Resource]:
        index, is_external = self._index(column), column == self.columns.external_id
        own = [resource.values[column] for resource in resources]
        values = self.columns.all[column].compare_all(own)
        found: dict[str, LiveResource] = {}
        missing: list[Resource] = []
        for resource, cell, hit in zip(resources, own, map(index.get, values), strict=True):
            hits = hit if cell is not None and cell is not KEEP else None
            if is_external and resource.previous:
                hits = self._find_previous(resource, index, column, hits)
            if hits is None:
                missing.append(resource)
            elif isinstance(hits, LiveResource):
                found[resource.key] = hits
            else:
                ids = ", ".join(sorted(each.id for each in hits))
                self._freeze(resource, hits, "ambiguous-match", "DuplicateTargetEntries", f"{self.columns.all[column].text} of {resource.key} is at "
                             f"{len(hits)} live resources ({ids}); make it unique at the endpoint")  # fmt: skip
        self.found |= found
        self.ids |= {key: live.id for key, live in found.items()}
        if precedence:
            self.later |= dict.fromkeys(found, precedence)
        if is_external:
            desired = self.desired
            self.ours |= {
                key for key, live in found.items() if live.external_id == desired[key].values[column]
            }
        return missing

    def _index(self, column: int) -> dict[object, Hit]:
        """The live resources by the attribute's value; several where they share it."""
        holders, cells = self.live, [live.values[column] for live in self.live]
        if None in cells:
            holders = [live for live in self.live if live.values[column] is not None]
            cells = [live.values[column] for live in holders]
        values = self.columns.all[column].compare_all(cells)
        index: dict[object, Hit] = dict(zip(values, holders, strict=True))
        if len(index) < len(holders):
            several: dict[object, list[LiveResource]] = defaultdict(list)
            for value, live in zip(values, holders, strict=True):
                several[value].append(live)
            index |= {value: each for value, each in several.items() if len(each) > 1}
        return index

    def _find_previous(
        self, resource: Resource, index: Mapping[object, Hit], column: int, own: Hit | None
    ) -> Hit | None:
        """The hits by the present id and by all previous ones: one account, or as many as there are to choose from."""
        first = [] if own is None else [own] if isinstance(own, LiveResource) else own
        found = {live.id: live for live in first}
        for value in self.columns.all[column].compare_all(resource.previous):
            hit = index.get(value)
            hits = [] if hit is None else [hit] if isinstance(hit, LiveResource) else hit
            found |= {live.id: live for live in hits}
        hits = list(found.values())
        return hits if len(hits) > 1 else next(iter(hits), None)

    def settle(self) -> None:
        """Settles who of several is the live resource that all of them are found at, and who is none of ours."""
        if len(set(self.ids.values())) < len(self.ids):
            claims: dict[str, list[str]] = defaultdict(list)
            for key, id_ in self.ids.items():
                claims[id_].append(key)
            for keys in claims.values():
                if len(keys) > 1:
                    self._settle(self.found[keys[0]], keys)
        if (
            self.columns.external_id is not None
            and self.facts.keeps_external_id
            and self.target.adopt != "any"
        ):
            self._check_identities()

    def _settle(self, live: LiveResource, keys: list[str]) -> None:
        """Several desired resources claim one live one: the owner by externalId wins if its rename frees the name."""
        first = min(self.later.get(key, 0) for key in keys)
        winners = [key for key in keys if self.later.get(key, 0) == first]
        if (
            len(winners) == 1
            and self._is_ours(self.desired[winners[0]], live)
            and self._frees(winners[0], live, keys)
        ):
            for key in keys:
                if key != winners[0]:
                    self._lose(key)
            return
        for key in keys:
            others = ", ".join(sorted(other for other in keys if other != key))
            self._freeze(self.desired[key], [live], "identity-conflict", "DuplicateSourceEntries",
                         f"{key} and {others} both are the live resource {live.name} ({live.id}); say by previousIds which one it is")  # fmt: skip

    def _frees(self, winner: str, live: LiveResource, keys: list[str]) -> bool:
        resource = self.desired[winner]
        if isinstance(resource, DesiredUser) and resource.status != "entitled":
            return False
        lost = {self.columns.match[self.later.get(key, 0)] for key in keys if key != winner}
        compare = self.columns.all
        return all(
            resource.values[c] is not KEEP
            and compare[c].compare(resource.values[c]) != compare[c].compare(live.values[c])
            for c in lost
        )

    def _check_identities(self) -> None:
        for key in [key for key in self.found if key not in self.ours]:
            live = self.found[key]
            if live.external_id is None or live.id in self.frozen:
                continue
            if not self._is_ours(self.desired[key], live):
                self._freeze(self.desired[key], [live], "identity-conflict", "EntryConflict",
                             f"{key} matches {live.name} ({live.id}), whose externalId is {live.external_id}; "
                             "declare it under previousIds if it is the same, or say adopt: any")  # fmt: skip

    def _freeze(
        self, resource: Resource, hits: Sequence[LiveResource], code: str, error_code: str, text: str
    ) -> None:
        self.frozen_keys.add(resource.key)
        self.frozen |= {hit.id for hit in hits}
        about = self._subject(resource.key, hits[0] if len(hits) == 1 else None)
        self.findings.append(
            Finding(severity="error", code=code, text=text, about=(about,), error_code=error_code)
        )

    def _subject(self, key: str, live: LiveResource | None) -> Subject:
        return Subject(
            type=self.columns.type, key=key, name=self.desired[key].name, id=live.id if live else None
        )

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
        """The matches, without whatever was frozen on the way, and without whoever is found at that."""
        if self.frozen_keys:
            self._freeze_claimants()
            for key in [
                key for key, id_ in self.ids.items() if id_ in self.frozen or key in self.frozen_keys
            ]:
                self._lose(key)
        ours = self._ours()
        owned = set(self.ids.values()) if len(ours) == len(self.ids) else {self.ids[key] for key in ours}
        paired = owned if len(owned) == len(self.ids) else set(self.ids.values())
        lone = [live for live in self.live if live.id not in paired]
        declared = self._declared_external_ids() if lone else {}
        self._note_seconds(lone, declared)
        self._note_canaries(lone)
        owned = (owned | {live.id for live in lone if self._is_claimed(live)}) - self.frozen
        return Matches(
            pairs=self.found, ids=self.ids, ours=ours, owned=frozenset(owned), frozen=frozenset(self.frozen),
            frozen_keys=frozenset(self.frozen_keys), protected=self._protected(),
            vanished=tuple(live for live in lone if live.id in owned and live.external_id not in declared),
            unmanaged=tuple(live for live in lone if live.id not in owned and live.id not in self.frozen),
            findings=tuple(self.findings),
        )  # fmt: skip

    def _freeze_claimants(self) -> None:
        for key, id_ in list(self.ids.items()):
            if id_ in self.frozen and key not in self.frozen_keys:
                live = self.found[key]
                text = f"{key} matches {live.name} ({live.id}), which is frozen"
                self._freeze(self.desired[key], [live], "identity-conflict", "EntryConflict", text)

    def _declared_external_ids(self) -> dict[Cell, str]:
        """Who carries one of these, or a previous one, is declared, however it was matched: externalId → our key."""
        column = self.columns.external_id
        if column is None:
            return {}
        present = [
            resource for resource in self.desired.values()
            if not isinstance(resource, DesiredUser) or resource.status in ("entitled", "future")
        ]  # fmt: skip
        declared = {cell: resource.key for resource in present for cell in resource.previous}
        return declared | {resource.values[column]: resource.key for resource in present}

    def _note_seconds(self, lone: Iterable[LiveResource], declared: Mapping[Cell, str]) -> None:
        for live in lone:
            key = declared.get(live.external_id)
            if key is not None and live.id not in self.frozen:
                text = (
                    f"{live.name} ({live.id}) carries the externalId {live.external_id} of {key}, who is matched elsewhere "
                    "or nowhere; it is left alone: free that externalId, or deactivate it there"
                )
                self.findings.append(
                    Finding(
                        severity="warning", code="second-account", text=text,
                        about=(self._subject(key, live),), error_code="EntryConflict",
                    )
                )  # fmt: skip
                # It may be what its person works with: its memberships are left alone too.
                self.frozen.add(live.id)

    def _note_canaries(self, lone: Iterable[LiveResource]) -> None:
        for live in lone:
            if is_canary(live.name) and (live.active or self.columns.type == "Group"):
                text = (
                    f"{live.name} ({live.id}) was left by a write probe that did not come to its end; it is left alone: "
                    "`reconcile check --write-probe` removes it"
                )
                self.findings.append(Finding(severity="warning", code="canary-left", text=text))

    def _ours(self) -> frozenset[str]:
        if self.columns.external_id is None or not self.facts.keeps_external_id:
            return frozenset(self.found)
        if len(self.ours) == len(self.found):  # as at most endpoints
            return frozenset(self.ours)
        others = (key for key in self.found if key not in self.ours)
        return frozenset(
            self.ours
            | {
                key for key in others
                if self._is_ours(self.desired[key], self.found[key]) or self._is_unmarkable(key)
            }
        )  # fmt: skip

    def _is_unmarkable(self, key: str) -> bool:
        """The endpoint keeps no externalId of that one: it was taken over once, and cannot say so."""
        column, live = self.columns.external_id, self.found[key]
        if column is None or live.external_id is not None or not self.facts.withhold:
            return False
        cell = self.desired[key].values[column]
        return self.facts.withholds(self.columns.type, "externalId", key, cell)

    def _lose(self, key: str) -> None:
        del self.found[key], self.ids[key]
        self.ours.discard(key)

    def _is_claimed(self, live: LiveResource) -> bool:
        # `check --write-probe` made it, and alone removes it, whatever the rule says.
        if is_canary(live.name):
            return False
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
        own_id = self.facts.own_id if is_user else None
        own = {live.id for live in self.live if live.id == own_id} if own_id else set()
        patterns = self.target.protected_users if is_user else self.target.protected_groups
        if not patterns:
            return frozenset(own)
        display = self.columns.index("displayName")
        named = self.columns.index("userName")  # a name that is hidden is no `live.name`
        folded = [pattern.casefold() for pattern in patterns]
        found: set[str] = set(own)
        for live in self.live:
            shown = live.values[display] if display is not None else None
            called = live.values[named] if named is not None else None
            names = {live.id, live.external_id or "", live.name, str(shown or ""), str(called or "")} - {""}
            if any(fnmatchcase(name.casefold(), pattern) for name in names for pattern in folded):
                found.add(live.id)
        return frozenset(found)

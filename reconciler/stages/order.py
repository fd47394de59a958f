"""Order: which change comes before which (DESIGN 6).

users deactivate → users create, update, reactivate → groups create, update → groups delete → users delete
names are freed before they are taken, managers are made before they are referred to
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from reconciler.model.attribute_path import ENTERPRISE
from reconciler.model.change import Change, Place
from reconciler.model.finding import Finding
from reconciler.model.resource import Type
from reconciler.model.stand_in import known

NAMES: dict[Type, str] = {"User": "userName", "Group": "displayName"}
Key = tuple[Type, str]
REFERENCE = f"{ENTERPRISE}:manager"


def order_changes(changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes in the order in which they are applied."""
    return _after_blockers(sorted(changes, key=lambda c: (phase(c), _is_rename(c) is None, c.key)))


def settle_names(
    changes: Sequence[Change], holders: Mapping[Key, str]
) -> tuple[tuple[Change, ...], tuple[Finding, ...]]:
    """The changes without those that take a name which nobody gives up, and a finding for each of them.

    `holders`: (type, name without case) → live id. Renames that go round in a circle give nothing up.
    """
    findings = []
    kept = list(changes)
    for members in _rename_cycles(changes):
        names = ", ".join(sorted(change.name for change in members))
        text = f"{names} take each other's names in a circle; give one of them another name first"
        about = tuple(change.subject for change in members)
        findings.append(
            Finding(severity="error", code="rename-cycle", text=text, about=about, error_code="EntryConflict")
        )
        stuck = {(change.type, change.key) for change in members}
        kept = _without_names(kept, stuck)
    while taken := find_taken(kept, holders):
        for change in kept:
            holder = taken.get((change.type, change.key))
            if holder is not None:
                text = (
                    f"{change.key} cannot get the name {change.name}: the live resource {holder} has it and keeps it; "
                    "free that name first"
                )
                findings.append(
                    Finding(
                        severity="error", code="name-taken", text=text, source=change.reason.source,
                        about=(change.subject,), error_code="EntryConflict",
                    )
                )  # fmt: skip
        # What is not renamed keeps its own name, which another may have counted on: once more.
        kept = _without_names(kept, set(taken))
    return tuple(kept), tuple(findings)


def without_references(changes: Iterable[Change], unmade: Collection[str]) -> tuple[Change, ...]:
    """The changes, but nobody of `unmade` is anybody's manager or member yet."""
    if not unmade:
        return tuple(changes)
    kept = (_without_references(change, unmade) for change in changes)
    return tuple(change for change in kept if change is not None)


def _without_references(change: Change, unmade: Collection[str]) -> Change | None:
    managers = {a.path for a in change.attributes if a.path == REFERENCE and a.after in unmade}
    joining = {member.key for member in change.add if member.key in unmade}

    def may(place: Place) -> bool:
        return place.name not in (joining if place.what == "member" else managers)

    return change.only(may) if managers or joining else change


def _without_names(changes: Sequence[Change], keys: set[Key]) -> list[Change]:
    """The changes, but nothing of `keys` is named anew; without its name nothing is created."""
    kept = []
    for change in changes:
        if (change.type, change.key) not in keys:
            kept.append(change)
        elif change.action != "create" and (rest := change.only(_names_nothing)) is not None:
            kept.append(rest)
    return kept


def _after_blockers(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Each change after those that it waits for; of a circle the first stays first."""
    blockers = find_blockers(changes, REFERENCE)
    by_key = {(change.type, change.key): change for change in changes}
    done: dict[Key, Change] = {}
    for change in changes:
        stack, seen = [(change.type, change.key)], set()
        while stack:
            key = stack[-1]
            waits = [
                k for k in sorted(blockers.get(key, ())) if k not in done and k not in seen and k in by_key
            ]
            seen.add(key)
            if waits:
                stack.append(waits[0])
                continue
            done.setdefault(key, by_key[key])
            stack.pop()
    return tuple(done.values())


def count_circles(changes: Iterable[Change]) -> int:
    """How many circles of managers are made at once: each takes one more request, that closes it."""
    above = {
        change.key: str(attribute.after) for change in changes if change.action == "create"
        for attribute in change.attributes if attribute.path == REFERENCE
    }  # fmt: skip
    done: set[str] = set()
    circles = 0
    for start in above:
        trail: list[str] = []
        at: str | None = start
        while at is not None and at not in done and at not in trail:
            trail.append(at)
            at = above.get(at)
        circles += at is not None and at in trail
        done.update(trail)
    return circles


def _names_nothing(place: Place) -> bool:
    return place.what != "path" or place.name != NAMES[place.type]


def find_taken(changes: Sequence[Change], holders: Mapping[Key, str]) -> dict[Key, str]:
    """Who would take a name that somebody else holds and keeps: the change → the live id of the holder."""
    freed = {_folded(change, taken=False) for change in changes if _is_rename(change)}
    taken: dict[Key, str] = {}
    for change in changes:
        name = _folded(change, taken=True)
        holder = holders.get(name) if name is not None and name not in freed else None
        if holder is not None and holder != change.id:
            taken[change.type, change.key] = holder
    return taken


def phase(change: Change) -> int:
    """The step in which a change is applied; every change of a step is over before the next step begins."""
    if change.type == "User":
        return {"deactivate": 0, "delete": 4}.get(change.action, 1)
    return 3 if change.action == "delete" else 2


def find_blockers(changes: Iterable[Change], reference: str | None) -> Mapping[Key, frozenset[Key]]:
    """What each change waits for within its step; `reference` is the path that names another user (manager)."""
    listed = list(changes)
    freed = {
        _folded(change, taken=False): (change.type, change.key) for change in listed if _is_rename(change)
    }
    made = {change.key for change in listed if change.type == "User" and change.action == "create"}
    blockers: dict[Key, frozenset[Key]] = {}
    for change in listed:
        own = (change.type, change.key)
        waits: set[Key] = set()
        name = _folded(change, taken=True)
        if name in freed:
            waits.add(freed[name])
        for attribute in change.attributes:
            if attribute.path == reference and attribute.after in made:
                waits.add(("User", str(attribute.after)))
        waits.discard(own)
        if waits:
            blockers[own] = frozenset(waits)
    return blockers


def _is_rename(change: Change) -> bool | None:
    """True for a rename, None for what names nothing anew."""
    named = NAMES[change.type]
    return (
        change.id is not None and any(a.path == named and a.before is not None for a in change.attributes)
    ) or None


def _folded(change: Change, *, taken: bool) -> Key | None:
    for attribute in change.attributes:
        if attribute.path == NAMES[change.type]:
            value = known(attribute.after if taken else attribute.before)
            return (change.type, str(value).casefold()) if value is not None else None
    return None


def _rename_cycles(changes: Sequence[Change]) -> list[list[Change]]:
    renames = {(c.type, c.key): c for c in changes if _is_rename(c)}
    holders = {_folded(c, taken=False): key for key, c in renames.items()}
    cycles: list[list[Change]] = []
    done: set[Key] = set()
    for start in renames:
        trail: list[Key] = []
        at: Key | None = start
        while at is not None and at not in done and at not in trail:
            trail.append(at)
            at = holders.get(_folded(renames[at], taken=True))
        if at is not None and at in trail and trail.index(at) < len(trail) - 1:
            cycles.append([renames[key] for key in trail[trail.index(at) :]])
        done.update(trail)
    return cycles

"""Live: what an endpoint holds as the YAML that declares it, so that the next plan holds adoptions at most.

choose_ids → walk_back (each user, each group) → write_users, write_groups → Imported
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.importers.live.ids import choose_ids
from reconciler.importers.live.values import Lost, Value, Way, find_ways, walk_back
from reconciler.importers.live.writing import write_groups, write_users
from reconciler.model.canary import is_canary
from reconciler.model.column import Columns
from reconciler.model.finding import Finding
from reconciler.model.mapping import ObjectMapping
from reconciler.model.resource import LiveResource, LiveState
from reconciler.model.target import Target

SHOWN = 5
# Why a value is not taken over, in words; {source}, {path} and {whose} are filled in.
WHY = {
    "kind": "{path} is no value that {source} may have: left out, so that it stays as it is ({whose})",
    "several": "{source} makes {path}, which differ: left out, so that each stays as it is ({whose})",
    "needed": "{source} makes the name and {path}, which differ: the next plan makes {path} what the name is, unless it is mapped from something else ({whose})",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Importing:
    """What is imported for one target: `live` without what is declared already, of whom `known` gives the ids.

    `taken_users` and `taken_groups` are ids that are used (in lower case); `protected` are live ids.
    """

    target: Target
    users: Columns
    groups: Columns | None
    live: LiveState
    types: Mapping[str, str]  # of every source attribute that is no text
    known: Mapping[str, str] = field(default_factory=dict)
    taken_users: frozenset[str] = frozenset()
    taken_groups: frozenset[str] = frozenset()
    protected: frozenset[str] = frozenset()
    leaves_inactive_out: bool = False
    head: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The documents by kind, the ids that they declare by live id, and what could not be taken over."""

    documents: Mapping[str, str]
    users: Mapping[str, str]
    groups: Mapping[str, str]
    findings: tuple[Finding, ...]


def import_live(asked: Importing) -> Imported:
    """The documents that declare what is live; the same for every order of the lists."""
    findings: list[Finding] = []
    users = _chosen(asked, asked.live.users, asked.users, findings)
    user_ways = find_ways(asked.target.mapping.users)
    user_ids = choose_ids(users, _id_way(user_ways), asked.taken_users)
    people = {**asked.known, **user_ids}
    lost = Lost()
    entries: dict[str, dict[str, Value]] = {}
    for row in users:
        entries[user_ids[row.id]] = _user(row, asked, user_ways, people, lost)
    documents = {"users": write_users(entries, asked.head)}
    group_ids: dict[str, str] = {}
    if asked.groups is not None and asked.target.mapping.groups is not None:
        groups = _chosen(asked, asked.live.groups, asked.groups, findings)
        group_ways = find_ways(asked.target.mapping.groups)
        group_ids = choose_ids(groups, _id_way(group_ways), asked.taken_groups)
        documents["groups"] = _groups(
            asked, asked.groups, groups, group_ids, group_ways, people, lost, findings
        )
    findings += _told(lost)
    findings += _not_walked(asked.target.mapping.users, user_ways)
    rank = {"error": 0, "warning": 1, "info": 2}
    return Imported(
        documents=documents, users=user_ids, groups=group_ids,
        findings=tuple(sorted(findings, key=lambda f: (rank[f.severity], f.code, f.text))),
    )  # fmt: skip


def _id_way(ways: Mapping[str, Way]) -> Way | None:
    way = ways.get("externalId")
    return way if way is not None and way.source == "objectId" else None


def _chosen(
    asked: Importing, rows: Sequence[LiveResource], columns: Columns, findings: list[Finding]
) -> list[LiveResource]:
    """Who is imported: nobody's canary, nobody who is protected and not ours, none of those who cannot be told apart."""
    kind = columns.type.lower()
    chosen = [row for row in rows if not is_canary(row.name)]
    guarded = [row for row in chosen if row.id in asked.protected and row.external_id is None]
    if guarded:
        findings.append(_finding("info", "protected", f"protected, and left out: {_names(guarded)}"))
    leavers = [
        row for row in chosen if columns.type == "User" and not row.active and asked.leaves_inactive_out
    ]
    if leavers:
        findings.append(_finding("info", "inactive", f"inactive, and left out: {_names(leavers)}"))
    out = {row.id for row in (*guarded, *leavers)}
    chosen = [row for row in chosen if row.id not in out]
    twins = _twins(chosen, columns)
    for text, ids in twins:
        told = f"{text}: a plan could not tell these {kind}s apart, so none of them is taken over; make it unique at the endpoint"
        findings.append(_finding("warning", "twins", told))
        out |= ids
    return sorted((row for row in chosen if row.id not in out), key=lambda row: row.id)


def _twins(rows: Sequence[LiveResource], columns: Columns) -> list[tuple[str, set[str]]]:
    """Those that have one matching value, as compared."""
    found = []
    for index in columns.match:
        column = columns.all[index]
        holders: dict[object, list[LiveResource]] = defaultdict(list)
        for row in rows:
            if (value := column.compare(row.values[index])) is not None:
                holders[value].append(row)
        for several in (rows for rows in holders.values() if len(rows) > 1):
            ids = sorted(row.id for row in several)
            found.append(
                (f"{column.text} {several[0].values[index]!r} is at {', '.join(ids[:SHOWN])}", set(ids))
            )
    return found


def _user(
    row: LiveResource, asked: Importing, ways: Mapping[str, Way], people: Mapping[str, str], lost: Lost
) -> dict[str, Value]:
    columns = asked.users
    attributes = walk_back(row, columns.all, ways, asked.types, "userName", lost)
    if columns.reference is not None:
        column, there = columns.all[columns.reference], row.values[columns.reference]
        way = ways.get(column.text)
        if way is not None and there is not None:
            if str(there) in people:
                attributes[way.source] = people[str(there)]
            else:
                lost.note("reference", way.source, column.text, row.name)
    if row.active:
        attributes.pop("accountEnabled", None)
    else:
        attributes["accountEnabled"] = False
    return attributes


def _groups(
    asked: Importing, columns: Columns, rows: Sequence[LiveResource], ids: Mapping[str, str], ways: Mapping[str, Way],
    people: Mapping[str, str], lost: Lost, findings: list[Finding],
) -> str:  # fmt: skip
    entries: dict[str, dict[str, Value]] = {}
    members: dict[str, list[str]] = {}
    strange: Counter[str] = Counter()
    for row in rows:
        entries[ids[row.id]] = walk_back(row, columns.all, ways, asked.types, "displayName", lost)
        members[ids[row.id]] = sorted({people[id_] for id_ in row.members if id_ in people})
        strange[row.name] += sum(id_ not in people for id_ in row.members)
    left = {name: count for name, count in strange.items() if count}
    if left:
        text = f"{sum(left.values())} memberships of whom nothing declares are left as they are: {', '.join(sorted(left)[:SHOWN])}"
        findings.append(_finding("info", "members", text))
    return write_groups(entries, members, asked.head)


def _told(lost: Lost) -> Iterable[Finding]:
    for (why, source, path), names in sorted(lost.users.items()):
        whose = ", ".join(sorted(names)[:SHOWN]) + (
            f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
        )
        if why == "reference":
            text = f"{path} leads to somebody whom nothing declares: left out, so that it stays as it is ({whose})"
        else:
            text = WHY[why].format(source=source, path=path, whose=whose)
        yield _finding("warning" if why == "needed" else "info", f"value-{why}", text)


def _not_walked(mapping: ObjectMapping, ways: Mapping[str, Way]) -> Iterable[Finding]:
    """Paths whose value is made of a constant, or of several attributes: nothing is taken over from there."""
    stuck = [
        str(attribute.path)
        for attribute in mapping.attributes
        if str(attribute.path) not in ways and str(attribute.path) != "active"
    ]
    if stuck:
        text = f"made by the mapping itself, so nothing is taken over from there: {', '.join(stuck)}"
        yield _finding("info", "made", text)


def _names(rows: Sequence[LiveResource]) -> str:
    names = sorted(row.name for row in rows)
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")


def _finding(severity: str, code: str, text: str) -> Finding:
    return Finding(severity=severity, code=code, text=text)  # type: ignore[arg-type]

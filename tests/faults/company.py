"""A company before and after a day of changes, and what its endpoint must hold afterwards: an oracle of our own.

Nothing here asks the product what it would do. `size` is the number of resources that change.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
RULES = (
    "deactivate", "delete", "deleteGroups", "removeMembers", "removeMembersPerGroup", "reactivate", "adopt", "clear",
    "create", "sameAttribute",
)  # fmt: skip
MAPPING = {
    "users": {
        "match": ["externalId", "userName"],
        "attributes": {
            "externalId": "objectId",
            "userName": "userPrincipalName",
            "active": {"expression": "Not([IsSoftDeleted])"},
            "displayName": "displayName",
            "title": "jobTitle",
            f"{ENTERPRISE}:manager": "manager",
        },
    },
    "groups": {
        "match": ["externalId", "displayName"],
        "attributes": {"externalId": "objectId", "displayName": "displayName", "members": "members"},
    },
}

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One user, as desired or as live."""

    key: str
    name: str
    title: str
    is_active: bool = True
    manager: str | None = None
    external_id: str | None = "own"  # "own": its key

    @property
    def live_external_id(self) -> str | None:
        """What the endpoint holds as externalId."""
        return self.key if self.external_id == "own" else self.external_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Who is live before, what is declared, and what must be live afterwards."""

    size: int
    live: tuple[Person, ...]
    live_groups: dict[str, tuple[str, ...]]
    desired: tuple[Person, ...]
    desired_groups: dict[str, tuple[str, ...]]
    gone: tuple[Person, ...]  # owned, no longer declared
    guests: tuple[Person, ...]  # nobody's: never to be touched
    expected: tuple[Person, ...] = field(default=())

    def write(self, base: Path, url: str, timeout: float = 1.0, concurrency: int = 4) -> None:
        """The desired state below `base`; YAML is a superset of JSON."""
        users = {
            person.key: {
                "userPrincipalName": person.name, "displayName": person.key, "jobTitle": person.title,
                **({"manager": person.manager} if person.manager else {}),
                **({} if person.is_active else {"accountEnabled": False}),
            }
            for person in self.desired
        }  # fmt: skip
        groups = {
            key: {"displayName": f"Group {key}", "members": list(members)}
            for key, members in self.desired_groups.items()
        }
        target = {
            "profile": "rfc", "url": url, "auth": {"bearer": {"env": "SCIM_TOKEN"}}, "mapping": "plain",
            "scope": {"users": "all", "groups": "all"}, "ownership": "externalId", "adopt": "empty",
            "deprovision": {"groups": "delete"},
            "budgets": {rule: {"count": 1_000_000, "percent": 100} for rule in RULES},
            "client": {"concurrency": concurrency, "requestsPerSecond": 1000, "timeoutSeconds": timeout},
        }  # fmt: skip
        for kind, content in (
            ("users", users), ("groups", groups), ("mappings", {"plain": MAPPING}), ("targets", {"live": target}),
        ):  # fmt: skip
            (base / "desired_state").mkdir(parents=True, exist_ok=True)
            text = json.dumps({kind: content}, indent=1)
            (base / "desired_state" / f"{kind}.yaml").write_text(text, encoding="utf-8")

    def live_documents(self) -> list[Document]:
        """What the endpoint holds before, as SCIM documents."""
        documents: list[Document] = []
        for person in (*self.live, *self.guests):
            document: Document = {
                "schemas": [CORE], "id": f"live-{person.key}", "userName": person.name, "displayName": person.key,
                "title": person.title, "active": person.is_active,
            }  # fmt: skip
            if person.live_external_id is not None:
                document["externalId"] = person.live_external_id
            documents.append(document)
        for key, members in {**self.live_groups, "guests": ("guest0",)}.items():
            documents.append({
                "schemas": [GROUP], "id": f"live-{key}", "displayName": f"Group {key}",
                "members": [{"value": f"live-{member}"} for member in members],
                **({"externalId": key} if key in self.live_groups else {}),
            })  # fmt: skip
        return documents


def make_company(size: int) -> Company:
    """A company of which `size` resources change, at least 12; the mix is the same at every size."""
    assert size >= 12
    unit = size // 12
    live: list[Person] = []
    desired: list[Person] = []
    expected: list[Person] = []

    def add(before: Person | None, after: Person) -> None:
        if before is not None:
            live.append(before)
        desired.append(after)
        expected.append(after)

    def person(kind: str, number: int, **given: Any) -> Person:
        key = f"{kind}{number}"
        return Person(**{"key": key, "name": f"{key}@example.com", "title": "Engineer", **given})

    for number in range(2 * unit):
        add(person("stay", number), person("stay", number))
    for number in range(size - 9 * unit):
        # Every other newcomer answers to the next one, who is new too.
        manager = f"new{number + 1}" if number % 2 == 0 and number + 1 < size - 9 * unit else None
        add(None, person("new", number, manager=manager))
    for number in range(unit):
        add(person("edit", number), person("edit", number, title="Director"))
        add(person("off", number), person("off", number, is_active=False))
        add(person("name", number), person("name", number, name=f"named{number}@example.com"))
        add(person("back", number, is_active=False), person("back", number))
        add(person("find", number, external_id=None), person("find", number))
    gone = tuple(person("gone", number) for number in range(unit))
    live_groups: dict[str, tuple[str, ...]] = {}
    desired_groups: dict[str, tuple[str, ...]] = {}
    for number in range(unit):
        live_groups[f"mixed{number}"] = (f"stay{2 * number}", f"edit{number}")
        desired_groups[f"mixed{number}"] = (f"new{number}", f"edit{number}")
        desired_groups[f"fresh{number}"] = (f"new{number}", f"stay{2 * number + 1}", f"find{number}")
        live_groups[f"old{number}"] = (f"stay{2 * number}",)
    return Company(
        size=size, live=(*live, *gone), live_groups=live_groups, desired=tuple(desired), desired_groups=desired_groups,
        gone=gone, guests=tuple(person("guest", number, external_id=None) for number in range(2)),
        expected=(*expected, *(Person(key=p.key, name=p.name, title=p.title, is_active=False) for p in gone)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What an endpoint holds, by id and without `meta`."""

    users: dict[str, Document]
    groups: dict[str, Document]

    def all(self) -> dict[str, Document]:
        """Users and groups by id."""
        return {**self.users, **self.groups}


def sort_live(contents: Mapping[str, Document]) -> Live:
    """Users and groups apart; `contents` is by id."""
    groups = {id_: row for id_, row in contents.items() if GROUP in row["schemas"]}
    return Live(users={id_: row for id_, row in contents.items() if id_ not in groups}, groups=groups)


def losses(company: Company, before: Live, after: Live, *, is_finished: bool) -> list[str]:
    """What is wrong at the endpoint, in words; before the end, only what may be wrong at no time."""
    wrong = [*_doubles(after), *_orphans(company, before, after), *_wrongly_off(company, before, after)]
    wrong += [
        f"{g.key} was touched" for g in company.guests if _named(before, g.name) != _named(after, g.name)
    ]
    if is_finished:
        wrong += [*_unfinished_users(company, after), *_unfinished_groups(company, after)]
    return wrong


def _doubles(after: Live) -> list[str]:
    names: Callable[[Document], object]
    wrong = []
    for rows, label, names in (
        (after.users, "userName", lambda row: row["userName"].casefold()),
        (after.users, "externalId", lambda row: row.get("externalId")),
        (after.groups, "externalId", lambda row: row.get("externalId")),
        (after.groups, "displayName", lambda row: row["displayName"]),
    ):
        counts = Counter(names(row) for row in rows.values())
        wrong += [f"{label} {name} is there {n} times" for name, n in counts.items() if n > 1 and name]
    return wrong


def _orphans(company: Company, before: Live, after: Live) -> list[str]:
    declared = {person.key for person in company.desired} | company.desired_groups.keys()
    new = after.all().keys() - before.all().keys()
    return [
        f"{after.all()[id_]} is an orphan"
        for id_ in new
        if after.all()[id_].get("externalId") not in declared
    ]


def _wrongly_off(company: Company, before: Live, after: Live) -> list[str]:
    may_be_off = {person.key for person in company.expected if not person.is_active}
    return [
        f"{row['userName']} was wrongly deactivated"
        for id_, row in after.users.items()
        if row.get("active") is False
        and before.users.get(id_, {}).get("active") is not False
        and row.get("externalId") not in may_be_off
    ] + [
        f"{row['userName']} was deleted"
        for id_, row in before.users.items()
        if id_ not in after.users
    ]  # fmt: skip


def _unfinished_users(company: Company, after: Live) -> list[str]:
    by_key = {row.get("externalId"): row for row in after.users.values()}
    wrong = []
    for person in company.expected:
        row = by_key.get(person.key)
        if row is None:
            wrong.append(f"{person.key} is missing")
            continue
        manager = row.get(ENTERPRISE, {}).get("manager", {}).get("value")
        holds = (row["userName"], row["title"], row["active"], manager)
        due = (person.name, person.title, person.is_active, by_key.get(person.manager or "", {}).get("id"))
        if holds != due:
            wrong.append(f"{person.key} holds {holds}, not {due}")
    if len(after.users) != len(company.expected) + len(company.guests):
        wrong.append(f"{len(after.users)} users are there")
    return wrong


def _unfinished_groups(company: Company, after: Live) -> list[str]:
    key_by_id = {id_: row.get("externalId") or row["userName"] for id_, row in after.users.items()}
    wrong = []
    by_key = {row.get("externalId"): row for row in after.groups.values()}
    for key, members in company.desired_groups.items():
        row = by_key.get(key)
        if row is None:
            wrong.append(f"group {key} is missing")
            continue
        holds = sorted(key_by_id.get(member["value"], "?") for member in row.get("members") or [])
        if holds != sorted(members):
            wrong.append(f"group {key} has {holds}, not {sorted(members)}")
    if by_key.keys() - {None} != company.desired_groups.keys() or len(by_key) != len(after.groups):
        wrong.append(f"groups are {sorted(map(str, by_key))}")
    return wrong


def _named(live: Live, name: str) -> list[Document]:
    return [row for row in live.users.values() if row["userName"] == name]

"""A company of any size: its desired state as YAML files, and what a SCIM endpoint holds of it, as one line of JSON each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
USERS_PER_FILE = 1_000
USERS_PER_GROUP = 50  # 100,000 users are in 2,000 groups,
GROUP_SIZE = 100  # which hold 200,000 memberships

GIVEN = "Ada Grace Alan Edsger Barbara Donald Frances John Margaret Niklaus Radia Zoë Jürgen Søren Łukasz Chloé".split()
SURNAMES = "Lovelace Hopper Turing Dijkstra Liskov Knuth Allen Backus Hamilton Wirth Perlman Müller Ødegård Nowak".split()
DEPARTMENTS = "Engineering Research Sales Marketing Finance Legal Support People Facilities Security".split()
JOBS = ("Engineer", "Senior Engineer", "Account Manager", "Analyst", "Counsel", "Director", "Assistant")
PLACES = (
    ("GB", "London", "SW1Y 4JH", "St James's Square", "en-GB"),
    ("DE", "Berlin", "10117", "Unter den Linden", "de-DE"),
    ("FR", "Paris", "75008", "Rue de Courcelles", "fr-FR"),
    ("US", "New York", "10018", "Seventh Avenue", "en-US"),
)  # fmt: skip

TARGET = """\
mappings:
  envoy-with-managers:
    users:
      match: [externalId, userName]
      attributes:
        userName: userPrincipalName
        externalId: objectId
        active: {expression: 'Not([IsSoftDeleted])'}
        displayName: displayName
        title: jobTitle
        'emails[type eq "work"].value': mail
        preferredLanguage: preferredLanguage
        department: department
        'addresses[type eq "work"].country': country
        'addresses[type eq "work"].locality': city
        'addresses[type eq "work"].region': state
        'addresses[type eq "work"].postalCode': postalCode
        'addresses[type eq "work"].formatted': physicalDeliveryOfficeName
        'addresses[type eq "work"].streetAddress': streetAddress
        name.givenName: givenName
        name.familyName: surname
        name.formatted: {template: '{{ givenName }} {{ surname }}'}
        'phoneNumbers[type eq "mobile"].value': mobile
        'phoneNumbers[type eq "work"].value': telephoneNumber
        locale: preferredLanguage
        'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager': manager
    groups:
      match: [externalId, displayName]
      attributes: {displayName: displayName, externalId: objectId, members: members}
---
targets:
  endpoint:
    profile: envoy
    mapping: envoy-with-managers
    url: {env: BENCH_URL}
    auth: {bearer: {env: BENCH_TOKEN}}
    scope: {users: all, groups: all}
    ownership: externalId
    budgets:
      create: {count: 1000000}
      sameAttribute: {count: 1000000}
      removeMembers: {count: 1000000}
      removeMembersPerGroup: {count: 1000000}
    client: {concurrency: 8, requestsPerSecond: RATE}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A company of `users` users, and of groups in proportion; the endpoint differs in `changed` of them."""

    users: int
    changed: int = 0
    changed_groups: int = 0

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return max(1, self.users // USERS_PER_GROUP)

    def write_desired(self, folder: Path, requests_per_second: float) -> None:
        """Writes the desired state below `folder`, 1,000 users a file."""
        for kind in ("users", "groups", "targets", "mappings"):
            (folder / "desired_state" / kind).mkdir(parents=True)
        mappings, targets = TARGET.replace("RATE", str(requests_per_second)).split("---\n")
        (folder / "desired_state/mappings/envoy.yaml").write_text(mappings)
        (folder / "desired_state/targets/endpoint.yaml").write_text(targets)
        for start in range(0, self.users, USERS_PER_FILE):
            numbers = range(start, min(start + USERS_PER_FILE, self.users))
            text = "users:\n" + "".join(_yaml(key_of(n), source(n)) for n in numbers)
            (folder / f"desired_state/users/{start // USERS_PER_FILE:04}.yaml").write_text(text, "utf-8")
        for start in range(0, self.groups, 100):
            text = "groups:\n"
            for number in range(start, min(start + 100, self.groups)):
                members = "".join(f"      - {key_of(n)}\n" for n in self.members(number))
                text += f"  team-{number}:\n    displayName: Team {number}\n    members:\n{members}"
            (folder / f"desired_state/groups/{start // 100:04}.yaml").write_text(text, "utf-8")

    def members(self, group: int) -> list[int]:
        """The numbers of a group's members."""
        first = group * USERS_PER_GROUP
        return [number % self.users for number in range(first, first + min(GROUP_SIZE, self.users))]

    def live_users(self) -> Iterator[dict[str, Any]]:
        """What the endpoint holds of the users; the changed ones, which are spread, were in another department."""
        spread = self.users / self.changed if self.changed else 0
        changed = {int(n * spread) for n in range(self.changed)}
        for number in range(self.users):
            user = scim_user(number)
            yield {**user, "department": "Training"} if number in changed else user

    def live_groups(self) -> Iterator[dict[str, Any]]:
        """What the endpoint holds of the groups; the changed ones lack a member."""
        for number in range(self.groups):
            members = self.members(number)[int(number < self.changed_groups) :]
            yield {
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
                "id": f"group-{number:08x}", "externalId": f"team-{number}", "displayName": f"Team {number}",
                "members": [{"value": id_of(n), "type": "User", "$ref": f"https://app.example.com/scim/v2/Users/{id_of(n)}"} for n in members],
                "meta": _meta("Group", f"group-{number:08x}"),
            }  # fmt: skip

    def write_live(self, folder: Path) -> None:
        """Writes what the endpoint holds to `folder`: Users and Groups, a line each."""
        folder.mkdir(parents=True)
        for name, resources in (("Users", self.live_users()), ("Groups", self.live_groups())):
            with (folder / name).open("w", encoding="utf-8") as file:
                for resource in resources:
                    json.dump(resource, file, ensure_ascii=False, separators=(",", ":"))
                    file.write("\n")


def key_of(number: int) -> str:
    """A user's id in the YAML."""
    return f"u{number:06}"


def id_of(number: int) -> str:
    """The same user's id at the endpoint."""
    return f"2819c223-7f76-453a-919d-{number:012x}"


def source(number: int) -> dict[str, str]:
    """A user's source attributes; some have no title, no mobile, no manager."""
    given, surname = GIVEN[number % len(GIVEN)], SURNAMES[number // 7 % len(SURNAMES)]
    country, city, code, street, language = PLACES[number // 3 % len(PLACES)]
    mail = f"person.{number}@example.com"
    values = {
        "userPrincipalName": mail, "displayName": f"{given} {surname} {number}", "givenName": given, "surname": surname,
        "mail": mail, "department": DEPARTMENTS[number // 11 % len(DEPARTMENTS)], "preferredLanguage": language,
        "country": country, "city": city, "postalCode": code, "streetAddress": f"{1 + number % 199} {street}",
        "telephoneNumber": f"+44 20 7946 {number % 10_000:04}",
    }  # fmt: skip
    if number % 9:
        values["jobTitle"] = JOBS[number % len(JOBS)]
    if number % 4:
        values["mobile"] = f"+44 7700 {900_000 + number % 100_000}"
    if number:
        values["manager"] = key_of(number // 12)
    return values


def scim_user(number: int) -> dict[str, Any]:
    """What an endpoint that keeps everything holds of the user."""
    s = source(number)
    phones = [{"value": s["telephoneNumber"], "type": "work"}]
    if "mobile" in s:
        phones.append({"value": s["mobile"], "type": "mobile"})
    manager = {"value": id_of(number // 12), "$ref": f"../Users/{id_of(number // 12)}"}
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "id": id_of(number), "externalId": key_of(number), "userName": s["userPrincipalName"], "active": True,
        "displayName": s["displayName"], **({"title": s["jobTitle"]} if "jobTitle" in s else {}),
        "name": {"formatted": f"{s['givenName']} {s['surname']}", "givenName": s["givenName"], "familyName": s["surname"]},
        "emails": [{"value": s["mail"], "type": "work", "primary": True}], "phoneNumbers": phones,
        "addresses": [{"type": "work", "country": s["country"], "locality": s["city"], "postalCode": s["postalCode"], "streetAddress": s["streetAddress"]}],
        "preferredLanguage": s["preferredLanguage"], "locale": s["preferredLanguage"], "department": s["department"],
        **({ENTERPRISE: {"manager": manager}} if number else {}),
        "meta": _meta("User", id_of(number)),
    }  # fmt: skip


def _meta(type_: str, id_: str) -> dict[str, str]:
    return {
        "resourceType": type_, "created": "2024-03-01T09:30:00Z", "lastModified": "2026-10-07T16:05:12Z",
        "location": f"https://app.example.com/scim/v2/{type_}s/{id_}", "version": f'W/"{id_[-8:]}"',
    }  # fmt: skip


def _yaml(key: str, values: dict[str, str]) -> str:
    lines = "".join(f"    {name}: {_quoted(value)}\n" for name, value in values.items())
    return f"  {key}:\n{lines}"


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if value[0] in "+0123456789" else value

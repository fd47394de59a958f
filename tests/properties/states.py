"""Legal desired states and live states, with an oracle of its own for who is entitled and who is whose."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

import yaml
from hypothesis import strategies as st

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = "urn:ietf:params:scim:schemas:core:2.0:"
PAST, FUTURE = "2020-01-31", "2099-12-31"
PEOPLE = ("ada", "bob", "cyd", "dan", "eve", "fay")
GROUPS = ("red", "green", "blue")
NAMES = tuple(f"{name}@example.com" for name in ("ann", "ben", "cat", "don", "eli", "fox", "gus", "prot-one"))
TITLES = ("Red", "Grün", "Blue 青", "Admins")
TEXTS = ("Ada", "Ålice", "A\u030alice", "ALICE", 'O\'Neil "<b>"', "日本", "a, b: c", "NO", "010", "x\\y")
DEPARTMENTS = ("Sales", "Research")
Entry = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class State:
    """What people declare, as documents by kind, and what is live, as SCIM documents."""

    users: dict[str, Entry]
    removed: list[str]
    groups: dict[str, Entry]
    target: Entry
    mapping: Entry
    live: list[Entry]

    def files(self, seed: int | None = None) -> dict[str, str]:
        """The desired state as YAML files; with a seed in another order of files, entries and keys."""
        chance = random.Random(seed) if seed is not None else None
        users = list(self.users.items())
        if chance:
            chance.shuffle(users)
        half = len(users) // 2 if chance is None else chance.randint(0, len(users))
        kinds: dict[str, Entry] = {
            "users/one.yaml": {"users": dict(users[:half])}, "users/two.yaml": {"users": dict(users[half:]), "removed": self.removed},
            "groups.yaml": {"groups": self.groups}, "attributes.yaml": {"attributes": {"badge": {"type": "text"}}},
            "mappings.yaml": {"mappings": {"plain": self.mapping}}, "targets.yaml": {"targets": {"acme": self.target}},
        }  # fmt: skip
        return {
            name: yaml.dump(
                _shuffled(kind, chance), Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False
            )
            for name, kind in kinds.items()
        }

    def external_id(self, key: str) -> str | None:
        """The externalId that a user or group of that id gets."""
        written = self.mapping["users"]["attributes"].get("externalId")
        if written is None:
            return None
        return key if written == "objectId" else f"acme:{key}"

    def members(self, group: str) -> set[str]:
        """Who is in a group now."""
        entry = self.groups[group]
        found: set[str] = set()
        for member in entry.get("members", []):
            listed = {"user": member} if isinstance(member, str) else member
            if listed.get("until") != PAST:
                found |= self.members(listed["group"]) if "group" in listed else {listed["user"]}
        if "membershipRule" in entry:
            found |= {
                key for key in self.users
                if self._is_present(key) and self._passes(key, entry["membershipRule"])
            }  # fmt: skip
        return found & self.users.keys()

    def entitled(self) -> set[str]:
        """The users who are declared, enabled, hired, not left, and in scope."""
        scope = self.target["scope"]
        found = set(self.users)
        if scope["users"] == "assigned":
            found = set(scope["assigned"]["users"])
            for group in scope["assigned"]["groups"]:
                found |= self.members(group)
        found = {key for key in found & self.users.keys() if self._is_present(key)}
        return {key for key in found if "filter" not in scope or self._passes(key, scope["filter"])}

    def people(self) -> list[Entry]:
        """The live users."""
        return [document for document in self.live if CORE + "User" in document["schemas"]]

    def holders(self, key: str) -> list[Entry]:
        """The live users that carry the externalId of that user, where it is matched by."""
        if "externalId" not in self.mapping["users"]["match"]:
            return []
        return [user for user in self.people() if user.get("externalId") in self._own_ids(key)]

    def untouchable(self) -> set[str]:
        """Ids that nobody may write: protected; unmanaged; two of one; or somebody else's."""
        found = {user["id"] for user in self.people() if self._is_protected(user)}
        named = {self.users[key]["userPrincipalName"]: key for key in self.users}
        ours = {id_ for key in (*self.users, *self.removed) for id_ in self._own_ids(key)}
        has_external = self.external_id("") is not None
        for user in self.people():
            external, key = user.get("externalId"), named.get(user["userName"])
            is_named = key is not None
            is_ours = has_external and external in ours
            if not is_ours and not is_named and not self._is_claimed(external):
                found.add(user["id"])
            is_only_hit = key is not None and not self.holders(key)
            if has_external and external and not is_ours and is_only_hit and self.target["adopt"] != "any":
                found.add(user["id"])
        for key in (*self.users, *self.removed):
            if has_external and self.mapping["users"]["match"][0] == "externalId":
                exact = [user for user in self.people() if user.get("externalId") == self.external_id(key)]
                found |= {user["id"] for user in exact} if len(exact) > 1 else set()
        return found

    def _own_ids(self, key: str) -> set[str | None]:
        previous = self.users.get(key, {}).get("previousIds", [])
        return {self.external_id(id_) for id_ in (key, *previous)} - {None}

    def _is_claimed(self, external: str | None) -> bool:
        ownership = self.target["ownership"]
        if ownership == "all":
            return True
        if isinstance(ownership, dict):
            return external is not None and external.startswith(ownership["prefix"])
        return ownership == "externalId" and external is not None

    def _is_protected(self, user: Entry) -> bool:
        shown = [user["id"], user.get("externalId"), user["userName"], user.get("displayName")]
        patterns = self.target["protected"]["users"]
        return any(fnmatch(name.lower(), pattern.lower()) for name in shown if name for pattern in patterns)

    def _is_present(self, key: str) -> bool:
        user = self.users[key]
        return (
            user.get("accountEnabled") is not False
            and user.get("employeeHireDate") != FUTURE
            and user.get("employeeLeaveDateTime") != PAST
        )

    def _passes(self, key: str, clause: Entry) -> bool:
        [(name, value)] = clause.items()
        match name:
            case "all":
                return all(self._passes(key, part) for part in value)
            case "any":
                return any(self._passes(key, part) for part in value)
            case "not":
                return not self._passes(key, value)
            case "memberOf":
                return key in self.members(value)
            case _:
                return self.users[key].get(name) in value


def _shuffled(value: Any, chance: random.Random | None) -> Any:
    """Keys of mappings in another order; lists as they are but those whose order means nothing."""
    if not isinstance(value, dict) or chance is None:
        return value
    keys = list(value)
    chance.shuffle(keys)
    found = {key: _shuffled(value[key], chance) for key in keys}
    for key in ("members", "removed", "users", "groups", "any", "all", "previousIds"):
        if isinstance(found.get(key), list):
            found[key] = chance.sample(found[key], len(found[key]))
    return found


def _optional(values: st.SearchStrategy[Any], *, null: bool = True) -> st.SearchStrategy[Any]:
    """A value, `null`, or `...` for a key that is not there."""
    return st.one_of(st.just(...), *([st.none()] if null else []), values)


def _present(entry: Entry) -> Entry:
    return {key: value for key, value in entry.items() if value is not ...}


def _some(values: Sequence[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), unique=True, max_size=len(values)) if values else st.just([])


def _clauses(groups: Sequence[str]) -> st.SearchStrategy[Entry]:
    parts = st.one_of(
        st.builds(lambda values: {"department": values}, st.lists(st.sampled_from(DEPARTMENTS), min_size=1, unique=True)),
        *([st.builds(lambda group: {"memberOf": group}, st.sampled_from(groups))] if groups else []),
    )  # fmt: skip
    negated = st.one_of(parts, st.builds(lambda part: {"not": part}, parts))
    return st.builds(
        lambda kind, found: {kind: found}, st.sampled_from(["any", "all"]), st.lists(negated, min_size=1, max_size=2)
    )  # fmt: skip


# Built once: making a strategy takes longer than drawing from it.
TEXT, TEXT_OR_NONE = _optional(st.sampled_from(TEXTS)), _optional(st.sampled_from(TEXTS), null=False)
DEPARTMENT, DEPARTMENT_OR_NONE = (
    _optional(st.sampled_from(DEPARTMENTS)),
    _optional(st.sampled_from(DEPARTMENTS), null=False),
)
MAIL = _optional(st.sampled_from(NAMES))
NAMED = _optional(
    st.sampled_from(TEXTS).map(lambda text: {"givenName": text, "familyName": "Kept"}), null=False
)
ROLE = st.sampled_from(["declared", "declared", "declared", "removed", "gone"])
ENABLED = st.sampled_from([..., ..., ..., True, False])
DATE = st.sampled_from([..., ..., ..., PAST, FUTURE])
UNTIL = st.sampled_from([..., ..., PAST, FUTURE])
IS_ACTIVE = st.sampled_from([..., True, True, False])
ORDER_OF_NAMES, ORDER_OF_TITLES = st.permutations(NAMES), st.permutations(TITLES)
HAS_PREVIOUS = st.sampled_from([False, False, True])
EMAILS: st.SearchStrategy[Any] = st.sampled_from([
    ..., [{"type": "work", "value": "w@example.com"}], [{"type": "home", "value": "h@example.com"}],
    [{"type": "home", "value": "h@example.com"}, {"type": "work", "value": "W@example.com", "primary": True}],
])  # fmt: skip


@st.composite
def states(draw: st.DrawFn) -> State:
    """A legal desired state of a few people and groups, and a live state that has something to do with it."""
    managers: st.SearchStrategy[Any] = st.just(...)
    roles = {key: draw(ROLE) for key in PEOPLE}
    declared = [key for key in PEOPLE if roles[key] == "declared"]
    removed = [key for key in PEOPLE if roles[key] == "removed"]
    names = draw(ORDER_OF_NAMES)
    if declared or removed:
        managers = _optional(st.sampled_from([*declared, *removed]))
    users = {
        key: _present({
            "userPrincipalName": names[at],
            "displayName": draw(TEXT),
            "givenName": draw(TEXT),
            "jobTitle": draw(TEXT),
            "department": draw(DEPARTMENT),
            "mail": draw(MAIL),
            "badge": draw(TEXT),
            "manager": draw(managers),
            "accountEnabled": draw(ENABLED),
            "employeeHireDate": draw(DATE),
            "employeeLeaveDateTime": draw(DATE),
            "previousIds": [f"old-{key}"] if draw(HAS_PREVIOUS) else ...,
        })
        for at, key in enumerate(declared)
    }  # fmt: skip
    groups = draw(_groups([*declared, *removed]))
    mapping = draw(_mappings())
    target = draw(
        _targets(
            declared, list(groups), templated=mapping["users"]["attributes"].get("externalId") != "objectId"
        )
    )
    state = State(users=users, removed=removed, groups=groups, target=target, mapping=mapping, live=[])
    return State(
        users=users, removed=removed, groups=groups, target=target, mapping=mapping, live=draw(_live(state))
    )


@st.composite
def _groups(draw: st.DrawFn, people: list[str]) -> dict[str, Entry]:
    groups: dict[str, Entry] = {}
    titles = draw(ORDER_OF_TITLES)
    for at, key in enumerate(draw(_some(GROUPS))):
        members: list[Any] = [
            who if until is ... else {"user": who, "until": until}
            for who, until in ((who, draw(UNTIL)) for who in draw(_some(people)))
        ]
        members += [{"group": nested} for nested in draw(_some(list(groups)))]
        groups[key] = _present({
            "displayName": titles[at],
            "members": draw(st.sampled_from([..., members, members, members])),
            "membershipRule": draw(st.one_of(st.just(...), st.just(...), _clauses(list(groups)))),
            "membership": draw(st.sampled_from([..., ..., "exclusive", "additive"])),
        })  # fmt: skip
        if "members" not in groups[key] and "membershipRule" not in groups[key]:
            groups[key]["members"] = members
    return groups


@st.composite
def _mappings(draw: st.DrawFn) -> Entry:
    external = draw(st.sampled_from(["objectId", "objectId", {"template": "acme:{{ objectId }}"}, ...]))
    match = draw(
        st.sampled_from(
            [["externalId", "userName"], ["externalId", "userName"], ["userName"], ["userName", "externalId"]]
        )
    )
    attributes = _present({
        "externalId": external,
        "userName": "userPrincipalName",
        "active": draw(st.sampled_from([..., {"expression": "Not([IsSoftDeleted])"}])),
        "displayName": "displayName",
        "name.givenName": draw(st.sampled_from(["givenName", {"source": "givenName", "absent": "clear"}])),
        "title": draw(st.sampled_from(["jobTitle", {"source": "jobTitle", "default": "Employee"},
                                       {"source": "jobTitle", "default": "Employee", "defaultOn": "create"}])),
        "nickName": "badge",
        "locale": draw(st.sampled_from([..., {"constant": "en-GB", "apply": "create"}, {"constant": "en-GB"}])),
        'emails[type eq "work"].value': draw(st.sampled_from(["mail", {"template": "{{ givenName }}@example.com"}, ...])),
        f"{ENTERPRISE}:department": {"source": "department", "absent": draw(st.sampled_from(["keep", "clear"]))},
        f"{ENTERPRISE}:manager": draw(st.sampled_from(["manager", "manager", ...])),
    })  # fmt: skip
    group_attributes = _present({"externalId": external, "displayName": "displayName", "members": "members"})
    if external is ...:
        match = ["userName"]
    return {
        "users": {"match": match, "attributes": attributes},
        "groups": {"match": ["displayName"] if external is ... else ["externalId", "displayName"], "attributes": group_attributes},
    }  # fmt: skip


@st.composite
def _targets(draw: st.DrawFn, people: list[str], groups: list[str], *, templated: bool) -> Entry:
    disposal = st.sampled_from(["deactivate", "deactivate", "delete", "ignore"])
    scope: Entry = {
        "users": draw(st.sampled_from(["all", "all", "assigned"])),
        "assigned": {"users": draw(_some(people)), "groups": draw(_some(groups))},
        "groups": draw(st.one_of(st.sampled_from(["all", "all", "assigned", "none"]), _some(groups))),
    }
    if draw(st.integers(0, 3)) == 0:
        scope["filter"] = draw(_clauses(groups))
    wide = ["deactivate", "delete", "deleteGroups", "removeMembers", "removeMembersPerGroup", "reactivate", "adopt", "clear",
            "create", "sameAttribute"]  # fmt: skip
    ownership = draw(st.sampled_from(["declared", "externalId", "externalId", "all", {"prefix": "acme:"}]))
    return {
        "url": {"env": "SCIM_URL"},
        "auth": {"bearer": {"env": "SCIM_TOKEN"}},
        "mapping": "plain",
        "scope": scope,
        "ownership": ownership if not templated else draw(st.sampled_from([ownership, {"prefix": "acme:"}])),
        "adopt": draw(st.sampled_from(["empty", "any", "never"])),
        "deprovision": {
            "disabled": draw(disposal), "outOfScope": draw(disposal), "removed": draw(disposal), "vanished": draw(disposal),
            "memberships": draw(st.sampled_from(["keep", "remove"])), "groups": draw(st.sampled_from(["ignore", "delete"])),
            **_present({"deleteAfterDays": draw(st.sampled_from([..., 30]))}),
        },
        "membership": draw(st.sampled_from(["owned", "owned", "exclusive", "additive"])),
        "protected": {"users": draw(st.sampled_from([[], ["prot-*"], ["PROT*", "foreign-2"]])), "groups": draw(st.sampled_from([[], ["Admins"]]))},
        "budgets": {rule: {"count": 10000} for rule in wide},
        "client": {"requestsPerSecond": 5000},
    }  # fmt: skip


@st.composite
def _live(draw: st.DrawFn, state: State) -> list[Entry]:
    """Accounts that are ours, drifted, nobody's, somebody else's, or two of one; groups of all these."""
    taken = {user["userPrincipalName"] for user in state.users.values()}
    names = draw(ORDER_OF_NAMES)
    own = [state.external_id(key) for key in PEOPLE]
    links = st.sampled_from(
        [
            *own,
            *own,
            *(state.external_id(f"old-{key}") for key in PEOPLE),
            None,
            None,
            "foreign-1",
            "foreign-2",
        ]
    )
    count = draw(st.integers(0, len(NAMES) - 1))
    ids = [f"u{at}" for at in range(count)]
    managers = _optional(st.sampled_from([{"value": id_} for id_ in (*ids, "ghost")]), null=False)
    documents: list[Entry] = []
    for at, id_ in enumerate(ids):
        link = draw(links)
        key = (link or "").removeprefix("acme:")
        declared = state.users.get(key, {}).get("userPrincipalName")
        name = names[at]
        if declared and draw(st.integers(0, 3)) and all(d["userName"] != declared for d in documents):
            name = declared
        if any(document["userName"] == name for document in documents):
            name = f"{id_}-{'x' if name in taken else 'y'}@example.com"
        extension = _present({
            "department": draw(DEPARTMENT_OR_NONE),
            "manager": draw(managers),
        })  # fmt: skip
        documents.append(_present({
            "schemas": [CORE + "User", ENTERPRISE] if extension else [CORE + "User"],
            "id": id_,
            "externalId": link if link is not None else ...,
            "userName": name,
            "active": draw(IS_ACTIVE),
            "displayName": draw(TEXT_OR_NONE),
            "name": draw(NAMED),
            "title": draw(TEXT_OR_NONE),
            "nickName": draw(TEXT_OR_NONE),
            "timezone": "Europe/Berlin",
            "emails": draw(EMAILS),
            ENTERPRISE: extension or ...,
        }))  # fmt: skip
    group_links = st.sampled_from(
        [*(state.external_id(key) for key in (*GROUPS, *GROUPS)), None, "foreign-3"]
    )
    for at in range(draw(st.integers(0, 4))):
        link = draw(group_links)
        documents.append(_present({
            "schemas": [CORE + "Group"],
            "id": f"g{at}",
            "externalId": link if link is not None else ...,
            "displayName": draw(st.sampled_from([*TITLES, "Other"])),
            "members": [{"value": id_} for id_ in draw(_some([*ids, "ghost"]))] or ...,
        }))  # fmt: skip
    return documents

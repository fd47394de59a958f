"""Parse targets: each with what `targetDefaults` lend it, and approvals."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping as Map
from dataclasses import dataclass, replace
from typing import Any

from reconciler.functions.roles import ROLES
from reconciler.model.clause import Clause
from reconciler.model.mapping import Mapping
from reconciler.model.place import Document
from reconciler.model.profile import Profile
from reconciler.model.target import Approval, Client, Deprovision, Learnt, Limit, Scope, Target
from reconciler.stages.parse_connections import (
    read_client,
    read_learnt,
    read_notification,
    read_number,
    read_oauth2,
    read_secret,
    read_url,
)
from reconciler.stages.parse_mappings import check_paths
from reconciler.stages.parse_profiles import is_file
from reconciler.stages.parse_rules import parse_clause
from reconciler.stages.reading import WRONG, Node, nearest

LONGEST_DAYS = 36_500
NEEDED = {
    "url": "https://scim.example.com/v2",
    "scope": "{users: all}, or {users: assigned, assigned: {groups: […]}}",
    "ownership": "declared, externalId, {prefix: …} or all",
}
# Mappings with keys of their own merge key by key; every other value replaces the default's whole.
MERGED = ("scope", "deprovision", "protected", "budgets", "client", "learnt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What targets refer to."""

    people: Collection[str]
    groups: Collection[str]
    scopes: Map[str, Clause]
    types: Map[str, str]
    profiles: Map[str, Profile]
    profile_files: Map[str, Document | str]
    mappings: Map[str, Mapping]
    scope_names: Collection[str]
    mapping_names: Collection[str]


def parse_targets(nodes: Map[str, Node], defaults: list[Node], declared: Declared) -> dict[str, Target]:
    """The targets by name; those that lack something are left out, with a mistake."""
    beneath: Node | None = None
    for node in defaults:
        for name in node.names():
            if beneath and name in beneath.names():
                node.at(name, WRONG).wrong(f"`{name}` stands in another targetDefaults too; keep one of them")
        beneath = replace(node, beneath=beneath)
    targets = {name: _target(replace(node, beneath=beneath), declared) for name, node in nodes.items()}
    return {name: target for name, target in targets.items() if target}


def _target(node: Node, declared: Declared) -> Target | None:
    name = node.name
    for key, remedy in NEEDED.items() if node.value is not WRONG else ():
        if key not in node.names():
            node.wrong(f"target `{name}` has no `{key}`, which every target needs; write {key}: {remedy}")
    url, scope, ownership, auth = (
        node.get("url"),
        _layered(node, "scope"),
        node.get("ownership"),
        node.get("auth"),
    )
    profile = _profile(node, declared)
    notify = node.get("notify")
    parts = {
        "url": url and read_url(url), "scope": scope and _scope(scope, declared), "profile": profile,
        "mapping": profile and _mapping(node, profile, declared), "ownership": ownership and _ownership(ownership),
    }  # fmt: skip
    rest: dict[str, Any] = {
        "bearer": auth.read("bearer", read_secret, None) if auth else None, "oauth2": read_oauth2(auth) if auth else None,
        "adopt": node.read("adopt", Node.text, "empty"), "deprovision": _deprovision(_layered(node, "deprovision")),
        "membership": node.read("membership", Node.text, "owned"),
        "protected_users": _protected(node, "users"), "protected_groups": _protected(node, "groups"),
        "budgets": _budgets(_layered(node, "budgets")),
        "client": read_client(client) if (client := _layered(node, "client")) else Client(),
        "notify": tuple(found for entry in notify.entries() if (found := read_notification(entry))) if notify else (),
        "learnt": _learnt(_layered(node, "learnt"), declared),
    }  # fmt: skip
    if not all(parts.values()):
        return None
    _check_roles(node, parts["scope"], parts["mapping"])
    return Target(name=name, origin=node.origin, **parts, **rest)  # type: ignore[arg-type]


def _layered(node: Node, key: str) -> Node | None:
    """The mapping under `key`, over the one that targetDefaults have under it."""
    own = node.get(key)
    lower = node.beneath.get(key) if node.beneath else None
    if own is None or lower is None or key not in MERGED or own.origin == lower.origin:
        return own
    return replace(own, beneath=lower)


def _profile(node: Node, declared: Declared) -> Profile | None:
    named = node.get("profile")
    if named is None:
        return declared.profiles.get("rfc") if "profile" not in node.names() else None
    name = named.text()
    found = declared.profiles.get(name)
    if found is None and is_file(name):
        why = declared.profile_files.get(name, "does not exist; write a path from the top of the checkout")
        named.wrong(f"`{name}` {why}")
    elif found is None:
        named.wrong(f"`{name}` is no profile{nearest(name, declared.profiles)}")
    return found


def _mapping(node: Node, profile: Profile, declared: Declared) -> Mapping | None:
    named = node.get("mapping")
    if named is None and "mapping" not in node.names():
        shipped = declared.mappings.get(f"profile:{profile.name}")
        if shipped is None:
            node.wrong(f"target `{node.name}` has no `mapping`, and its profile {profile.name} ships none; write mapping: and its name")  # fmt: skip
        return shipped
    if named is None:
        return None
    found = declared.mappings.get(named.text())
    if found is None:
        named.known(declared.mapping_names, "mapping")
    else:
        check_paths(found, profile, node.name, node.gathered)
    return found


def _check_roles(node: Node, scope: Any, mapping: Any) -> None:
    if scope.users == "all" and any(ROLES in attribute.named for attribute in mapping.users.attributes):
        node.wrong(
            f"target `{node.name}` provisions all users, and its mapping asks for roles, which come by assignment only; "
            "write users: assigned, and each role with its group: {group: sales, role: Member}"
        )


def _scope(node: Node, declared: Declared) -> Scope:
    assigned, given = node.get("assigned"), node.get("filter")
    users = assigned.get("users") if assigned else None
    groups = assigned.get("groups") if assigned else None
    return Scope(
        users=node.read("users", Node.text, "assigned"),  # type: ignore[arg-type]
        assigned_users=tuple(entry.known(declared.people, "declared user") for entry in users.entries()) if users else (),
        assigned_groups=tuple(_assigned(entry, declared) for entry in groups.entries()) if groups else (),
        filter=_filter(given, declared) if given else None,
        groups=node.read("groups", lambda named: _groups(named, declared), "assigned"),
    )  # fmt: skip


def _assigned(node: Node, declared: Declared) -> tuple[str, str | None]:
    if not isinstance(node.value, dict):
        return node.known(declared.groups, "declared group"), None
    group = node.get("group")
    return group.known(declared.groups, "declared group") if group else "", node.read("role", Node.text, None)


def _filter(node: Node, declared: Declared) -> Clause | None:
    if isinstance(node.value, dict):
        return parse_clause(node, declared.types, declared.groups)
    return declared.scopes.get(node.known(declared.scope_names, "scope"))


def _groups(node: Node, declared: Declared) -> Any:
    if isinstance(node.value, list):
        return tuple(entry.known(declared.groups, "declared group") for entry in node.entries())
    return node.text()


def _ownership(node: Node) -> Any:
    return ("prefix", node.read("prefix", Node.text, "")) if isinstance(node.value, dict) else node.text()


def _deprovision(node: Node | None) -> Deprovision:
    if node is None:
        return Deprovision()
    days = node.get("deleteAfterDays")
    if days and days.value is not None and read_number(days) > LONGEST_DAYS:
        days.wrong(f"`deleteAfterDays` is `{days.text()}`; write at most {LONGEST_DAYS}, or null for never")
    names = ("disabled", "outOfScope", "removed", "vanished", "memberships", "groups")
    told: dict[str, Any] = {name: found.text() for name in names if (found := node.get(name))}
    if "outOfScope" in told:
        told["out_of_scope"] = told.pop("outOfScope")
    return Deprovision(
        **told, delete_after_days=int(read_number(days)) if days and days.value is not None else None
    )


def _protected(node: Node, kind: str) -> tuple[str, ...]:
    protected = _layered(node, "protected")
    return protected.read(kind, Node.texts, ()) if protected else ()


def _budgets(node: Node | None) -> tuple[tuple[str, Limit], ...]:
    rules = {name: rule for name in node.names() if (rule := node.get(name))} if node else {}
    return tuple(
        (
            name,
            Limit(
                count=int(rule.read("count", read_number, 0.0)),
                percent=rule.read("percent", read_number, 0.0),
            ),
        )
        for name, rule in sorted(rules.items())
    )


def _learnt(node: Node | None, declared: Declared) -> Learnt:
    withhold = node.get("withhold") if node else None
    for entry in withhold.entries() if withhold else ():
        for key, names, what in (
            ("user", declared.people, "declared user; take this entry out if that user is gone"),
            ("group", declared.groups, "declared group; take this entry out if that group is gone"),
        ):
            one = entry.get(key)
            if one and one.text() not in names:
                one.wrong(f"`{one.text()}` is no {what}")
    return read_learnt(node) if node else Learnt()


def parse_approvals(nodes: list[Node], targets: Collection[str]) -> tuple[Approval, ...]:
    """What people agreed to."""
    approvals: list[Approval] = []
    for entry in (entry for node in nodes for entry in node.entries()):
        target, rule, digest = entry.get("target"), entry.get("rule"), entry.get("digest")
        if target:
            target.known(targets, "target")
        if target and rule and digest:
            reason = entry.read("reason", Node.text, "")
            approvals.append(
                Approval(target=target.text(), rule=rule.text(), digest=digest.text(), reason=reason)
            )
    return tuple(approvals)

"""Parse targets: mappings, targets with their defaults, and approvals."""

from __future__ import annotations

import re
from collections.abc import Mapping as Map
from dataclasses import replace
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from reconciler.model.attribute_path import parse_path
from reconciler.model.clause import Clause
from reconciler.model.mapping import AttributeMapping, Mapping, ObjectMapping
from reconciler.model.place import Document
from reconciler.model.profile import Profile
from reconciler.model.resource import Type
from reconciler.model.scim_schema import KNOWN, characteristic
from reconciler.model.target import (
    Approval,
    Client,
    Deprovision,
    Disposal,
    Learnt,
    Limit,
    Scope,
    SecretRef,
    Target,
    Withheld,
)
from reconciler.model.vocabulary import ALIASES, GROUP_TEXTS
from reconciler.policies import DEFAULT_LIMITS
from reconciler.stages.parse_people import check_template, known_sources
from reconciler.stages.parse_rules import parse_clause
from reconciler.stages.reading import Gathered, Node, nearest

KEYS = (
    "profile", "url", "auth", "mapping", "scope", "ownership", "adopt", "deprovision", "membership", "protected",
    "budgets", "client", "notify", "learnt",
)  # fmt: skip
_SOFT_DELETED = re.compile(
    r'\s*(Not\(\s*\[IsSoftDeleted\]\s*\)|Switch\(\s*\[IsSoftDeleted\]\s*,\s*,\s*"False"\s*,\s*"True"\s*,\s*"True"\s*,\s*"False"\s*\))\s*'
)


def parse_mappings(
    nodes: Map[str, Node], profiles: Map[str, Profile], types: Map[str, str]
) -> dict[str, Mapping]:
    """The mappings by name, those that profiles ship included (as `profile:<name>`)."""
    extra = {path for profile in profiles.values() for path, _ in profile.attributes}
    mappings = {name: _mapping(node, extra, types) for name, node in nodes.items()}
    for name, profile in profiles.items():
        if profile.mapping:
            shipped = Gathered({name: Document(path=name, text="")})
            mappings[f"profile:{name}"] = _mapping(
                Node(profile.mapping, name, (name,), shipped), extra, types
            )
    return mappings


def _mapping(node: Node, extra: set[str], types: Map[str, str]) -> Mapping:
    children = {child.name: child for child in node.items(("users", "groups"))}
    if "users" not in children:
        node.wrong("maps no users; write users: {match: [externalId, userName], attributes: {…}}")
    empty = ObjectMapping(match=(), attributes=())
    users = (
        _object(children["users"], "User", extra, known_sources(types) | {"objectId", "IsSoftDeleted"})
        if "users" in children
        else empty
    )
    groups = (
        _object(children["groups"], "Group", extra, {*GROUP_TEXTS, "objectId", "members"})
        if "groups" in children
        else None
    )
    return Mapping(name=node.name, users=users, groups=groups)


def _object(node: Node, type_: Type, extra: set[str], sources: set[str]) -> ObjectMapping:
    children = {child.name: child for child in node.items(("match", "attributes"))}
    attributes: dict[str, AttributeMapping] = {}
    for child in children["attributes"].items() if "attributes" in children else ():
        mapping = _attribute(child, type_, extra, sources)
        if mapping and str(mapping.path) in attributes:
            child.wrong(f"`{child.name}` is mapped twice; keep one of them")
        elif mapping:
            attributes[str(mapping.path)] = mapping
    match = children["match"].texts() if "match" in children else ()
    for path in match:
        if path not in attributes:
            children["match"].wrong(
                f"`{path}` is matched on but not mapped; add it to attributes{nearest(path, attributes)}"
            )
    if not match:
        node.wrong("says no `match`; write match: [externalId, userName]")
    return ObjectMapping(
        match=tuple(path for path in match if path in attributes), attributes=tuple(attributes.values())
    )


def _attribute(node: Node, type_: Type, extra: set[str], sources: set[str]) -> AttributeMapping | None:
    try:
        path = parse_path(node.name)
    except ValueError as error:
        node.wrong(str(error))
        return None
    known = characteristic(path, type_)
    custom = path.urn is not None and path.urn.startswith("urn:") and ":enterprise:" not in path.urn
    if known is None and str(path) not in extra and not custom:
        node.wrong(
            f"`{node.name}` is no attribute of a {type_} here{nearest(node.name, {*KNOWN[type_], *extra})}"
        )
        return None
    if known and known.read_only:
        node.wrong(f"`{node.name}` is read-only; take it out")
        return None
    base = AttributeMapping(path=path, kind="source", text="", origin=node.origin)
    if not isinstance(node.value, dict):
        return replace(base, text=_source(node, node.text(), sources))
    kinds = [child for child in node.items(("source", "constant", "template", "expression", "default", "defaultOn", "absent", "apply"))
             if child.name in ("source", "constant", "template", "expression")]  # fmt: skip
    if len(kinds) != 1:
        node.wrong(f"`{node.name}` needs exactly one of source, constant, template, expression")
        return None
    return _long(node, kinds[0], base, sources)


def _long(node: Node, kind: Node, base: AttributeMapping, sources: set[str]) -> AttributeMapping:
    text = kind.text()
    if kind.name == "source":
        text = _source(kind, text, sources)
    elif kind.name == "template":
        check_template(kind, text, sources)
    elif kind.name == "expression" and not _SOFT_DELETED.fullmatch(text):
        kind.wrong(
            f"`{text}` is not understood yet; write Not([IsSoftDeleted]), or use source, template or constant"
        )
    return replace(
        base, kind=kind.name, text=text, constant=kind.value if isinstance(kind.value, bool) else None,  # type: ignore[arg-type]
        default=node.child("default").text() if node.has("default") else None,
        default_on=node.child("defaultOn").choice(("always", "create"), "always") if node.has("defaultOn") else "always",
        absent=node.child("absent").choice(("keep", "clear"), "keep") if node.has("absent") else "keep",
        apply=node.child("apply").choice(("always", "create"), "always") if node.has("apply") else "always",
    )  # fmt: skip


def _source(node: Node, name: str, sources: set[str]) -> str:
    name = ALIASES.get(name, name)
    if name and name not in sources:
        node.wrong(f"`{name}` is no source attribute{nearest(name, sources)}")
    return name


def parse_targets(
    nodes: Map[str, Node], defaults: list[Node], mappings: Map[str, Mapping], profiles: Map[str, Profile],
    scopes: Map[str, Clause], types: Map[str, str], users: Map[str, Any], groups: Map[str, Any],
) -> dict[str, Target]:  # fmt: skip
    """The targets by name; `targetDefaults` stand in key by key, budgets rule by rule."""
    given = {child.name: child for node in defaults for child in node.items(KEYS)}
    targets: dict[str, Target] = {}
    for name, node in nodes.items():
        own = {child.name: child for child in node.items(KEYS)}
        reader = _TargetReader(
            node, {**given, **own}, given.get("budgets"), mappings, profiles, scopes, types, users, groups
        )
        target = reader.read()
        if target:
            targets[name] = target
    return targets


class _TargetReader:
    """Reads one target from its keys, its own or the defaults'."""

    def __init__(self, node: Node, keys: dict[str, Node], default_budgets: Node | None, *known: Any) -> None:
        self.node, self.keys, self.default_budgets = node, keys, default_budgets
        self.mappings, self.profiles, self.scopes, self.types, self.users, self.groups = known

    def read(self) -> Target | None:
        missing = [key for key in ("url", "scope", "ownership") if key not in self.keys]
        for key in missing:
            self.node.wrong(f"target `{self.node.name}` has no `{key}`, which every target needs")
        profile = self.profiles.get(self._text("profile", "rfc"))
        if profile is None:
            name = self._text("profile", "rfc")
            self.keys["profile"].wrong(f"`{name}` is no profile{nearest(name, self.profiles)}")
        mapping = self._mapping(profile) if profile else None
        if missing or profile is None or mapping is None:
            return None
        return Target(
            name=self.node.name, url=self._url(), bearer=self._bearer(), profile=profile, mapping=mapping,
            scope=self._scope(), ownership=self._ownership(), adopt=self._choice("adopt", ("empty", "any", "never")),
            deprovision=self._deprovision(), membership=self._choice("membership", ("owned", "exclusive", "additive")),
            protected_users=self._protected("users"), protected_groups=self._protected("groups"),
            budgets=self._budgets(), client=self._client(), learnt=self._learnt(), origin=self.node.origin,
        )  # fmt: skip

    def _text(self, key: str, default: str) -> str:
        return self.keys[key].text() if key in self.keys else default

    def _choice(self, key: str, options: tuple[str, ...]) -> Any:
        return self.keys[key].choice(options, options[0]) if key in self.keys else options[0]

    def _mapping(self, profile: Profile) -> Mapping | None:
        if "mapping" in self.keys:
            name = self.keys["mapping"].text()
            if name not in self.mappings:
                self.keys["mapping"].wrong(f"`{name}` is no mapping{nearest(name, self.mappings)}")
            return self.mappings.get(name)  # type: ignore[no-any-return]
        if f"profile:{profile.name}" not in self.mappings:
            self.node.wrong(
                f"target `{self.node.name}` has no `mapping`, and its profile {profile.name} ships none"
            )
        return self.mappings.get(f"profile:{profile.name}")  # type: ignore[no-any-return]

    def _url(self) -> SecretRef:
        node = self.keys["url"]
        ref = _reference(node, ("env", "default"))
        text = ref.literal if ref.literal is not None else ref.default
        parts = urlsplit(text) if text else None
        if (
            parts
            and parts.scheme != "https"
            and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))
        ):
            node.wrong(f"`{text}` is no https url; plain http goes to loopback only")
        return ref

    def _bearer(self) -> SecretRef | None:
        if "auth" not in self.keys:
            return None
        for child in self.keys["auth"].items(("bearer",)):
            if not isinstance(child.value, dict):
                child.wrong(
                    "holds a secret in plain text; write {env: NAME} or {file: path}, and renew that secret"
                )
                return None
            return _reference(child, ("env", "file", "command"))
        return None

    def _scope(self) -> Scope:
        node = self.keys["scope"]
        children = {child.name: child for child in node.items(("users", "assigned", "filter", "groups"))}
        users, groups = (), ()  # type: tuple[str, ...], tuple[tuple[str, str | None], ...]
        if "assigned" in children:
            for child in children["assigned"].items(("users", "groups")):
                if child.name == "users":
                    users = tuple(self._known(entry, self.users, "user") for entry in child.entries())
                else:
                    groups = tuple(self._assigned(entry) for entry in child.entries())
        return Scope(
            users=children["users"].choice(("assigned", "all"), "assigned") if "users" in children else "assigned",
            assigned_users=users, assigned_groups=groups, filter=self._filter(children.get("filter")),
            groups=self._scope_groups(children.get("groups")),
        )  # fmt: skip

    def _assigned(self, node: Node) -> tuple[str, str | None]:
        if not isinstance(node.value, dict):
            return self._known(node, self.groups, "group"), None
        parts = {child.name: child for child in node.items(("group", "role"))}
        group = self._known(parts["group"], self.groups, "group") if "group" in parts else ""
        return group, parts["role"].text() if "role" in parts else None

    def _known(self, node: Node, names: Map[str, Any], what: str) -> str:
        text = node.text()
        if text and text not in names:
            node.wrong(f"`{text}` is no declared {what}{nearest(text, names)}")
        return text

    def _filter(self, node: Node | None) -> Clause | None:
        if node is None:
            return None
        if isinstance(node.value, dict):
            return parse_clause(node, self.types, self.groups)
        name = node.text()
        if name not in self.scopes:
            node.wrong(f"`{name}` is no scope{nearest(name, self.scopes)}")
        return self.scopes.get(name)  # type: ignore[no-any-return]

    def _scope_groups(self, node: Node | None) -> Any:
        if node is None:
            return "assigned"
        if isinstance(node.value, list):
            return tuple(self._known(entry, self.groups, "group") for entry in node.entries())
        return node.choice(("assigned", "all", "none"), "assigned")

    def _ownership(self) -> Any:
        node = self.keys["ownership"]
        if isinstance(node.value, dict):
            prefix = [child.text() for child in node.items(("prefix",))]
            return ("prefix", prefix[0]) if prefix else "declared"
        return node.choice(("declared", "externalId", "all"), "declared")

    def _deprovision(self) -> Deprovision:
        values: dict[str, Any] = {}
        names = {"outOfScope": "out_of_scope", "deleteAfterDays": "delete_after_days"}
        allowed = (
            "disabled",
            "outOfScope",
            "removed",
            "vanished",
            "memberships",
            "groups",
            "deleteAfterDays",
        )
        for child in self.keys["deprovision"].items(allowed) if "deprovision" in self.keys else ():
            options = {"memberships": ("keep", "remove"), "groups": ("ignore", "delete")}.get(
                child.name, get_args(Disposal)
            )
            if child.name == "deleteAfterDays":
                values[names[child.name]] = None if child.value is None else int(child.number())
            else:
                values[names.get(child.name, child.name)] = child.choice(options, options[0])
        return Deprovision(**values)

    def _protected(self, kind: str) -> tuple[str, ...]:
        found = (
            {child.name: child for child in self.keys["protected"].items(("users", "groups"))}
            if "protected" in self.keys
            else {}
        )
        return found[kind].texts() if kind in found else ()

    def _budgets(self) -> tuple[tuple[str, Limit], ...]:
        rules: dict[str, Limit] = {}
        own = self.keys.get("budgets")
        for node in (self.default_budgets, own):
            for child in node.items(DEFAULT_LIMITS) if node else ():
                parts = {part.name: part.number() for part in child.items(("count", "percent"))}
                rules[child.name] = Limit(count=int(parts.get("count", 0)), percent=parts.get("percent", 0))
        return tuple(rules.items())

    def _client(self) -> Client:
        values: dict[str, Any] = {}
        numbers = {
            "concurrency": "concurrency",
            "requestsPerSecond": "requests_per_second",
            "timeoutSeconds": "timeout_seconds",
        }
        for child in (
            self.keys["client"].items((*numbers, "caFile", "proxy")) if "client" in self.keys else ()
        ):
            if child.name in numbers:
                value = child.number(1 if child.name == "concurrency" else 0.01)
                values[numbers[child.name]] = int(value) if child.name == "concurrency" else value
            elif child.value is not None:
                values["ca_file" if child.name == "caFile" else "proxy"] = child.text()
        return Client(**values)

    def _learnt(self) -> Learnt:
        found = (
            {child.name: child for child in self.keys["learnt"].items(("withhold", "memberRemoval"))}
            if "learnt" in self.keys
            else {}
        )
        removal: Literal["pathFilter", "valueArray"] | None = (
            found["memberRemoval"].choice(("pathFilter", "valueArray"), "pathFilter")
            if "memberRemoval" in found
            else None
        )
        return Learnt(
            withhold=tuple(Withheld(path=path) for path in found["withhold"].texts())
            if "withhold" in found
            else (),
            member_removal=removal,
        )


def _reference(node: Node, keys: tuple[str, ...]) -> SecretRef:
    if not isinstance(node.value, dict):
        return SecretRef(literal=node.text())
    found = {child.name: child for child in node.items(keys)}
    if not found.keys() & {"env", "file", "command"}:
        node.wrong(f"`{node.name}` refers to nothing; write {{env: NAME}}")
    return SecretRef(
        env=found["env"].text() if "env" in found else None, file=found["file"].text() if "file" in found else None,
        command=found["command"].texts() if "command" in found else None,
        default=found["default"].text() if "default" in found else None,
    )  # fmt: skip


def parse_approvals(nodes: list[Node], targets: Map[str, Target]) -> tuple[Approval, ...]:
    """What people agreed to."""
    approvals = []
    for node in nodes:
        parts = {child.name: child.text() for child in node.items(("target", "rule", "digest", "reason"))}
        if missing := [key for key in ("target", "rule", "digest") if not parts.get(key)]:
            node.wrong(
                f"lacks {', '.join(missing)}; write {{target: …, rule: deactivate, digest: 'sha256:…', reason: …}}"
            )
            continue
        if parts["rule"] not in DEFAULT_LIMITS:
            node.child("rule").wrong(
                f"`{parts['rule']}` is no budget{nearest(parts['rule'], DEFAULT_LIMITS)}"
            )
        if parts["target"] not in targets:
            node.child("target").wrong(f"`{parts['target']}` is no target{nearest(parts['target'], targets)}")
        approvals.append(Approval(**parts))
    return tuple(approvals)

"""Parse mappings: SCIM paths that the profile knows, each from a source that exists, and no value claimed twice."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from collections.abc import Mapping as Map

from reconciler.model.attribute_path import AttributePath, parse_path
from reconciler.model.mapping import AttributeMapping, Mapping, ObjectMapping
from reconciler.model.path_rules import is_known, is_one_value, unknown_selector, why_unmappable
from reconciler.model.place import Document
from reconciler.model.profile import Profile
from reconciler.model.resource import Type
from reconciler.model.scim_schema import KNOWN
from reconciler.model.vocabulary import GROUP_TEXTS
from reconciler.stages.parse_expressions import read_expression
from reconciler.stages.parse_sources import check_template, known_sources, read_source
from reconciler.stages.reading import Gathered, Node, nearest

_EMPTY = ObjectMapping(match=(), attributes=())


def parse_mappings(
    nodes: Map[str, Node], profiles: Map[str, Profile], types: Map[str, str], gathered: Gathered
) -> dict[str, Mapping]:
    """The mappings by name, those that profiles ship included (as `profile:<name>`)."""
    every = {type_: {path for p in profiles.values() for path in _beyond(p, type_)} for type_ in KNOWN}
    mappings = {name: _mapping(node, name, every, types) for name, node in nodes.items()}
    for name, profile in profiles.items():
        if profile.mapping:
            # What ships with the program is right; a file of the checkout has mistakes like any other.
            known = gathered if name in gathered.documents else Gathered({name: Document(path=name, text="")})
            node = Node(profile.mapping, name, ("mapping",), known)
            own = {type_: set(_beyond(profile, type_)) for type_ in KNOWN}
            mappings[f"profile:{name}"] = _mapping(node, f"profile:{name}", own, types)
    return mappings


def check_paths(mapping: Mapping, profile: Profile, target: str, gathered: Gathered) -> None:
    """Notes each path of a declared mapping that another profile knows, but not the one of the target that uses it."""
    parts: dict[Type, ObjectMapping] = {"User": mapping.users, "Group": mapping.groups or _EMPTY}
    for type_, part in parts.items():
        own = set(_beyond(profile, type_))
        for attribute in part.attributes:
            if not is_known(attribute.path, type_, own):
                close = _nearest_path(str(attribute.path), {*KNOWN[type_], *own})
                gathered.wrong(
                    attribute.origin,
                    f"`{attribute.path}` is no attribute of a {type_} in profile {profile.name}, which target `{target}` has{close}",
                )


def _beyond(profile: Profile, type_: Type) -> Iterable[str]:
    return [path for path, _ in (profile.attributes if type_ == "User" else profile.group_attributes)]


def _mapping(node: Node, name: str, extra: Map[Type, set[str]], types: Map[str, str]) -> Mapping:
    users, groups = node.get("users"), node.get("groups")
    user_sources = known_sources(types, "objectId", "IsSoftDeleted")
    group_sources = {*GROUP_TEXTS, "objectId", "members"}
    return Mapping(
        name=name, users=_object(users, "User", extra["User"], user_sources) if users else _EMPTY,
        groups=_object(groups, "Group", extra["Group"], group_sources) if groups else None,
    )  # fmt: skip


def _object(node: Node, type_: Type, extra: set[str], sources: Collection[str]) -> ObjectMapping:
    given = node.get("attributes")
    attributes: dict[str, AttributeMapping] = {}
    claimed: list[tuple[AttributePath, str]] = []
    for name in given.names() if given else ():
        child = given.get(name) or given.at(name, None) if given else node
        path = _path(child, type_, extra)
        if path is None:
            continue
        other = next((text for claim, text in claimed if is_one_value(claim, path)), None)
        claimed.append((path, name))
        if other is not None:
            child.wrong(f"`{other}` and `{name}` claim one value; keep one of them")
        elif child.value is not None:
            attributes[str(path)] = _attribute(child, path, type_, sources)
    match = _match(node, {str(path) for path, _ in claimed} | set(given.names() if given else ()), attributes)
    return ObjectMapping(
        match=tuple(path for path in match if path in attributes), attributes=tuple(attributes.values())
    )


def _match(node: Node, mapped: set[str], attributes: Map[str, AttributeMapping]) -> list[str]:
    match = node.get("match")
    paths: list[str] = []
    for entry in match.entries() if match else ():
        try:
            path = str(parse_path(entry.text()))
        except ValueError as error:
            entry.wrong(str(error))
            continue
        if path not in mapped and node.get("attributes"):
            entry.wrong(f"`{path}` is matched on but not mapped; add it to attributes{nearest(path, mapped)}")
        elif path in paths:
            entry.wrong(f"`{path}` is matched on twice; take one of the two out")
        elif path in attributes and attributes[path].is_made_once:
            entry.wrong(
                f"`{path}` is made anew for each account, so it finds none; match on what stays, as externalId"
            )
        paths.append(path)
    return paths


def _path(node: Node, type_: Type, extra: set[str]) -> AttributePath | None:
    try:
        path = parse_path(node.name)
    except ValueError as error:
        node.wrong(str(error))
        return None
    if not is_known(path, type_, extra):
        node.wrong(
            f"`{node.name}` is no attribute of a {type_} here{_nearest_path(node.name, {*KNOWN[type_], *extra})}"
        )
        return None
    if why := why_unmappable(path, type_):
        node.wrong(why)
        return None
    if subs := unknown_selector(path, type_):
        node.wrong(f"`{path.key}` is no part of `{path.name}`{nearest(str(path.key), subs)}")
        return None
    return path


def _nearest_path(name: str, known: set[str]) -> str:
    """What the path was meant to be: a core `department` is the enterprise extension's."""
    same = sorted(path for path in known if path.endswith(f":{name}"))
    return f"; did you mean `{same[0]}`?" if same else nearest(name, known)


def _attribute(node: Node, path: AttributePath, type_: Type, sources: Collection[str]) -> AttributeMapping:
    if not isinstance(node.value, dict):
        return AttributeMapping(path=path, kind="source", text=read_source(node, sources), origin=node.origin)
    kind = next((child for child in node.items() if child.name in ("source", "constant", "template", "expression")), node)  # fmt: skip
    default = node.get("default")
    mapping = AttributeMapping(
        path=path, kind=kind.name if kind is not node else "constant", text=_right_side(kind, sources),  # type: ignore[arg-type]
        constant=kind.value if isinstance(kind.value, bool) else None, default=default.text() if default else None,
        default_on=node.read("defaultOn", Node.text, "always"), absent=node.read("absent", Node.text, "keep"),  # type: ignore[arg-type]
        apply=node.read("apply", Node.text, "always"), origin=node.origin,  # type: ignore[arg-type]
    )  # fmt: skip
    return read_expression(node, kind, mapping, type_, sources) if kind.name == "expression" else mapping


def _right_side(kind: Node, sources: Collection[str]) -> str:
    match kind.name:
        case "source":
            return read_source(kind, sources)
        case "template":
            return check_template(kind, sources)
    return "" if isinstance(kind.value, dict) else kind.text()

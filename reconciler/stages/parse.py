"""Parse: documents into the desired state, or every mistake with its place and remedy (DESIGN 3)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from reconciler.model.desired import DesiredState
from reconciler.model.errors import DesiredStateError
from reconciler.model.place import Document
from reconciler.model.profile import Profile
from reconciler.stages.parse_people import parse_groups, parse_users
from reconciler.stages.parse_rules import parse_scopes
from reconciler.stages.parse_targets import parse_approvals, parse_mappings, parse_targets
from reconciler.stages.read import locate, read_yaml
from reconciler.stages.reading import Gathered, Node, nearest

KINDS = {
    "users": ("users", "defaults", "removed"), "groups": ("groups",), "attributes": ("attributes",),
    "locations": ("locations",), "scopes": ("scopes",), "mappings": ("mappings",),
    "targets": ("targets", "targetDefaults"), "approvals": ("approvals",),
}  # fmt: skip
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
TYPES = ("text", "integer", "decimal", "boolean", "date")


def parse(
    documents: Sequence[Document], profiles: Mapping[str, Profile], *, root: str = "desired_state"
) -> DesiredState:
    """The desired state of `documents`. Raises DesiredStateError with every mistake, sorted by place."""
    by_path = {document.path: document for document in documents}
    gathered = Gathered(by_path)
    nodes = _kinds(documents, gathered, root)
    types = _attribute_types(nodes["attributes"])
    locations = declared(nodes["locations"])
    removed = {entry.text(): entry.origin for node in nodes["removed"] for entry in node.entries()}
    users = parse_users(declared(nodes["users"]), nodes["defaults"], types, locations, removed)
    for key in removed.keys() & users.keys():
        gathered.wrong(removed[key], f"`{key}` is declared as a user too; keep one of the two")
    groups = parse_groups(declared(nodes["groups"]), users, removed, types)
    scopes = parse_scopes(declared(nodes["scopes"]), types, groups)
    mappings = parse_mappings(declared(nodes["mappings"]), profiles, types)
    defaults = [node for node in nodes["targetDefaults"] if node.value is not None]
    targets = parse_targets(
        declared(nodes["targets"]), defaults, mappings, profiles, scopes, types, {**users, **removed}, groups
    )
    approvals = parse_approvals([entry for node in nodes["approvals"] for entry in node.entries()], targets)
    if gathered.mistakes:
        raise DesiredStateError(tuple(sorted(set(gathered.mistakes))))
    return DesiredState(
        users=users, groups=groups, removed=removed, custom_types=dict(types), targets=targets,
        approvals=approvals, documents=by_path,
    )  # fmt: skip


def declared(nodes: Iterable[Node]) -> dict[str, Node]:
    """The entries of a kind by id; ids are unique ignoring case over all files."""
    found: dict[str, Node] = {}
    folded: dict[str, Node] = {}
    for node in nodes:
        for entry in node.items():
            if not _ID.fullmatch(entry.name):
                entry.wrong(
                    f"`{entry.name}` is no id; write letters, digits, and . _ @ -, at most 64, a letter or digit first"
                )
                continue
            other = folded.get(entry.name.casefold())
            if other is not None:
                line = locate(other.gathered.documents[other.document], other.path)[0]
                place = f"{other.document}:{line}"
                entry.wrong(
                    f"`{entry.name}` is declared twice, first at {place}; ids are unique ignoring case"
                )
                continue
            folded[entry.name.casefold()] = entry
            found[entry.name] = entry
    return found


def _kinds(documents: Sequence[Document], gathered: Gathered, root: str) -> dict[str, list[Node]]:
    nodes: dict[str, list[Node]] = defaultdict(list)
    for document in sorted(documents, key=lambda d: d.path):
        value, mistakes = read_yaml(document)
        gathered.mistakes += mistakes
        top = Node(value, document.path, (), gathered)
        parts = PurePosixPath(document.path).relative_to(root).parts
        kind = parts[0] if len(parts) > 1 else PurePosixPath(parts[0]).stem
        if kind not in KINDS:
            top.wrong(f"`{kind}` is no kind of desired state{nearest(kind, KINDS)}")
            continue
        if value is None:
            continue
        for node in top.items():
            if node.name in KINDS[kind]:
                if node.value is None:
                    node.wrong(
                        f"`{node.name}` is null; write {'[]' if node.name in ('removed', 'approvals') else '{}'} for none"
                    )
                else:
                    nodes[node.name].append(node)
            elif any(node.name in keys for keys in KINDS.values()):
                home = next(place for place, keys in KINDS.items() if node.name in keys)
                node.wrong(
                    f"`{node.name}` does not belong here; move it to {root}/{home}.yaml or below {root}/{home}/"
                )
            else:
                node.wrong(f"`{node.name}` is no kind of desired state{nearest(node.name, KINDS[kind])}")
    return nodes


def _attribute_types(nodes: list[Node]) -> dict[str, str]:
    types: dict[str, str] = {}
    for name, node in declared(nodes).items():
        for part in node.items(("type", "multiValued")):
            if part.name == "type":
                types[name] = part.choice(TYPES, "text")
        if node.has("multiValued") and node.child("multiValued").choice((True, False), False):
            types[name] = f"{types.get(name, 'text')}[]"
        types.setdefault(name, "text")
    return types

"""Parse: documents into the desired state, or every mistake with its place and remedy (DESIGN 3).

The file schema judges shape; what is left is judged by meaning here and in the modules beside this one.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Protocol

from reconciler.model.desired import DesiredState, User
from reconciler.model.errors import DesiredStateError
from reconciler.model.place import Document, Origin
from reconciler.model.profile import Profile
from reconciler.stages.parse_groups import parse_groups
from reconciler.stages.parse_mappings import parse_mappings
from reconciler.stages.parse_profiles import is_file, parse_profiles
from reconciler.stages.parse_rules import parse_clause
from reconciler.stages.parse_sources import ANY, parse_attributes
from reconciler.stages.parse_targets import Declared, parse_approvals, parse_targets
from reconciler.stages.parse_users import check_managers, parse_users
from reconciler.stages.read import read_yaml
from reconciler.stages.reading import WRONG, Anything, Gathered, Node, nearest
from reconciler.stages.shape import Shape, kind_of

KINDS = {
    "users": ("users", "defaults", "removed"), "groups": ("groups",), "attributes": ("attributes",),
    "locations": ("locations",), "scopes": ("scopes",), "mappings": ("mappings",),
    "targets": ("targets", "targetDefaults"), "approvals": ("approvals",),
}  # fmt: skip
HOMES = {key: kind for kind, keys in KINDS.items() for key in keys}
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """The file schemas that parsing judges by."""

    desired_state: Shape
    profile: Shape


def build_shapes(desired_state: bytes, profile: bytes) -> Shapes:
    """The file schemas of desired state and profiles, from their JSON."""
    return Shapes(desired_state=Shape(json.loads(desired_state)), profile=Shape(json.loads(profile)))


class Known(Protocol):
    """What documents say in which nothing was wrong when they were parsed before."""

    def recall(self, document: Document) -> dict[str, object] | None:
        """The document's value, if it is known."""

    def keep(self, document: Document, value: dict[str, object]) -> None:
        """Takes note of the document's value."""


def parse(
    documents: Sequence[Document], profiles: Mapping[str, Profile], *, shapes: Shapes,
    root: str = "desired_state", profile_files: Mapping[str, Document | str] | None = None, unread: Sequence[str] = (),
    known: Known | None = None,
) -> DesiredState:  # fmt: skip
    """The desired state of `documents`. Raises DesiredStateError with every mistake, sorted by place.

    `profile_files` holds the document of each path that `named_profiles` gives, or why there is none; `unread` are the
    paths of documents that could not be read: nobody is told that what they declare is missing. `known` spares the
    parsing of documents that it recalls.
    """
    files = profile_files or {}
    by_path = {document.path: document for document in documents}
    gathered = Gathered({**{d.path: d for d in files.values() if isinstance(d, Document)}, **by_path})
    told = _Told(gathered=gathered, root=root, unread={kind_of_path(path, root) for path in unread})
    for document in sorted(documents, key=lambda document: document.path):
        told.add(document, shapes.desired_state, known)
    nodes = told.nodes
    types = parse_attributes(told.declared("attributes")) | told.types()
    users, removed = _people(told, types)
    people = told.names("users", {*users, *removed})
    check_managers(users, nodes["users"], nodes["defaults"], people)
    group_nodes = told.declared("groups")
    group_names = told.names("groups", group_nodes)
    groups = parse_groups(group_nodes, people, group_names, types)
    scope_nodes, mapping_nodes = told.declared("scopes"), told.declared("mappings")
    every_profile = {**profiles, **parse_profiles(files, gathered, shapes.profile)}
    declared = Declared(
        people=people, groups=group_names, types=types, profiles=every_profile, profile_files=files,
        scopes={name: parse_clause(node, types, group_names) for name, node in scope_nodes.items()},
        mappings=parse_mappings(mapping_nodes, every_profile, types, gathered),
        scope_names=told.names("scopes", scope_nodes), mapping_names=told.names("mappings", mapping_nodes),
    )  # fmt: skip
    target_nodes = told.declared("targets")
    targets = parse_targets(target_nodes, nodes["targetDefaults"], declared)
    approvals = parse_approvals(nodes["approvals"], told.names("targets", target_nodes))
    if gathered.mistakes:
        raise DesiredStateError(tuple(sorted(set(gathered.mistakes))))
    return DesiredState(
        users=users, groups=groups, removed=removed, custom_types=dict(types), targets=targets,
        approvals=approvals, documents=by_path,
    )  # fmt: skip


def read_sound(document: Document, shapes: Shapes, root: str = "desired_state") -> dict[str, object] | None:
    """What a document says if nothing is wrong with it by itself, else None: `parse` says what."""
    value, mistakes = read_yaml(document)
    homes = KINDS.get(kind_of_path(document.path, root), ())
    if mistakes or not isinstance(value, dict) or not value.keys() <= set(homes):
        return None
    _, faults = shapes.desired_state.judge(value)
    return None if faults else value


def named_profiles(documents: Sequence[Document], *, root: str = "desired_state") -> tuple[str, ...]:
    """The paths of the profile files that targets name, as written."""
    paths: set[str] = set()
    for document in documents:
        if kind_of_path(document.path, root) != "targets":
            continue
        top, _ = read_yaml(document)
        for key, targets in top.items() if isinstance(top, dict) else ():
            each = targets.values() if key == "targets" and isinstance(targets, dict) else (targets,)
            named = [target["profile"] for target in each if isinstance(target, dict) and "profile" in target]
            paths.update(name for name in named if isinstance(name, str) and is_file(name))
    return tuple(sorted(paths))


def kind_of_path(path: str, root: str) -> str:
    """The kind of desired state that has its place at `path`, whether there is such a kind or not."""
    parts = PurePosixPath(path).relative_to(root).parts
    return parts[0] if len(parts) > 1 else PurePosixPath(parts[0]).stem


@dataclass(slots=True, kw_only=True)
class _Told:
    """What the documents say, by top-level key; and the kinds of which something could not be read."""

    gathered: Gathered
    root: str
    unread: set[str]
    nodes: dict[str, list[Node]] = field(default_factory=lambda: defaultdict(list))

    def add(self, document: Document, shape: Shape, known: Known | None) -> None:
        """Reads one document; WRONG stands in place of what the file schema does not allow."""
        recalled = known.recall(document) if known else None
        if recalled is not None:
            for node in Node(recalled, document.path, (), self.gathered).items():
                self.nodes[node.name].append(node)
            return
        value, mistakes = read_yaml(document)
        self.gathered.mistakes += mistakes
        top = Node(value, document.path, (), self.gathered)
        kind = kind_of_path(document.path, self.root)
        if kind not in KINDS:
            top.wrong(f"`{kind}` is no kind of desired state{nearest(kind, KINDS)}")
            self.unread.update(HOMES[name] for name in top.names() if name in HOMES)
            return
        if not isinstance(value, dict):
            if value is not None:
                heads = " or ".join(f"{key}:" for key in KINDS[kind])
                top.wrong(f"this document is {kind_of(value)}; write {heads} above it")
            if value is not None or mistakes:
                self.unread.add(kind)
            return
        own = {node.name: node.value for node in top.items() if self._is_at_home(node, kind)}
        judged, faults = shape.judge(own)
        if known and len(own) == len(value) and not mistakes and not faults:
            known.keep(document, own)
        for fault in faults:
            self.gathered.wrong(Origin(document=document.path, path=fault.path), fault.text)
        for name, inner in judged.items() if isinstance(judged, dict) else ():
            if inner is WRONG:
                self.unread.add(kind)
            else:
                self.nodes[name].append(top.at(name, inner))

    def _is_at_home(self, node: Node, kind: str) -> bool:
        home = HOMES.get(node.name)
        if home == kind:
            return True
        if home is None:
            node.wrong(f"`{node.name}` is no kind of desired state{nearest(node.name, KINDS[kind])}")
            self.unread.add(kind)
        else:
            place = f"{self.root}/{home}"
            node.wrong(f"`{node.name}` does not belong here; move it to {place}.yaml or below {place}/")
            self.unread.add(home)
        return False

    def names(self, kind: str, ids: Collection[str]) -> Collection[str]:
        """The ids that may be referred to: any at all where something of that kind could not be read."""
        return Anything() if kind in self.unread else ids

    def types(self) -> dict[str, str]:
        """Stands for the custom attributes that could not be read, if there are any."""
        return {ANY: "text"} if "attributes" in self.unread else {}

    def declared(self, kind: str) -> dict[str, Node]:
        """The entries of a kind by id, those of no use too; ids are unique ignoring case over all files."""
        found: dict[str, Node] = {}
        folded: dict[str, Node] = {}
        for node in self.nodes[kind]:
            for name in node.names():
                entry = node.get(name) or node.at(name, WRONG)
                first = folded.setdefault(name.casefold(), entry)
                if first is not entry:
                    place = f"{first.document}:{self.gathered.place(first.origin)[0]}"
                    entry.wrong(f"`{name}` is declared twice, first at {place}; ids are unique ignoring case")
                elif entry.value is not WRONG or _ID.fullmatch(name):
                    found[name] = entry
        return found


def _people(told: _Told, types: Mapping[str, str]) -> tuple[dict[str, User], dict[str, Origin]]:
    """The users, and the explicit leavers, who are no users."""
    nodes, locations = told.nodes, told.declared("locations")
    names = told.names("locations", locations)
    users = parse_users(nodes["users"], nodes["defaults"], types, locations, names)
    removed: dict[str, Origin] = {}
    declared = {key.casefold() for key in users} if nodes["removed"] else set()
    for entry in (entry for node in nodes["removed"] for entry in node.entries()):
        removed.setdefault(entry.text(), entry.origin)
        if entry.text().casefold() in declared:
            entry.wrong(f"`{entry.text()}` is declared as a user too; keep one of the two")
    return users, removed

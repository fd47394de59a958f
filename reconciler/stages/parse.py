"""Parse: documents into the desired state, or every mistake with its place and remedy (DESIGN 3).

The file schema judges shape; what is left is judged by meaning here and in the modules beside this one.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from reconciler.model.desired import DesiredState
from reconciler.model.errors import DesiredStateError
from reconciler.model.place import Document, Origin
from reconciler.model.profile import Profile
from reconciler.stages.parse_groups import parse_groups
from reconciler.stages.parse_mappings import parse_mappings
from reconciler.stages.parse_profiles import is_file, parse_profiles
from reconciler.stages.parse_rules import parse_clause
from reconciler.stages.parse_sources import parse_attributes
from reconciler.stages.parse_targets import Declared, parse_approvals, parse_targets
from reconciler.stages.parse_users import parse_users
from reconciler.stages.read import read_yaml
from reconciler.stages.reading import WRONG, Gathered, Node, nearest
from reconciler.stages.shape import Shape, kind_of

KINDS = {
    "users": ("users", "defaults", "removed"), "groups": ("groups",), "attributes": ("attributes",),
    "locations": ("locations",), "scopes": ("scopes",), "mappings": ("mappings",),
    "targets": ("targets", "targetDefaults"), "approvals": ("approvals",),
}  # fmt: skip
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """The file schemas that parsing judges by."""

    desired_state: Shape
    profile: Shape


def build_shapes(desired_state: bytes, profile: bytes) -> Shapes:
    """The file schemas of desired state and profiles, from their JSON."""
    return Shapes(desired_state=Shape(json.loads(desired_state)), profile=Shape(json.loads(profile)))


def parse(
    documents: Sequence[Document], profiles: Mapping[str, Profile], *, shapes: Shapes,
    root: str = "desired_state", profile_files: Mapping[str, Document | str] | None = None,
) -> DesiredState:  # fmt: skip
    """The desired state of `documents`. Raises DesiredStateError with every mistake, sorted by place.

    `profile_files` holds the document of each path that `named_profiles` gives, or why there is none.
    """
    files = profile_files or {}
    by_path = {document.path: document for document in documents}
    gathered = Gathered({**{d.path: d for d in files.values() if isinstance(d, Document)}, **by_path})
    nodes = _nodes(documents, gathered, root, shapes.desired_state)
    types = parse_attributes(_declared(nodes["attributes"]))
    removed = _removed(nodes["removed"])
    users = parse_users(nodes["users"], nodes["defaults"], types, _declared(nodes["locations"]), removed)
    for key in removed.keys() & users.keys():
        gathered.wrong(removed[key], f"`{key}` is declared as a user too; keep one of the two")
    group_nodes = _declared(nodes["groups"])
    groups = parse_groups(group_nodes, {*users, *removed}, types)
    scopes = {name: parse_clause(node, types, groups) for name, node in _declared(nodes["scopes"]).items()}
    every_profile = {**profiles, **parse_profiles(files, gathered, shapes.profile)}
    declared = Declared(
        people={*users, *removed}, groups=group_nodes.keys(), scopes=scopes, types=types, profiles=every_profile,
        profile_files=files, mappings=parse_mappings(_declared(nodes["mappings"]), every_profile, types, gathered),
    )  # fmt: skip
    target_nodes = _declared(nodes["targets"])
    targets = parse_targets(target_nodes, nodes["targetDefaults"], declared)
    approvals = parse_approvals(nodes["approvals"], target_nodes)
    if gathered.mistakes:
        raise DesiredStateError(tuple(sorted(set(gathered.mistakes))))
    return DesiredState(
        users=users, groups=groups, removed=removed, custom_types=dict(types), targets=targets,
        approvals=approvals, documents=by_path,
    )  # fmt: skip


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


def _nodes(
    documents: Sequence[Document], gathered: Gathered, root: str, shape: Shape
) -> dict[str, list[Node]]:
    """The values of every kind's keys, with WRONG in place of what the schema does not allow."""
    nodes: dict[str, list[Node]] = defaultdict(list)
    for document in sorted(documents, key=lambda d: d.path):
        value, mistakes = read_yaml(document)
        gathered.mistakes += mistakes
        top = Node(value, document.path, (), gathered)
        kind = kind_of_path(document.path, root)
        if kind not in KINDS:
            top.wrong(f"`{kind}` is no kind of desired state{nearest(kind, KINDS)}")
            continue
        if value is not None and not isinstance(value, dict):
            top.wrong(
                f"this document is {kind_of(value)}; write {' or '.join(f'{k}:' for k in KINDS[kind])} above it"
            )
        own = {node.name: node.value for node in top.items() if _is_at_home(node, kind, root)}
        judged, faults = shape.judge(own)
        for fault in faults:
            gathered.wrong(Origin(document=document.path, path=fault.path), fault.text)
        for node in Node(judged, document.path, (), gathered).items():
            nodes[node.name].append(node)
    return nodes


def _is_at_home(node: Node, kind: str, root: str) -> bool:
    if node.name in KINDS[kind]:
        return True
    home = next((place for place, keys in KINDS.items() if node.name in keys), None)
    if home is None:
        node.wrong(f"`{node.name}` is no kind of desired state{nearest(node.name, KINDS[kind])}")
    else:
        node.wrong(
            f"`{node.name}` does not belong here; move it to {root}/{home}.yaml or below {root}/{home}/"
        )
    return False


def _declared(nodes: Iterable[Node]) -> dict[str, Node]:
    """The entries of a kind by id, those of no use too; ids are unique ignoring case over all files."""
    found: dict[str, Node] = {}
    folded: dict[str, Node] = {}
    for node in nodes:
        for name in node.names():
            entry = node.get(name) or node.at(name, WRONG)
            first = folded.setdefault(name.casefold(), entry)
            if first is not entry:
                place = f"{first.document}:{first.gathered.place(first.origin)[0]}"
                entry.wrong(f"`{name}` is declared twice, first at {place}; ids are unique ignoring case")
            elif entry.value is not WRONG or _ID.fullmatch(name):
                found[name] = entry
    return found


def _removed(nodes: Iterable[Node]) -> dict[str, Origin]:
    found: dict[str, Origin] = {}
    for node in nodes:
        for entry in node.entries():
            found.setdefault(entry.text(), entry.origin)
    return found

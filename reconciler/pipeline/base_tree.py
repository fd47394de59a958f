"""Base tree: the desired state that an edit starts from, and what it would make of the same endpoint (`plan --base`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from msgspec import structs

from reconciler.edge.git_tree import open_tree, read_documents_at, read_profiles_at
from reconciler.model.column import Columns
from reconciler.model.desired import DesiredState
from reconciler.model.discovery import Discovery
from reconciler.model.errors import DesiredStateError
from reconciler.model.finding import Finding
from reconciler.model.place import Document, Mistake, Origin
from reconciler.model.plan import BaseRef, TargetPlan
from reconciler.model.resource import Facts, LiveResource, LiveState, Type
from reconciler.model.target import SecretRef, Target
from reconciler.pipeline.world import World, load_from, locator, placer
from reconciler.policies import Agreed
from reconciler.stages.blame import Side
from reconciler.stages.compile import Desired, target_columns
from reconciler.stages.contradict import compile_all
from reconciler.stages.decide import decide
from reconciler.stages.learn import Remembered, facts_of
from reconciler.stages.normalize_page import Page, build_page_decoder
from reconciler.stages.parse import named_profiles

Decode = Callable[[bytes], Page]


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseTree:
    """The desired state at a commit; there is none where it is not valid, and `fault` says why."""

    ref: BaseRef
    state: DesiredState | None
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseTarget:
    """A target as the base declares it, with what is live in the columns of its own mapping."""

    state: DesiredState
    target: Target
    desired: Desired
    facts: Facts
    place: Callable[[Origin], str]
    columns: dict[Type, Columns]
    read: dict[Type, dict[str, LiveResource]] = field(default_factory=dict)

    def reading_too(self, columns: Columns, decode: Decode) -> Decode:
        """What decodes a page of the list, and on the way in the columns of the base, if those are others."""
        own = self.columns.get(columns.type)
        if own is None or _layout(own) == _layout(columns):
            return decode
        also, rows = build_page_decoder(own), self.read.setdefault(columns.type, {})

        def both(content: bytes) -> Page:
            rows.update((row.id, row) for row in also(content).rows)
            return decode(content)

        return both

    def side(self, now: datetime) -> Side:
        """What the base declares, to find causes by."""
        return Side(state=self.state, target=self.target, desired=self.desired, now=now)

    def plan(self, live: LiveState) -> TargetPlan:
        """What the base would do at what is live."""
        seen = LiveState(users=self._seen("User", live.users), groups=self._seen("Group", live.groups))
        return decide(self.desired, seen, self.target, self.facts, Agreed(), self.place)

    def _seen(self, type_: Type, rows: tuple[LiveResource, ...]) -> tuple[LiveResource, ...]:
        found = self.read.get(type_)
        if found is None:
            return rows
        # Members may have been looked up one by one, which happens once.
        return tuple(
            structs.replace(found[row.id], members=row.members or found[row.id].members) for row in rows
        )


def load_base(world: World, ref: str, like: DesiredState | None = None) -> BaseTree:
    """The desired state at `ref`, read from git without touching the work tree; `like` itself where that says the same.

    Raises UsageError for what is no ref here, ReconcilerError where git cannot be asked.
    """
    tree = open_tree(world.base, ref, world.environ)
    documents = read_documents_at(tree, world.desired)
    told = BaseRef(ref=ref, commit=tree.commit or tree.tree)
    if like is not None and _is_same(documents, like, world.desired):
        return BaseTree(ref=told, state=like)
    try:
        state = load_from(world, documents, partial(read_profiles_at, tree))
    except DesiredStateError as error:
        return BaseTree(ref=told, state=None, fault=_fault(error))
    return BaseTree(ref=told, state=state)


def is_unedited(base: BaseTree, state: DesiredState, target: Target) -> bool:
    """The base says of a target just what this tree says, so that it would do just the same."""
    before = base.state
    if before is None:
        return False
    return before is state or (
        before.documents == state.documents and before.targets.get(target.name) == target
    )


def _is_same(read: tuple[tuple[Document, ...], tuple[Mistake, ...]], state: DesiredState, root: str) -> bool:
    """The documents of a tree are those of `state`, and no profile stands in a file of its own."""
    documents, unreadable = read
    is_same = not unreadable and {one.path: one for one in documents} == state.documents
    return is_same and not named_profiles(documents, root=root)


def find_base_target(
    base: BaseTree, target: Target, world: World, found: Discovery, remembered: Remembered
) -> BaseTarget | Finding:
    """The target in the base, or why everything counts as this edit."""
    if base.state is None:
        return _everything("warning", "base-invalid", f"{base.ref} does not validate: {base.fault}")
    before = base.state.targets.get(target.name)
    if before is None:
        return _everything("info", "base-without-target", f"{base.ref} has no target {target.name}")
    if before.url != target.url and (_url(before.url, world) or "?") != _url(target.url, world):
        return _everything("info", "base-elsewhere", f"{base.ref} has this target at another url")
    if target.scope.groups == "none" or target.mapping.groups is None:  # no groups are read
        before = replace(before, scope=replace(before.scope, groups="none"))
    try:
        desired = compile_all(base.state, [before], world.now, locator(base.state))[target.name]
    except DesiredStateError as error:
        return _everything("warning", "base-invalid", f"{base.ref} does not validate: {_fault(error)}")
    facts = facts_of(before, found, remembered)
    users, groups = target_columns(before, facts.case_exact)
    columns: dict[Type, Columns] = {"User": users, **({"Group": groups} if groups else {})}
    return BaseTarget(
        state=base.state, target=before, desired=desired, facts=facts, place=placer(base.state), columns=columns
    )  # fmt: skip


def _layout(columns: Columns) -> object:
    return [column.text for column in columns.all], columns.has_members


def _url(ref: SecretRef, world: World) -> str | None:
    """The url, as far as that takes neither a file nor a command of the base."""
    return (ref.literal or (world.environ.get(ref.env) if ref.env else None) or ref.default or "").rstrip(
        "/"
    ) or None


def _fault(error: DesiredStateError) -> str:
    rest = len(error.mistakes) - 1
    return f"{error.mistakes[0]}" + (f" (and {rest:,} more)" if rest else "")


def _everything(severity: str, code: str, why: str) -> Finding:
    return Finding(severity=severity, code=code, text=f"{why}; so everything here counts as this edit")  # type: ignore[arg-type]

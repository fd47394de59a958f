"""The core without any endpoint: parse, compile, normalize, decide, and a perfect endpoint that carries plans out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from msgspec import structs

from reconciler.edge.shipped import read_shipped
from reconciler.model.change import Change
from reconciler.model.column import Columns
from reconciler.model.discovery import Discovery
from reconciler.model.place import Document, Origin
from reconciler.model.plan import TargetPlan
from reconciler.model.profile import Profile
from reconciler.model.resource import Cell, Facts, LiveResource, LiveState, Type
from reconciler.model.target import Target
from reconciler.pipeline import built_in_profiles
from reconciler.policies import Agreed
from reconciler.stages.compile import Desired, compile_target, target_columns
from reconciler.stages.contradict import compile_all
from reconciler.stages.decide import decide
from reconciler.stages.learn import facts_of
from reconciler.stages.normalize import build_normalizer
from reconciler.stages.parse import Shapes, build_shapes, parse
from tests.properties.states import CORE, State

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
profiles = cache(built_in_profiles)


@cache
def shapes() -> Shapes:
    """The schemas that documents are checked against."""
    return build_shapes(read_shipped("desired-state.schema.json"), read_shipped("profile.schema.json"))


@dataclass(frozen=True, kw_only=True)
class Core:
    """One target as compiled, and what is known of its endpoint."""

    target: Target
    desired: Desired
    facts: Facts

    def plan(self, live: LiveState) -> TargetPlan:
        """The plan for what is live."""
        return decide(self.desired, live, self.target, self.facts, Agreed(), said)

    def columns(self) -> dict[Type, Columns]:
        """The columns of each type that is provisioned."""
        users, groups = target_columns(self.target, self.facts.case_exact)
        return {"User": users, **({"Group": groups} if groups else {})}


def said(origin: Origin) -> str:
    """An origin without its line, which takes a second reading."""
    return f"{origin.document}#{'/'.join(map(str, origin.path))}"


def build_core(files: dict[str, str], *, now: datetime = NOW) -> Core:
    """The core of the target `acme` of these files. Raises DesiredStateError for what is wrong in them."""
    documents = [Document(path=f"desired_state/{name}", text=text) for name, text in sorted(files.items())]
    known: dict[str, Profile] = profiles()
    state = parse(documents, known, shapes=shapes())
    target = state.targets["acme"]
    compile_all(state, [target], now, lambda origin: (1, 1))
    return Core(
        target=target, desired=compile_target(state, target, now), facts=facts_of(target, Discovery(), {})
    )


def build_live(state: State, core: Core, order: list[int] | None = None) -> LiveState:
    """What is live, as read in the columns of the mapping."""
    documents = state.live if order is None else [state.live[at] for at in order]
    rows: dict[Type, list[LiveResource]] = {"User": [], "Group": []}
    for type_, columns in core.columns().items():
        normalize = build_normalizer(columns)
        rows[type_] = [normalize(document) for document in documents if CORE + type_ in document["schemas"]]
    return LiveState(users=tuple(rows["User"]), groups=tuple(rows["Group"]))


def carry_out(plan: TargetPlan, live: LiveState, core: Core) -> LiveState:
    """What a perfect endpoint holds after every change of the plan."""
    ids = {c.key: c.id or f"new-{c.key}" for c in plan.changes if c.type == "User"}
    matched = {key: user.id for key, user in core_ids(core, live).items()}
    known = {**matched, **ids}
    rows: dict[Type, dict[str, LiveResource]] = {
        "User": {row.id: row for row in live.users}, "Group": {row.id: row for row in live.groups},
    }  # fmt: skip
    for change in plan.changes:
        columns = core.columns()[change.type]
        home = rows[change.type]
        id_ = change.id or f"new-{change.key}"
        if change.action == "delete":
            del home[id_]
            for group in rows["Group"].values():
                members = tuple(member for member in group.members if member != id_)
                rows["Group"][group.id] = structs.replace(group, members=members)
            continue
        before = home.get(id_) or LiveResource(
            id=id_, external_id=None, name=change.name, active=True, values=(None,) * len(columns.all)
        )
        home[id_] = _changed(before, change, columns, known)
    return LiveState(users=tuple(rows["User"].values()), groups=tuple(rows["Group"].values()))


def core_ids(core: Core, live: LiveState) -> dict[str, LiveResource]:
    """The live user of each desired one."""
    from reconciler.stages.decide import know_people

    people = know_people(core.desired, live, core.columns()["User"], core.target, core.facts)
    return dict(people.matches.pairs)


def _changed(row: LiveResource, change: Change, columns: Columns, ids: dict[str, str]) -> LiveResource:
    values = list(row.values)
    external, active, name = row.external_id, row.active, row.name
    for attribute in change.attributes:
        index = columns.index(attribute.path)
        assert index is not None, f"{attribute.path} is no column"
        after: Cell = tuple(attribute.after) if isinstance(attribute.after, list) else attribute.after  # type: ignore[assignment]
        if columns.all[index].kind == "reference" and isinstance(after, str):
            after = ids[after]
        values[index] = after
        match attribute.path:
            case "externalId":
                external = None if after is None else str(after)
            case "active":
                active = bool(after)
            case "userName" | "displayName" if attribute.path == (
                "userName" if change.type == "User" else "displayName"
            ):
                name = str(after)
    gone = {member.id for member in change.remove}
    members = [id_ for id_ in row.members if id_ not in gone] + [m.id or ids[m.key] for m in change.add]
    return structs.replace(
        row, values=tuple(values), external_id=external, active=active, name=name, members=tuple(members)
    )

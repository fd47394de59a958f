"""Planning: gather and decide, target by target; nothing on the way can write."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from reconciler.edge.client import open_reader
from reconciler.edge.run_log import held_by_interrupted_run, last_written
from reconciler.model.change import Change
from reconciler.model.codes import SCIM
from reconciler.model.desired import DesiredState
from reconciler.model.errors import Refused, TargetError
from reconciler.model.finding import Finding
from reconciler.model.plan import Plan, TargetPlan
from reconciler.model.request import Ref
from reconciler.model.resource import LiveState
from reconciler.model.stand_in import shown
from reconciler.model.target import Target
from reconciler.pipeline.base_tree import BaseTarget, BaseTree, find_base_target, is_unedited
from reconciler.pipeline.session import Session, begin, doubt, read_live
from reconciler.pipeline.unhurried import unhurried
from reconciler.pipeline.world import World, choose, connect, endpoint_url, locator, placer
from reconciler.policies import Agreed
from reconciler.stages.blame import Side, blame
from reconciler.stages.causes import find_cause, find_cause_by_base
from reconciler.stages.compile import Desired, compile_target
from reconciler.stages.contradict import compile_all
from reconciler.stages.lower import lower_change
from reconciler.stages.split import split, with_edit

ABOUT_BASE = ("base-invalid", "base-without-target", "base-elsewhere", "drift-settled")
NO_LIST = (400, 404, 405, 406, 410, 415, 422, 501)  # where 200 is due, even if nobody is there
BEGINNING = datetime.min.replace(tzinfo=UTC)  # before every date that anybody declares


@dataclass(slots=True, kw_only=True)
class Planned:
    """One target's plan with what it was decided on; no session where the target could not be read."""

    target: Target
    plan: TargetPlan
    session: Session | None = None
    live: LiveState = field(default_factory=lambda: LiveState(users=(), groups=()))


def make_plans(
    state: DesiredState, names: tuple[str, ...], world: World, base: BaseTree | None = None
) -> list[Planned]:
    """The plans of the chosen targets; one that cannot be planned has an `error`, and stops only itself.

    With a `base`, each says which of its atoms this edit causes, and which had drifted before.

    Raises UsageError for a target that is not declared, DesiredStateError for what contradicts itself.
    """
    targets = choose(state, names)
    with unhurried():
        compiled = compile_all(state, targets, world.now, locator(state))

    planned: list[Planned] = []

    async def run() -> None:
        planned.extend([
            await plan_target(state, target, compiled[target.name], world, base) for target in targets
        ])  # fmt: skip

    asyncio.run(run())
    return planned


async def plan_target(
    state: DesiredState, target: Target, desired: Desired, world: World, base: BaseTree | None
) -> Planned:
    """One target's plan."""
    url = ""
    try:
        url = endpoint_url(target, world)
        async with open_reader(url, connect(target, world), target.client) as reader:
            session = await begin(target, desired, world, reader, placer(state))
            session.agreed = Agreed(
                approvals=state.approvals, held=held_by_interrupted_run(world.data, target.name)
            )
            is_same = base is not None and is_unedited(base, state, target)
            before = None
            if base is not None and not is_same:
                before = find_base_target(base, target, world, session.found, session.remembered)
            session.base = before if isinstance(before, BaseTarget) else None
            with unhurried():
                live = await read_live(session, reader)
                decided = session.decide(live)
            plan = await doubt(session, decided, live, reader)
            if is_same:
                plan = split(plan, plan)
            elif before is not None:
                plan = _compared(plan, before, live)
            side = Side(state=state, target=target, desired=desired, now=world.now)
            plan = blame(plan, side, session.base.side(world.now) if session.base else None, session.place)
            return Planned(target=target, plan=plan, session=session, live=live)
    except TargetError as error:
        failed = TargetPlan(
            name=target.name,
            url=url,
            error=str(error),
            error_exit=error.exit_code,
            error_code=_code_of_reading(error),
        )
        return Planned(target=target, plan=failed)


def _compared(plan: TargetPlan, before: BaseTarget | Finding, live: LiveState) -> TargetPlan:
    """The plan as split by what the base would do at the same endpoint."""
    if isinstance(before, Finding):
        return split(replace(plan, findings=(before, *plan.findings)), None)
    return split(plan, before.plan(live))


def with_edits(planned: Planned) -> TargetPlan:
    """The plan with the part of it that this edit alone causes."""
    if planned.session is None:
        return planned.plan
    return with_edit(planned.plan, planned.target, planned.session.agreed)


def _code_of_reading(error: TargetError) -> str:
    """The code of a read that failed; a list that is not there, or may not be asked for so, is no SCIM (research: entra 6)."""
    is_strange = isinstance(error, Refused) and error.status in NO_LIST
    return f"{SCIM}ServiceIncompatible" if is_strange else error.code


def is_whole(planned: Planned) -> bool:
    """Everything that differs is in the plan: a run of a part (`--only`, `--due`) proves nothing of the rest."""
    session = planned.session
    return session is None or len(session.decide(planned.live).changes) == len(planned.plan.changes)


def join(planned: list[Planned], world: World, base: BaseTree | None = None) -> Plan:
    """The plan of all these targets, as of the world's moment."""
    as_of = world.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Plan(as_of=as_of, targets=tuple(each.plan for each in planned), base=base.ref if base else None)


def plan_before_dates(state: DesiredState, planned: Planned) -> TargetPlan:
    """What the plan would be if no date had passed: nobody left, nobody hired later, no membership ended."""
    assert planned.session is not None
    return planned.session.decide(planned.live, compile_target(state, planned.target, BEGINNING))


def plan_at(state: DesiredState, planned: Planned, now: datetime) -> TargetPlan:
    """What the plan would be at another moment."""
    assert planned.session is not None
    return planned.session.decide(planned.live, compile_target(state, planned.target, now))


def with_requests(planned: Planned) -> TargetPlan:
    """The plan with the requests of each change; ids not yet known stand as `{"ref": key}`."""
    if planned.session is None:
        return planned.plan
    ids = planned.session.ids(planned.live)
    rows = tuple(tuple(lowered(planned.session, change, ids)) for change in planned.plan.changes)
    return replace(planned.plan, lowered=rows)


def lowered(session: Session, change: Change, ids: Mapping[str, str]) -> list[dict[str, object]]:
    """The requests of a change as JSON values; a form that needs a read first is shown as the ordinary PATCH."""
    columns = session.columns()[change.type]
    requests = lower_change(change, columns, session.dialect.with_form(change.type, "path"), ids)
    return [{"method": one.method, "path": one.path, "body": _shown(one.body)} for one in requests]


def _shown(part: object) -> object:
    """A body as JSON values; an id that is not known yet is a reference to our key."""
    part = shown(part)
    if isinstance(part, Ref):
        return {"ref": part.key}
    if isinstance(part, dict):
        return {key: _shown(inner) for key, inner in part.items()}
    return [_shown(inner) for inner in part] if isinstance(part, list) else part


def with_causes(planned: Planned, world: World) -> TargetPlan:
    """The plan with the cause of each change: from what runs wrote here before, or from a base that was applied last."""
    changes = planned.plan.changes
    if any(change.drifted is not None for change in changes):
        causes = tuple(map(find_cause_by_base, changes))
        findings = tuple(f for f in planned.plan.findings if f.code not in ABOUT_BASE)
        bare = tuple(replace(change, drifted=None) for change in changes)  # no edit is being told of
        return replace(planned.plan, causes=causes, changes=bare, findings=findings)
    written = last_written(world.data, planned.target.name)
    return replace(planned.plan, causes=tuple(find_cause(change, written) for change in changes))

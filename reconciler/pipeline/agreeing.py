"""Agreeing: the plans that an apply may carry out: what was asked for, what was reviewed, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from reconciler.edge.quarantine import load_quarantine
from reconciler.model.change import Place
from reconciler.model.desired import DesiredState
from reconciler.model.errors import PlanStale
from reconciler.model.finding import Finding
from reconciler.model.plan import TargetPlan
from reconciler.pipeline.base_tree import BaseTree
from reconciler.pipeline.planning import Planned, make_plans, plan_at, plan_before_dates
from reconciler.pipeline.world import World
from reconciler.policies import RULES
from reconciler.stages.narrow import about, caused_by_time, chosen, narrow, still_granted
from reconciler.stages.on_demand import tell_chosen
from reconciler.stages.review import Reviewed, compare, held_by_review


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What may be applied: `only` these objects and their memberships, only what is `due`, only what was `reviewed`."""

    only: tuple[str, ...] = ()
    due: bool = False
    strict: bool = False
    reviewed: Reviewed | None = None
    base: BaseTree | None = None  # what an edit is compared with


@dataclass(slots=True, kw_only=True)
class Agreement:
    """The plans as narrowed, and what was left alone because only live movement elsewhere brought it."""

    planned: list[Planned]
    drifted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def agree(state: DesiredState, names: tuple[str, ...], world: World, terms: Terms) -> Agreement:
    """The plans that `terms` allow; a target whose plan is stale has an error of exit 4, and stops only itself.

    Raises UsageError and DesiredStateError as `make_plans` does, PlanStale for a review that has no valid moment.
    """
    objects = chosen(terms.only, state)
    reviewed, real_now = terms.reviewed, world.now
    if reviewed is not None:
        world = world.at(_moment(reviewed.as_of))
        names = names or tuple(name for name in reviewed.targets if name in state.targets)
    agreement = Agreement(planned=make_plans(state, names, world, terms.base))
    drifted: dict[str, tuple[str, ...]] = {}
    for planned in agreement.planned:
        note_quarantine(planned, world)
        if planned.session is None:
            continue
        whole = planned.plan
        if objects:
            _narrow(planned, about(objects))
        if terms.due:
            _narrow(planned, caused_by_time(planned.plan, plan_before_dates(state, planned)))
        if reviewed is not None:
            try:
                drifted[planned.target.name] = _hold_to_review(
                    state, planned, reviewed, real_now, strict=terms.strict
                )
            except PlanStale as error:
                planned.plan = _refused(planned.plan, error)
        if objects:
            ids = planned.session.ids(planned.live)
            planned.plan = tell_chosen(planned.plan, whole, objects, planned.session.desired, ids)
    agreement.drifted = drifted
    return agreement


def _narrow(planned: Planned, may: object) -> None:
    assert planned.session is not None
    planned.plan = narrow(planned.plan, may, planned.target, planned.session.agreed)  # type: ignore[arg-type]


def _hold_to_review(
    state: DesiredState, planned: Planned, reviewed: Reviewed, now: datetime, *, strict: bool
) -> tuple[str, ...]:
    """Cuts the plan down to what was reviewed and is still granted; gives what drifted beside it. Raises PlanStale."""
    session, target = planned.session, planned.target
    assert session is not None
    part = reviewed.targets.get(target.name)
    if part is None:
        raise PlanStale(f"{target.name} is no part of the reviewed plan")
    live = {
        "User": frozenset(row.id for row in planned.live.users), "Group": frozenset(row.id for row in planned.live.groups),
    }  # fmt: skip
    compared = compare(part, planned.plan, live, reviewed.seal)
    if strict and compared.drifted:
        raise PlanStale("\n  ".join(["live has moved since the review (--strict):", *compared.drifted]))
    still = still_granted(plan_at(state, planned, now))
    _narrow(planned, lambda place: compared.may(place) and still(place))
    given = frozenset(
        approval.digest for approval in session.agreed.approvals if approval.target == target.name
    )
    session.agreed = replace(session.agreed, held=held_by_review(part, planned.plan.changes, given))
    _narrow(planned, _everything)
    return compared.drifted


def _everything(place: Place) -> bool:
    return bool(place)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise PlanStale("the reviewed plan has no valid asOf; plan again") from None
    if moment.tzinfo is None:
        raise PlanStale("the reviewed plan's asOf has no time zone; plan again")
    return moment


def _refused(plan: TargetPlan, error: PlanStale) -> TargetPlan:
    return replace(
        plan, error=str(error), error_exit=error.exit_code, changes=(), budgets=(), requests=0, seconds=0
    )


def note_quarantine(planned: Planned, world: World) -> None:
    """Adds the target's quarantine, if it is in one, to its plan's findings."""
    found = load_quarantine(world.data, planned.target.name)
    if found is None:
        return
    text = (
        f"{found.told}; runs by a schedule skip it until an apply succeeds or "
        f"`reconcile apply --target {planned.target.name} --clear-quarantine`"
    )
    finding = Finding(severity="error", code="quarantine", text=text)
    planned.plan = replace(planned.plan, findings=(finding, *planned.plan.findings))


def unused_approvals(state: DesiredState, planned: list[Planned]) -> list[str]:
    """Approvals that fit no budget of these plans, and why: worth a warning, for they approve nothing."""
    rows = {(each.target.name, row.rule, row.digest) for each in planned for row in each.plan.budgets}
    names = {each.target.name for each in planned}
    return [
        f"{a.target}:{a.rule}:{a.digest} "
        + ("fits nothing of this plan" if a.target in names else "is for a target that this run leaves out")
        for a in state.approvals
        if a.rule in RULES and (a.target, a.rule, a.digest) not in rows
    ]

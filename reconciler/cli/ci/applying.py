"""Applying: what `ci apply` and `ci due` share: agree, apply, look again, and leave a part for those who write to GitHub."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli import Settings
from reconciler.cli.apply import apply_agreed, tell_drift
from reconciler.cli.ci.surroundings import enter, resolve_detail, say_result, with_secrets
from reconciler.cli.saying import say
from reconciler.cli.sealing import seal_of

if TYPE_CHECKING:
    from reconciler.edge.github.job import Job
    from reconciler.model.desired import DesiredState
    from reconciler.pipeline import Planned, World

RESULTS = {0: "applied", 3: "refused", 4: "stale", 5: "partial"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to apply of one target: what was reviewed, exactly a digest, or what time alone made due."""

    target: str
    out: Path
    detail: str
    branch: str = ""
    reviewed: Path | None = None  # of that branch
    digest: str | None = None
    due: bool = False
    clear_quarantine: bool = False


def carry_out(settings: Settings, order: Order) -> int:
    """Does it and gives the exit code of `apply` (DESIGN 4)."""
    from reconciler.edge.quarantine import leave_quarantine, load_quarantine
    from reconciler.pipeline.ci.parts import begin_part
    from reconciler.pipeline.validating import check

    job, world = enter(settings)
    state = check(world)
    world = with_secrets(world, state, order.target)
    if order.due:
        _recall_quarantine(job, world, order.target)
        found = load_quarantine(world.data, order.target)
        if found is not None:
            say_result(f"{order.target}: skipped, {found.told}")
            return 0
    begin_part(order.out, "apply", order.target)
    if order.reviewed is not None and order.digest is None:
        _check_newest(job, order.branch)
    if order.clear_quarantine:
        leave_quarantine(world.data, order.target)
    said: list[str] = []
    planned = _agree(state, world, job, order, said)
    begun = bool(planned.plan.changes) and not planned.plan.error and not planned.plan.blocked
    is_named = resolve_detail(order.detail, job) == "full"
    code = apply_agreed([planned], world, is_json=False, told=None, is_named=is_named) if not said else 4
    if planned.plan.error:
        said.append(planned.plan.error)
    result = "noop" if code == 0 and not begun else RESULTS.get(code, "failed")
    _hand_over(state, world, job, order, result, said)
    job.set_outputs(result=result)
    return code


def _agree(state: DesiredState, world: World, job: Job, order: Order, said: list[str]) -> Planned:
    """The plan that may be applied; what nobody reviewed is taken out of it and told in `said`."""
    from reconciler.pipeline import join
    from reconciler.pipeline.agreeing import Terms, agree
    from reconciler.pipeline.base_tree import load_base
    from reconciler.pipeline.ci.parts import load_manifests
    from reconciler.pipeline.planning import with_edits
    from reconciler.stages.review import join_reviews, read_manifest

    names = (order.target,)
    if order.due:
        return agree(state, names, world, Terms(due=True)).planned[0]
    if order.digest is not None:
        planned = agree(state, names, world, Terms()).planned[0]
        digest = join([planned], world).digest
        if not planned.plan.error and digest != order.digest:
            said.append(f"the plan's digest is {digest}, not {order.digest}: look at what it would do now")
            planned.plan = replace(planned.plan, changes=())
        return planned
    manifests = load_manifests(order.reviewed or Path(), order.target)
    base = load_base(world, job.base, state) if job.base else None
    if manifests:
        seal = seal_of(world.environ)
        reviewed = join_reviews([read_manifest(manifest, seal) for manifest in manifests])
        agreement = agree(state, names, world, Terms(reviewed=reviewed, base=base))
        tell_drift(agreement, is_named=resolve_detail(order.detail, job) == "full")
        return agreement.planned[0]
    planned = agree(state, names, world, Terms(base=base)).planned[0]
    planned.plan = with_edits(planned)
    edit = planned.plan.edit or planned.plan
    if not planned.plan.error and edit.changes:
        said.append(
            f"nobody reviewed a plan of this for {order.target}: {len(edit.changes):,} changes were not made"
        )
    planned.plan = replace(planned.plan, changes=(), budgets=(), empty_desired=False)
    return planned


def _hand_over(
    state: DesiredState, world: World, job: Job, order: Order, result: str, said: list[str]
) -> None:
    """Looks once more at what is live, for the drift issue, and leaves what happened for the comment."""
    from reconciler.edge.github.job import SUMMARY
    from reconciler.edge.quarantine import load_quarantine
    from reconciler.pipeline import here, join
    from reconciler.pipeline.agreeing import Terms, agree
    from reconciler.pipeline.base_tree import load_base
    from reconciler.pipeline.ci.parts import save_part
    from reconciler.pipeline.ci.telling import part_of
    from reconciler.pipeline.planning import with_causes
    from reconciler.reports.happened import tell_happened
    from reconciler.reports.markdown import render

    detail = resolve_detail(order.detail, job)
    now = replace(here(world.base, world.desired, world.data), environ=world.environ)
    base = load_base(now, job.base) if job.base and order.digest is None and not order.due else None
    (left,) = agree(state, (order.target,), now, Terms(base=base if base and base.state else None)).planned
    left.plan = with_causes(left, now)
    plan = join([left], now)
    quarantine = load_quarantine(world.data, order.target)
    part = replace(
        part_of(plan, "apply", result, detail, job, world.desired, left.target.mapping),
        said=tuple(
            tell_happened(order.target, result, quoted, plan.digest if plan.changes else "", detail)
            for quoted in ((said, ()) if said and detail == "full" else ((),))
        ),
        quarantine=quarantine.code if quarantine else "", since=quarantine.since if quarantine else "",
        unread=left.plan.error is not None,
    )  # fmt: skip
    save_part(order.out, part)
    job.add_summary(part.said[0])
    if plan.changes:
        heading = f"What is left at {order.target}"
        job.add_summary(
            render(
                plan, heading=heading, detail=detail, limit_characters=SUMMARY // 2, limit_bytes=SUMMARY // 2
            )
        )
    for text in said:
        say(text if detail == "full" else text.partition("\n")[0])
    say_result(f"{order.target}: {result}; {len(plan.changes):,} differences are left")


def _check_newest(job: Job, branch: str) -> None:
    """Raises NoReview where a newer apply is over: a failed job that is started again alone was not asked before."""
    from reconciler.edge.github.api import open_github
    from reconciler.pipeline.ci.reviewed import check_no_newer

    with open_github(job.api, job.repository, job.token) as github:
        check_no_newer(github, job, branch)


def _recall_quarantine(job: Job, world: World, target: str) -> None:
    """No file outlives a job: the drift issue carries what is in quarantine (DESIGN 6)."""
    from reconciler.edge.github.api import open_github
    from reconciler.edge.quarantine import enter_quarantine
    from reconciler.model.quarantine_reason import MEANINGS, QuarantineReason
    from reconciler.pipeline.ci.issue import recall

    if not job.token:
        return
    with open_github(job.api, job.repository, job.token) as github:
        memory = recall(github, job.bot)
    if target in memory.quarantined:
        code, since = memory.quarantined[target]
        known: QuarantineReason = next((reason for reason in MEANINGS if reason == code), "Unknown")
        enter_quarantine(world.data, target, known, MEANINGS[known], run="", at=since)

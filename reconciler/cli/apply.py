"""`reconcile apply`: exactly what was reviewed, or less."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import Settings
from reconciler.cli.showing import show_plan

if TYPE_CHECKING:
    from reconciler.model.change import Change
    from reconciler.model.desired import DesiredState
    from reconciler.model.plan import Plan
    from reconciler.model.request import Outcome
    from reconciler.pipeline import Applied, World


@click.command("apply")
@click.argument("saved", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--target", "targets", multiple=True, help="Only this target; may be given again.")
@click.option("--only", multiple=True, help="Only this object, as user:ada or group:engineering.")
@click.option("--expect-digest", help="Apply only if the plan has this digest.")
@click.option("--approve", multiple=True, help="TARGET:RULE:DIGEST, as an exceeded budget prints it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def command(
    settings: Settings, saved: Path | None, targets: tuple[str, ...], only: tuple[str, ...], expect_digest: str | None,
    approve: tuple[str, ...], yes: bool,
) -> None:  # fmt: skip
    """Apply a saved plan, or plan, ask and apply."""
    from reconciler.model.errors import PlanStale, UsageError
    from reconciler.pipeline import choose, here, load, make_plan
    from reconciler.stages.restrict import as_of, restrict, still_reviewed

    agreed = yes or saved is not None or expect_digest is not None
    if not agreed and not sys.stdin.isatty():
        raise UsageError("nobody agreed to this: pass a reviewed plan, --expect-digest or --yes")
    world = here(settings.base, settings.desired, settings.data)
    reviewed: dict[str, Any] | None = _read_saved(saved) if saved else None
    if reviewed:
        world = replace(world, now=as_of(reviewed["asOf"]))
        targets = targets or tuple(target["name"] for target in reviewed["targets"])
    state = load(world)
    choose(state, targets)
    state.approvals = (*state.approvals, *_approvals(approve, state))
    plan = restrict(make_plan(state, targets, world), only, state)
    if expect_digest and plan.digest != expect_digest:
        raise PlanStale(f"the plan's digest is {plan.digest}, not {expect_digest}; plan again")
    if reviewed:
        parts = {target["name"]: target for target in reviewed["targets"]}
        plan = replace(
            plan, targets=tuple(t if t.error else still_reviewed(parts[t.name], t) for t in plan.targets)
        )
    show_plan(plan, ("text",))
    sys.exit(_apply(state, plan, world, agreed))


def _read_saved(path: Path) -> dict[str, Any]:
    from reconciler.model.digest import digest
    from reconciler.model.errors import PlanStale

    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
        digests = [
            digest([t["name"], sorted(c["digest"] for c in t["changes"])]) for t in plan["targets"]
        ]  # fmt: skip
        is_whole = plan["formatVersion"] == 1 and plan["digest"] == digest(sorted(digests))
    except (ValueError, KeyError, TypeError) as error:
        raise PlanStale(f"{path} is not a plan: {error}; plan again") from None
    if not is_whole:
        raise PlanStale(f"{path} does not fit its digest: it was edited or cut; plan again")
    return dict(plan)


def _approvals(texts: tuple[str, ...], state: DesiredState) -> list[Any]:
    from reconciler.model.errors import UsageError
    from reconciler.model.target import Approval
    from reconciler.policies import RULES

    approvals = []
    for text in texts:
        target, _, rest = text.partition(":")
        rule, _, bound = rest.partition(":")
        if target not in state.targets or rule not in RULES or not bound.startswith("sha256:"):
            raise UsageError(
                f"--approve {text}: write TARGET:RULE:sha256:… of a declared target and a known rule"
            )
        approvals.append(Approval(target=target, rule=rule, digest=bound, reason="--approve"))
    return approvals


def _apply(state: DesiredState, plan: Plan, world: World, agreed: bool) -> int:
    from reconciler.cli.plan import exit_code

    refused = [target.name for target in plan.targets if target.blocked]
    todo = [target for target in plan.targets if target.changes and not target.blocked and not target.error]
    broken = exit_code(plan, None, False)
    if not todo:
        if refused:
            click.echo(f"refused: {', '.join(refused)} would exceed a budget; nothing was written", err=True)
        elif not broken:
            click.echo("applied: nothing to change")
        return broken or (3 if refused else 0)
    if not agreed and not click.confirm("Apply these changes?"):
        return 0
    applied = [_one(state, target.name, plan, world) for target in todo]
    return _finish(applied, broken, refused)


def _one(state: DesiredState, name: str, plan: Plan, world: World) -> Applied:
    from reconciler.edge.run_log import RunLog
    from reconciler.pipeline import apply_target, now_text, run_id

    target = next(t for t in plan.targets if t.name == name)

    with RunLog(world.data, run_id(name)) as log:
        log.start(digest=target.digest, as_of=plan.as_of, targets=[name], at=now_text())

        async def run() -> Applied:
            stop = asyncio.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, stop.set)

            def told(change: Change, outcome: Outcome) -> None:
                log.outcome(change, outcome, at=now_text())

            return await apply_target(state, target, world, told, stop)

        applied = asyncio.run(run())
        done = sum(outcome.status == "success" for outcome in applied.outcomes)
        log.finish(at=now_text(), succeeded=done, failed=applied.failed)
    return applied


def _finish(applied: list[Applied], broken: int, refused: list[str]) -> int:
    done = failed = 0
    for part in applied:
        for outcome in part.outcomes:
            if outcome.status == "failure" and any(
                (c.type, c.key) == (outcome.type, outcome.key) for c in part.remaining
            ):
                click.echo(
                    f"failed: {outcome.action} {outcome.type} {outcome.name}: {outcome.text}", err=True
                )
        for path, key in part.withheld:
            click.echo(
                f"{part.name}: {path} of {key} is not kept by the endpoint and withheld from now on", err=True
            )
        if part.error:
            click.echo(f"{part.name}: {part.error}", err=True)
        failed += part.failed
        done += sum(outcome.status == "success" for outcome in part.outcomes)
    is_partial = bool(failed or refused or broken or any(part.error for part in applied))
    click.echo(
        f"applied in part: {done} changes, {failed} failed" if is_partial else f"applied: {done} changes"
    )
    return 5 if is_partial else 0

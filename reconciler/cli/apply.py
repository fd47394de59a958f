"""`reconcile apply`: exactly what was reviewed, or less."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import Settings
from reconciler.cli.options import format_option, only_option, option, progress_option, target_option
from reconciler.cli.progress import progress
from reconciler.cli.saying import say
from reconciler.cli.sealing import seal_of
from reconciler.cli.showing import check_formats, show_plan

if TYPE_CHECKING:
    from reconciler.cli.progress import Progress
    from reconciler.model.desired import DesiredState
    from reconciler.pipeline import Planned, World
    from reconciler.pipeline.agreeing import Agreement
    from reconciler.stages.review import Reviewed


DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("apply")
@click.argument("saved", required=False, metavar="[plan.json]", type=FILE)
@target_option
@only_option
@option("--reviewed", "Apply what this manifest of a reviewed plan holds.", type=FILE)
@click.option("--expect-digest", help="Apply only if the plan has this digest.")
@click.option("--approve", multiple=True, help="TARGET:RULE:DIGEST, as an exceeded budget prints it.")
@option("--due", "Only what time alone made due: left, hired, `until` passed.", is_flag=True)
@option("--scheduled", "Run by a schedule: skip targets in quarantine.", is_flag=True)
@option("--strict", "Refuse a reviewed plan if anything drifted beside it.", is_flag=True)
@option("--clear-quarantine", "Take the targets out of quarantine first.", is_flag=True)
@format_option
@progress_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def command(settings: Settings, /, **options: Any) -> None:
    """Apply a saved plan, or plan, ask and apply."""
    check_formats(options["forms"])
    with progress(quiet=options["no_progress"]) as told:
        sys.exit(_run(settings, options, told))


def _run(settings: Settings, options: dict[str, Any], told: Progress | None) -> int:
    from reconciler.edge.quarantine import leave_quarantine
    from reconciler.model.errors import PlanStale, UsageError
    from reconciler.pipeline import choose, here, join, load
    from reconciler.pipeline.agreeing import Terms, agree, unused_approvals

    agreed = any(options[name] for name in ("yes", "saved", "reviewed", "expect_digest", "due"))
    if not agreed and not sys.stdin.isatty():
        raise UsageError("nobody agreed to this: pass a reviewed plan, --expect-digest, --due or --yes")
    if options["saved"] and options["reviewed"]:
        raise UsageError("a saved plan and --reviewed were given: one of them is what was reviewed")
    world = replace(here(settings.base, settings.desired, settings.data), progress=told)
    reviewed = _read_reviewed(options, world)
    state = load(world)
    targets = choose(state, options["targets"])
    _approve(state, options["approve"])
    if options["clear_quarantine"]:
        for target in targets:
            leave_quarantine(world.data, target.name)
    terms = Terms(
        only=options["only"], due=options["due"], strict=options["strict"], reviewed=reviewed,
    )  # fmt: skip
    names = _awake(options, state, world)
    if names is None:
        say("applied: nothing, every target is in quarantine", err="json" in options["forms"])
        return 0
    agreement = agree(state, names, world, terms)
    plan = join(agreement.planned, world)
    if options["expect_digest"] and not plan.digest.startswith(_long(options["expect_digest"])):
        raise PlanStale(f"the plan's digest is {plan.digest}, not {options['expect_digest']}; plan again")
    if told is not None:
        told.close()
    show_plan(plan, options["forms"], settings)
    tell_drift(agreement)
    for text in unused_approvals(state, agreement.planned):
        say(f"warning: the approval {text} and approves nothing")
    if not agreed and any(each.plan.changes and not each.plan.blocked for each in agreement.planned):
        if not click.confirm("Apply these changes?", err=True):
            say("nothing was written")
            return 130
        from reconciler.stages.review import read_saved

        # What was shown is what is reviewed: nobody knows how long the question stood there.
        shown = Terms(only=options["only"], due=options["due"], reviewed=read_saved(plan.to_json()))
        agreement = agree(state, names, world, shown)
    return apply_agreed(agreement.planned, world, is_json="json" in options["forms"], told=told)


def _long(digest: str) -> str:
    """A digest as people copy it: with or without `sha256:`, at least 12 digits of it."""
    from reconciler.model.errors import UsageError

    hexadecimal = digest.removeprefix("sha256:").rstrip("…")
    if len(hexadecimal) < 12:
        raise UsageError(f"--expect-digest {digest}: give at least 12 digits of the digest")
    return f"sha256:{hexadecimal}"


def _read_reviewed(options: dict[str, Any], world: World) -> Reviewed | None:
    from reconciler.model.errors import PlanStale
    from reconciler.stages.review import read_manifest, read_saved

    path: Path | None = options["saved"] or options["reviewed"]
    if path is None:
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise PlanStale(f"{path} cannot be read: {type(error).__name__}; plan again") from None
    return read_saved(document) if options["saved"] else read_manifest(document, seal_of(world.environ))


def _awake(options: dict[str, Any], state: DesiredState, world: World) -> tuple[str, ...] | None:
    """The chosen targets; by a schedule, those that are not in quarantine, or None if none is left."""
    from reconciler.edge.quarantine import load_quarantine

    names: tuple[str, ...] = options["targets"]
    if not (options["due"] or options["scheduled"]):
        return names
    awake = []
    for name in names or tuple(sorted(state.targets)):
        found = load_quarantine(world.data, name)
        if found is None:
            awake.append(name)
        else:
            say(f"{name}: skipped, {found.told}")
    return tuple(awake) or None


def _approve(state: DesiredState, texts: tuple[str, ...]) -> None:
    from reconciler.model.errors import UsageError
    from reconciler.model.target import Approval
    from reconciler.policies import RULES

    for text in texts:
        target, _, rest = text.partition(":")
        rule, _, bound = rest.partition(":")
        if target not in state.targets or rule not in RULES or not DIGEST.fullmatch(bound):
            raise UsageError(
                f"--approve {text}: write TARGET:RULE:sha256:… of a declared target and a known rule"
            )
        state.approvals = (
            *state.approvals,
            Approval(target=target, rule=rule, digest=bound, reason="--approve"),
        )


def tell_drift(agreement: Agreement, *, is_named: bool = True) -> None:
    """Says what drifted since the review and was left alone; only how much, if nobody may be named."""
    for name, atoms in agreement.drifted.items():
        if atoms and not is_named:
            say(f"{name}: {len(atoms):,} differences drifted since the review and were left alone")
        elif atoms:
            say(f"{name}: drifted since the review and left alone:")
            for text in atoms:
                say(f"  {text}")


def apply_agreed(
    planned: list[Planned], world: World, *, is_json: bool, told: Progress | None, is_named: bool = True
) -> int:
    """Applies what may be applied of these plans, tells what it came to, and gives the exit code."""
    from reconciler.cli.closing import close
    from reconciler.cli.plan import exit_code
    from reconciler.pipeline import join
    from reconciler.pipeline.recording import record_unwritten
    from reconciler.pipeline.running import run_target

    refused = [each.target.name for each in planned if each.plan.blocked and not each.plan.error]
    todo = [each for each in planned if each.plan.changes and not each.plan.blocked and not each.plan.error]
    broken = exit_code(join(planned, world), None, False)
    begun = {each.target.name for each in todo}
    for each in planned:
        if each.target.name not in begun and (warning := record_unwritten(each, world)):
            say(f"warning: {warning}")
    for name in refused:
        say(f"refused: {name} exceeds a budget or leaves nobody; nothing was written there")
    applied = [run_target(each, world) for each in todo]
    if told is not None:
        told.close()

    return close(
        applied, planned, world, broken=broken, refused=bool(refused), is_json=is_json, is_named=is_named
    )

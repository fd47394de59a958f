"""What splitting a plan by a base must do, for every two desired states and what is live."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from reconciler.model.change import Place
from reconciler.model.plan import TargetPlan
from reconciler.policies import Agreed
from reconciler.stages.split import split, with_edit
from tests.properties.core import build_core, build_live
from tests.properties.states import State, states
from tests.properties.test_core import shown
from tests.properties.volume import tries

Atoms = dict[Place, tuple[object, object]]


def atoms(plan: TargetPlan) -> Atoms:
    return {place: value for change in plan.changes for place, value in change.atoms().items()}


@given(states(), states())
@tries(40, 3000)
def test_what_is_the_edits_and_what_had_drifted_are_the_plain_plan(state: State, other: State) -> None:
    core, before = build_core(state.files()), build_core(replace(other, live=state.live).files())
    plain, base = core.plan(build_live(state, core)), before.plan(build_live(state, before))
    shown(state, plain)
    plan = with_edit(split(plain, base), core.target, Agreed())

    assert plan.digest == plain.digest
    assert atoms(plan) == atoms(plain)
    drifted = {place for change in plan.changes for place in change.drifted or ()}
    assert drifted == {place for place, value in atoms(plain).items() if atoms(base).get(place) == value}
    for change in plan.changes:
        assert (change.origin == "drift") == (change.atoms().keys() <= drifted)
    assert plan.edit is not None
    assert atoms(plan.edit).items() <= atoms(plain).items()
    assert atoms(plan.edit).keys().isdisjoint(drifted)

    itself, nothing = split(plain, plain), split(plain, None)
    assert {change.origin for change in itself.changes} <= {"drift"}
    assert {change.origin for change in nothing.changes} <= {"edit"}
    assert itself.findings == plain.findings

"""Validating: the desired state with all that `validate` checks of it, offline."""

from __future__ import annotations

from reconciler.model.desired import DesiredState
from reconciler.pipeline.world import World, load, locator
from reconciler.stages.contradict import compile_all


def check(world: World) -> DesiredState:
    """The desired state, which contradicts itself nowhere. Raises DesiredStateError with every mistake."""
    state = load(world)
    compile_all(state, state.targets.values(), world.now, locator(state))
    return state

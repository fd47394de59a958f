"""Pipeline: the story: gather (files, endpoint), decide (pure), act (apply, read back, insist, learn).

here → load → make_plans → (narrow: only, due, reviewed) → join → show
→ apply_planned → Applied
"""

from reconciler.pipeline.acting import Applied, apply_planned
from reconciler.pipeline.planning import Planned, join, make_plans
from reconciler.pipeline.world import World, built_in_profiles, choose, here, load

__all__ = [
    "Applied", "Planned", "World", "apply_planned", "built_in_profiles", "choose", "here", "join", "load", "make_plans",
]  # fmt: skip

"""JSON: a plan with sorted keys."""

from __future__ import annotations

import json

from reconciler.model.neutral import neutral_json
from reconciler.model.plan import Plan


def render(plan: Plan) -> str:
    """The plan as DESIGN 5 writes it, with a newline at its end."""
    return neutral_json(json.dumps(plan.to_json(), indent=2, sort_keys=True, ensure_ascii=False)) + "\n"

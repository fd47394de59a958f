"""Agreement: which budgets stand in the way of a target, and the approval by which a person agrees (DESIGN 5)."""

from __future__ import annotations

import json
import re

from reconciler.model.plan import Budget, TargetPlan

PLAIN = re.compile(r"(?!(?:null|true|false)$)[A-Za-z][A-Za-z0-9_-]*", re.IGNORECASE)


def merged(target: TargetPlan) -> TargetPlan:
    """What a merge applies: the part that an edit causes, or all of it where there is no base to tell that by."""
    return target.edit or target


def exceeded(target: TargetPlan) -> tuple[Budget, ...]:
    """The budgets that are exceeded and that nobody approved."""
    return tuple(budget for budget in target.budgets if budget.exceeded and not budget.approved)


def why_blocked(target: TargetPlan) -> str:
    """Why apply refuses the target, in words."""
    return (
        "nobody is entitled any more" if target.empty_desired else "it exceeds a budget that nobody approved"
    )


def approval(target: str, budget: Budget) -> str:
    """An entry of `approvals:` in one line of YAML; a name that YAML would read otherwise is quoted."""
    name = target if PLAIN.fullmatch(target) else json.dumps(target)
    return f"{{target: {name}, rule: {budget.rule}, digest: '{budget.digest}', reason: '…'}}"

"""The document of the HTML page: what its script reads, all of it text that has nothing invisible in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from markupsafe import Markup

from reconciler.model.change import AttributeChange
from reconciler.model.change import Cause as Origin
from reconciler.model.neutral import neutral
from reconciler.model.plan import Budget, Plan, TargetPlan
from reconciler.reports.agreement import approval, exceeded, merged, why_blocked
from reconciler.reports.places import Places
from reconciler.reports.sections import (
    KINDS,
    ORIGINS,
    TITLES,
    VARIOUS,
    Cause,
    Kind,
    Told,
    brief,
    causes_of,
    parts_of,
)
from reconciler.reports.values import is_nothing, narrowed, short_path, shown
from reconciler.reports.words import SEVERITIES, memberships, tally, trouble, verdict

Json = dict[str, Any]
# What could end the script element, or open a comment in it (HTML 4.12.1.3), as JSON's own escapes.
ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}


def embedded(document: Json) -> Markup:
    """The document as JSON that may stand in a script element: only ASCII, and nothing that HTML would read."""
    return Markup(json.dumps(document, separators=(",", ":")).translate(ESCAPES))  # noqa: S704


def page_document(plan: Plan, places: Places) -> Json:
    """What the page shows: targets and what stops them, findings, and the changes by origin, section and cause."""
    names = {target.name: at for at, target in enumerate(plan.targets)}
    rows = _Rows(plan=plan, places=places, targets=names)
    sections = [section for origin in (None, "edit", "drift") for section in rows.sections(origin)]
    return {
        "targets": [_target(merged(target)) for target in plan.targets],
        "alerts": [alert for target in plan.targets for alert in _alerts(merged(target))],
        "findings": _findings(plan, places),
        "tally": tally([finding for target in plan.targets for finding in target.findings]),
        "kinds": TITLES, "sections": sections, "changes": rows.changes, "paths": list(rows.paths),
    }  # fmt: skip


def _target(target: TargetPlan) -> Json:
    failed = target.error is not None
    is_moving = bool(target.changes)
    state = verdict(target)
    return {
        "name": neutral(target.name), "url": neutral(target.url), "verdict": state, "bad": state not in ("changes", "no changes"),
        "users": "" if failed else target.live_users, "groups": "" if failed else target.live_groups,
        "unmanaged": "" if failed else target.unmanaged_users + target.unmanaged_groups,
        "changes": len(target.changes) if is_moving else "", "members": memberships(target.changes),
        "requests": target.requests if is_moving else "", "seconds": target.seconds if is_moving else "",
    }  # fmt: skip


def _alerts(target: TargetPlan) -> list[Json]:
    """What stops the target: its error, a budget, its quarantine."""
    alerts = []
    if target.error is not None:
        alerts.append(_alert(target, "error", f"{trouble(target)}: {target.error}"))
    elif target.blocked:
        alerts.append(
            _alert(target, "error", f"is blocked, apply refuses it: {why_blocked(target)}.", exceeded(target))
        )
    alerts += [
        _alert(target, "warning", finding.text) for finding in target.findings if finding.code == "quarantine"
    ]
    return alerts


def _alert(target: TargetPlan, severity: str, text: str, budgets: Sequence[Budget] = ()) -> Json:
    return {
        "target": neutral(target.name), "severity": severity, "text": neutral(text),
        "budgets": [[_rule(budget), budget.planned, budget.limit, budget.of] for budget in budgets],
        "approvals": [approval(neutral(target.name), budget) for budget in budgets],
    }  # fmt: skip


def _rule(budget: Budget) -> str:
    return f"{budget.rule} of {neutral(budget.subject)}" if budget.subject else budget.rule


def _findings(plan: Plan, places: Places) -> list[Json]:
    found = [
        (finding, target)
        for target in plan.targets
        for finding in target.findings
        if finding.code != "quarantine"
    ]
    order = list(SEVERITIES)
    found.sort(key=lambda row: order.index(row[0].severity))
    return [
        {
            "severity": finding.severity, "code": finding.code, "target": neutral(target.name), "text": neutral(finding.text),
            **_place(finding.source, places),
        }
        for finding, target in found
    ]  # fmt: skip


def _place(source: str | None, places: Places) -> Json:
    if not source:
        return {"place": None, "address": None}
    return {"place": neutral(places.below(source)), "address": places.address(source)}


@dataclass(slots=True, kw_only=True)
class _Rows:
    """Collects the changes in the order in which the page shows them."""

    plan: Plan
    places: Places
    targets: dict[str, int]
    changes: list[Json] = field(default_factory=list)
    paths: dict[str, int] = field(default_factory=dict)
    numbers: count[int] = field(default_factory=count)

    def sections(self, origin: Origin | None) -> list[Json]:
        """The sections of one origin, over all targets, with the indexes of their changes by cause."""
        parts = [part for target in self.plan.targets for part in parts_of(target) if part.origin == origin]
        found = []
        for kind in KINDS:
            told = [one for part in parts for one in part.of(kind)]
            causes = [self._cause(cause, kind, origin) for cause in causes_of(told)]
            if causes:
                found.append({"origin": origin, "heading": ORIGINS.get(origin, "") if origin else "", "title": TITLES[kind], "causes": causes})  # fmt: skip
        return found

    def _cause(self, cause: Cause, kind: Kind, origin: Origin | None) -> Json:
        number, start = next(self.numbers), len(self.changes)
        for one in cause.told:
            self.changes.append({**self._change(one), "kind": kind, "origin": origin, "cause": number})
        return {"id": number, "label": _label(cause), "changes": list(range(start, len(self.changes)))}

    def _change(self, told: Told) -> Json:
        change = told.change
        return {
            "target": self.targets[change.target], "action": change.action, "type": change.type, "key": neutral(change.key),
            "id": None if change.id is None else neutral(change.id), "name": neutral(change.name), "why": neutral(change.reason.text), "brief": neutral(brief(change.reason)),
            "drifted": neutral(told.cause or ""), "note": told.note, "attributes": [self._attribute(a) for a in change.attributes],
            "add": [neutral(m.name) for m in change.add], "remove": [neutral(m.name) for m in change.remove],
            "requests": [_request(one) for one in told.requests], **_place(change.reason.source, self.places),
        }  # fmt: skip

    def _attribute(self, attribute: AttributeChange) -> list[Any]:
        path = self.paths.setdefault(neutral(short_path(attribute.path)), len(self.paths))
        return [path, _value(attribute.before), _value(attribute.after)]


def _request(request: object) -> str:
    """One request of `--requests`, readable: its lines are ours, what stands in them is escaped."""
    lines = json.dumps(request, indent=1, ensure_ascii=False).split("\n")
    return "\n".join(map(neutral, lines))


def _value(value: object) -> Any:
    if is_nothing(value):
        return None
    return [shown(inner) for inner in value] if isinstance(value, list | tuple) else shown(value)


def _label(cause: Cause) -> str:
    """A cause in one line."""
    parts = [_common(attribute) for attribute in cause.attributes] + ["members"] * cause.has_members
    text = ", ".join(parts) or neutral(brief(cause.reason))
    return f"{text} ← {neutral(cause.told[0].cause)}" if cause.told[0].cause else text


def _common(attribute: AttributeChange) -> str:
    path = neutral(short_path(attribute.path))
    before = "…" if attribute.before is VARIOUS else narrowed(shown(attribute.before))
    after = "…" if attribute.after is VARIOUS else narrowed(shown(attribute.after))
    return path if before == after == "…" else f"{path}: {before} → {after}"

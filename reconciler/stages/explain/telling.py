"""Telling: the steps as one story, and the last of them: the change, why it is that or none, and the budgets that count it."""

from __future__ import annotations

from reconciler.model.change import Change
from reconciler.model.finding import Finding
from reconciler.model.resource import DesiredUser
from reconciler.policies import RULES
from reconciler.stages.explain.enrolled import tell_members
from reconciler.stages.explain.imported import tell_import, trace_topic
from reconciler.stages.explain.matched import tell_match
from reconciler.stages.explain.scene import Scene, Story, Topic
from reconciler.stages.explain.scoped import tell_scope
from reconciler.stages.explain.valued import tell_values
from reconciler.stages.hide import hide_story

FORMAT = 1


def tell_story(scene: Scene, topic: Topic) -> Story:
    """Everything that can be told of one object at one target, but its requests, which the pipeline lowers."""
    change = scene.change(topic)
    found = trace_topic(scene, topic)
    scope = tell_scope(scene, topic, found)
    story = {
        "formatVersion": FORMAT, "target": scene.target.name, "url": scene.plan.url, "object": topic.label, "error": None,
        "import": tell_import(scene, topic, found),
        "scope": scope,
        "match": tell_match(scene, topic),
        "attributes": tell_values(scene, topic, found, change),
        "members": tell_members(scene, topic, change),
        "action": _said(scene, topic, change, scope["reason"]),
        "change": change.to_json() if change else None,
        "budgets": _budgets(scene, change) if change else [],
        "findings": [
            {"severity": f.severity, "code": f.code, "text": f.text, "source": f.source}
            for f in scene.plan.findings if _is_about(f, topic)
        ],
    }  # fmt: skip
    return hide_story(story, topic.type, scene.columns)


def _is_about(finding: Finding, topic: Topic) -> bool:
    id_ = topic.live.id if topic.live else None
    return any(
        one.type == topic.type and (one.key == topic.key or (id_ is not None and one.id == id_))
        for one in finding.about
    )


def _budgets(scene: Scene, change: Change) -> list[Story]:
    """The rows of the plan's budgets that count something of this change."""
    counted = {
        (rule, subject)
        for rule, count in RULES.items() for subject, atoms in count((change,)).items() if atoms
    }  # fmt: skip
    return [row.to_json() for row in scene.plan.budgets if (row.rule, row.subject) in counted]


def _said(scene: Scene, topic: Topic, change: Change | None, reason: str) -> str:
    """The action in words; where there is none, why. `reason` is the scope's."""
    if change is not None:
        return f"{change.action}: {change.reason.text}"
    matches = scene.matches.get(topic.type)
    if matches is None:
        return "nothing: this target gets no groups"
    live, resource = topic.live, scene.resource(topic.type, topic.key)
    if topic.key in matches.frozen_keys or (live is not None and live.id in matches.frozen):
        return "nothing: it is frozen until somebody settles which account it is"
    if (
        live is not None
        and live.id in matches.protected
        and any(_is_about(f, topic) for f in scene.plan.findings)
    ):
        return "nothing: the account is protected, and what would be done is withheld"
    if resource is None:
        return _undeclared(scene, topic)
    if live is None:
        return (
            _unmade(resource, reason)
            if isinstance(resource, DesiredUser)
            else "nothing: it cannot be created yet; see the findings"
        )
    if topic.key not in matches.ours:
        return (
            f"nothing: the account is not provisioned by us, and is left alone (adopt: {scene.target.adopt})"
        )
    if isinstance(resource, DesiredUser) and resource.status not in ("entitled", "future"):
        return _at_rest(scene, resource, is_active=live.active)
    return "nothing: all of it is as desired"


def _unmade(user: DesiredUser, reason: str) -> str:
    if user.status == "entitled":
        return "nothing: it cannot be created yet; see the findings"
    when = "is created then" if user.status == "future" else "nobody is created"
    return f"nothing: {when}: {reason}"


def _at_rest(scene: Scene, user: DesiredUser, *, is_active: bool) -> str:
    rules = scene.target.deprovision
    rule = {"disabled": rules.disabled, "left": rules.disabled, "removed": rules.removed}.get(
        user.status, rules.out_of_scope
    )
    if rule == "ignore" and is_active:
        return f"nothing: {user.reason}, and the target's deprovision rule for that is ignore"
    return f"nothing: it has no access already: {user.reason}"


def _undeclared(scene: Scene, topic: Topic) -> str:
    if topic.is_declared:
        return "nothing: it is out of this target's scope"
    live, matches = topic.live, scene.matches[topic.type]
    if live is None or not any(row.id == live.id for row in matches.vanished):
        return "nothing: what is not ours is never touched"
    rules = scene.target.deprovision
    rule = rules.vanished if topic.type == "User" else rules.groups
    return (
        "nothing: the target's deprovision rule is ignore"
        if rule == "ignore"
        else "nothing: it has no access already"
    )

"""The whole story from the shipped files: pull request, plan, merge, apply, a change by hand, the issue, repair, closed."""

from __future__ import annotations

from tests.github.world import World, digest_in


def _promote(world: World) -> None:
    world.replace("desired_state/users.yaml", "Bob Li, jobTitle: Salesman", "Bob Li, jobTitle: Head of Sales")


def test_from_a_pull_request_to_a_closed_issue(applied: World) -> None:
    world = applied
    pull = world.open_pull(_promote)

    planned = world.plan(pull)
    assert planned.conclusion == "success", planned.log
    comment = world.hub.comment()
    assert comment.startswith("<!-- reconcile:plan:v1 -->\n### Identity plan: 1 to change")
    assert "`Head of Sales`" in comment

    done = world.apply(world.merge(pull))
    assert done.conclusion == "success", done.log
    assert world.people()["bob@example.com"]["title"] == "Head of Sales"
    assert "**Applied** by" in world.hub.comment()
    assert world.hub.journal == ["comment created", "comment edited"]

    world.change("ada@example.com", title="Chief of Nothing")
    assert world.schedule("drift.yml").conclusion == "success"
    issue = world.hub.issue()
    assert issue["state"] == "open"
    assert "`Chief of Nothing`" in issue["body"]

    assert world.dispatch(digest_in(issue["body"])).conclusion == "success"
    assert world.people()["ada@example.com"]["title"] == "Engineer"
    assert world.hub.issue()["state"] == "closed"

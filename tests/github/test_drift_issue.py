"""Drift on a schedule: one issue that opens, updates and closes itself (research: actions 4.5; DESIGN 6)."""

from __future__ import annotations

import re

from tests.github.world import USERS_FILE, World, add, digest_in, retitle


def check(world: World) -> list[str]:
    """What one scheduled check wrote."""
    before = len(world.hub.journal)
    result = world.schedule("drift.yml")
    assert result.conclusion == "success", result.log
    return world.hub.journal[before:]


def test_the_life_of_the_issue(applied: World) -> None:
    world = applied

    assert check(world) == []
    world.change("bob@example.com", title="X")
    assert check(world) == ["issue created"]
    assert check(world) == ["issue edited"]
    world.change("bob@example.com", title="Y")
    assert check(world) == ["issue edited", "comment created"]
    world.change("bob@example.com", title="Salesman")
    assert check(world) == ["comment created", "issue closed"]
    assert world.hub.issue()["state_reason"] == "completed"
    assert check(world) == []
    world.change("bob@example.com", title="X")
    assert check(world) == ["issue reopened", "comment created"]

    world.hub.issue().update(state="closed", state_reason="not_planned", title="Somebody renamed it")
    assert check(world) == []
    world.change("bob@example.com", title="Z")
    assert check(world) == ["issue reopened", "comment created"]


def test_a_check_that_fails_never_closes_the_issue(applied: World) -> None:
    world = applied
    world.change("bob@example.com", title="X")
    check(world)
    world.change("bob@example.com", title="Salesman")
    secrets, world.runner.secrets = world.runner.secrets, {}

    for _ in range(3):
        assert world.schedule("drift.yml").results()["check"] == "failure"

    assert world.hub.issue()["state"] == "open"
    assert "could not be checked 3 times in a row" in world.hub.issue()["body"]
    world.runner.secrets = secrets
    assert check(world) == ["comment created", "issue closed"]


def test_the_cause_is_named_and_the_yaml_that_accepts_it(applied: World) -> None:
    world = applied
    assert world.deliver(add("dan")).conclusion == "success"
    world.change("bob@example.com", title="Chief of Nothing")
    world.git("checkout", "--quiet", "main")
    retitle("Engineer", "Senior Engineer")(world)
    world.commit("Pushed past review, and never applied")

    check(world)

    body = world.hub.issue()["body"]
    rows = {name: row for row in body.splitlines() for name in ("ada@", "bob@", "cid@") if f"`{name}" in row}
    assert re.search(r"`changed at the endpoint, last modified 20\d\d-\d\d-\d\d \d\d:\d\d UTC`", rows["bob@"])
    assert "desired, not applied yet" in rows["ada@"]
    assert '  bob: {jobTitle: "Chief of Nothing"}' in body


def test_issues_that_are_switched_off_fail_the_run_and_say_so(applied: World) -> None:
    world = applied
    world.hub.has_issues = False
    world.change("bob@example.com", title="X")

    result = world.schedule("drift.yml")

    assert result.results()["issue"] == "failure"
    assert "issues are switched off" in result.log
    assert "bob@example.com" in result.jobs["check (live)"].summary


def test_what_is_due_is_applied_where_issues_are_switched_off(applied: World) -> None:
    world = applied
    world.hub.has_issues = False
    world.replace(USERS_FILE, "cid: {", "cid: {employeeLeaveDateTime: 2026-01-01, ")
    world.commit("Left long ago")

    done = world.schedule("due.yml")

    assert done.conclusion == "success", done.log
    assert world.people()["cid@example.com"]["active"] is False


def test_a_quarantine_that_is_part_of_the_checkout_is_none(applied: World) -> None:
    world = applied
    world.replace(USERS_FILE, "cid: {", "cid: {employeeLeaveDateTime: 2026-01-01, ")
    world.write(
        ".reconcile/quarantine/live.json",
        '{"code": "Unknown", "reason": "mine", "since": "2026-01-01T00:00:00Z", "run": "x", "runs": 1}',
    )
    world.commit("Keep cid's access for ever")

    done = world.schedule("due.yml")

    assert done.conclusion == "success", done.log
    assert world.people()["cid@example.com"]["active"] is False


def test_what_is_due_is_applied_and_nothing_else(applied: World) -> None:
    world = applied
    world.replace(USERS_FILE, "cid: {", "cid: {employeeLeaveDateTime: 2026-01-01, ")
    world.commit("Left long ago")
    world.change("bob@example.com", title="X")

    done = world.schedule("due.yml")

    assert done.conclusion == "success", done.log
    assert world.people()["cid@example.com"]["active"] is False
    assert world.people()["bob@example.com"]["title"] == "X"
    assert "`live` is not as `main` declares" in world.hub.issue()["body"]


def test_the_issue_carries_a_quarantine_from_run_to_run(applied: World) -> None:
    world = applied
    pull = world.open_pull(add("dan"))
    world.plan(pull)
    secrets = world.runner.secrets
    world.runner.secrets = {**secrets, "scim-live": {**secrets["scim-live"], "SCIM_TOKEN": "expired"}}

    failed = world.apply(world.merge(pull))

    assert failed.results()["apply"] == "failure"
    assert "is in quarantine since" in world.hub.issue()["body"]
    world.runner.secrets = secrets
    skipped = world.schedule("due.yml")
    assert "skipped, in quarantine" in skipped.log
    assert world.hub.issue()["state"] == "open"

    world.schedule("drift.yml")
    done = world.dispatch(digest_in(world.hub.issue()["body"]), clear_quarantine=True)

    assert done.conclusion == "success", done.log
    assert world.hub.issue()["state"] == "closed"

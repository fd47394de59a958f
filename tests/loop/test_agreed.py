"""What people agreed to is what is applied, or less: saved plans, manifests, digests, approvals, time alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import running
from tests.loop.test_loop import USERS, Directory, make
from tests.servers.running import Server

TOKEN = "sandbox-token"


@pytest.fixture
def directory(tmp_path: Path) -> Any:
    with running(None, TOKEN) as endpoint:
        server = Server(name="sandbox", url=endpoint.url, token=TOKEN)
        made = make(tmp_path, server)
        made.apply()
        yield made


def by_hand(directory: Directory, user: str, **values: object) -> None:
    operations = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations}
    with directory.server.connect() as client:
        client.patch(f"/Users/{directory.users()[user]['id']}", json=body).raise_for_status()


def save(directory: Directory, *arguments: str) -> Path:
    path = directory.base / "plan.json"
    assert directory.run("plan", "--out", str(path), *arguments).returncode == 0
    return path


def promote(directory: Directory) -> None:
    directory.edit("users", "jobTitle: Engineer", "jobTitle: Staff Engineer")
    directory.edit("users", "displayName: Bob Li\n", "displayName: Robert Li\n")


def test_what_was_done_in_the_meantime_is_not_done_again(directory: Directory) -> None:
    promote(directory)
    saved = save(directory)
    by_hand(directory, "ada@example.com", title="Staff Engineer")
    done = directory.run("apply", str(saved))

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "applied: 1 change"
    assert directory.actions() == []


def test_a_saved_plan_can_be_applied_twice(directory: Directory) -> None:
    promote(directory)
    saved = save(directory)
    assert directory.run("apply", str(saved)).returncode == 0
    again = directory.run("apply", str(saved))

    assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "applied: no changes")


def test_a_before_that_no_longer_holds_is_stale(directory: Directory) -> None:
    promote(directory)
    saved = save(directory)
    by_hand(directory, "ada@example.com", title="Emperor")
    done = directory.run("apply", str(saved))

    assert done.returncode == 4
    assert '"Emperor" → "Staff Engineer"' in done.stderr
    assert '"Engineer" → "Staff Engineer"' in done.stderr
    assert directory.users()["bob@example.com"]["displayName"] == "Bob Li"


def test_an_edit_after_the_review_is_stale(directory: Directory) -> None:
    promote(directory)
    saved = save(directory)
    directory.edit("users", "jobTitle: Director", "jobTitle: President")
    done = directory.run("apply", str(saved))

    assert done.returncode == 4
    assert "user grace: title" in done.stderr


def test_drift_beside_the_review_is_left_alone_and_told_even_on_the_same_user(directory: Directory) -> None:
    promote(directory)
    saved = save(directory)
    by_hand(directory, "ada@example.com", displayName="Countess")
    by_hand(directory, "grace@example.com", title="Admiral")
    strict = directory.run("apply", str(saved), "--strict")
    done = directory.run("apply", str(saved))

    assert strict.returncode == 4
    assert done.returncode == 0, done.stderr
    assert "user ada: displayName" in done.stderr
    users = directory.users()
    assert (users["ada@example.com"]["title"], users["ada@example.com"]["displayName"]) == (
        "Staff Engineer",
        "Countess",
    )
    assert users["grace@example.com"]["title"] == "Admiral"


def test_a_reviewed_resource_that_is_gone_is_stale(directory: Directory) -> None:
    promote(directory)
    saved = save(directory)
    with directory.server.connect() as client:
        client.delete(f"/Users/{directory.users()['bob@example.com']['id']}").raise_for_status()
    done = directory.run("apply", str(saved))

    assert done.returncode == 4
    assert "is gone" in done.stderr


def test_a_manifest_binds_an_apply_without_anybodys_data(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILE_MANIFEST_KEY", "a-key")
    promote(directory)
    manifest = directory.base / "manifest.json"
    assert directory.run("plan", "--manifest", str(manifest)).returncode == 0
    text = manifest.read_text()
    assert not any(name in text for name in ("ada", "bob", "Staff", "Robert"))
    monkeypatch.setenv("RECONCILE_MANIFEST_KEY", "another-key")
    assert directory.run("apply", "--reviewed", str(manifest)).returncode == 4
    monkeypatch.setenv("RECONCILE_MANIFEST_KEY", "a-key")
    by_hand(directory, "grace@example.com", title="Admiral")
    done = directory.run("apply", "--reviewed", str(manifest))

    assert done.returncode == 0, done.stderr
    assert directory.users()["grace@example.com"]["title"] == "Admiral"
    assert directory.users()["ada@example.com"]["title"] == "Staff Engineer"


def test_an_edited_manifest_is_refused(directory: Directory) -> None:
    promote(directory)
    manifest = directory.base / "manifest.json"
    directory.run("plan", "--manifest", str(manifest))
    document = json.loads(manifest.read_text())
    document["targets"][0]["atoms"].pop()
    manifest.write_text(json.dumps(document))

    assert directory.run("apply", "--reviewed", str(manifest)).returncode == 4


def test_a_digest_agrees_to_exactly_one_plan(directory: Directory) -> None:
    promote(directory)
    digest = directory.plan()["digest"]
    assert directory.run("apply", "--expect-digest", "sha256:" + "0" * 64).returncode == 4
    assert directory.run("apply", "--expect-digest", digest).returncode == 0
    assert directory.actions() == []


def test_only_one_object_is_applied(directory: Directory) -> None:
    promote(directory)
    done = directory.run("apply", "--only", "user:ada", "--yes")

    assert done.returncode == 0, done.stderr
    assert directory.actions() == [("update", "bob")]


def test_time_alone_makes_due_what_an_edit_does_not(directory: Directory) -> None:
    promote(directory)
    directory.edit(
        "users",
        "    displayName: Robert Li\n",
        "    displayName: Robert Li\n    employeeLeaveDateTime: 2026-01-31\n",
    )
    directory.edit("groups", "members: [ada, grace]", "members: [ada, {user: grace, until: 2026-01-31}]")
    done = directory.run("apply", "--due")

    assert done.returncode == 0, done.stderr
    users = directory.users()
    assert users["bob@example.com"]["active"] is False
    assert users["ada@example.com"]["title"] == "Engineer"
    assert directory.actions() == [("update", "ada")]


def test_an_approval_of_another_plan_approves_nothing_and_is_told(directory: Directory) -> None:
    directory.edit("targets", "deactivate: {count: 5}", "deactivate: {count: 0}")
    directory.write("users", USERS[: USERS.index("  bob:")])
    directory.edit("groups", "members: [bob]", "members: []")
    done = directory.run("apply", "--yes", "--approve", f"live:deactivate:sha256:{'0' * 64}")

    assert done.returncode == 3
    assert "approves nothing" in done.stderr
    assert directory.users()["bob@example.com"]["active"] is True


@pytest.mark.parametrize("is_declared", [True, False], ids=["in approvals", "by --approve"])
def test_an_approval_for_a_target_that_is_left_out_is_told_and_holds_nothing_up(
    directory: Directory, is_declared: bool
) -> None:
    directory.edit("targets", "targets:\n  live:", "targets:\n  live: &live")
    directory.write(
        "targets", (directory.base / "desired_state/targets.yaml").read_text() + "  other: *live\n"
    )
    promote(directory)
    bound = f"sha256:{'0' * 64}"
    if is_declared:
        approval = f"{{target: other, rule: deactivate, digest: '{bound}', reason: a test}}"
        directory.write("approvals", f"approvals: [{approval}]\n")
    options = () if is_declared else ("--approve", f"other:deactivate:{bound}")
    done = directory.run("apply", "--yes", "--target", "live", *options)

    assert done.returncode == 0, done.stderr
    assert f"the approval other:deactivate:{bound} is for a target that this run leaves out" in done.stderr
    assert directory.actions() == []


def test_an_approval_of_what_does_not_exist_is_wrong_usage(directory: Directory) -> None:
    for text in ("nowhere:deactivate:sha256:0", "live:everything:sha256:0", "live:deactivate:0", "x"):
        assert directory.run("apply", "--yes", "--approve", text).returncode == 64


def test_two_targets_one_refused_is_exit_5_once_the_other_was_written(directory: Directory) -> None:
    text = (directory.base / "desired_state" / "targets.yaml").read_text()
    second = text.replace("targets:\n", "").replace("  live:", "  other:", 1)
    second = second.replace("ownership: externalId", "ownership: externalId\n    protected: {users: [ada*]}")
    directory.write(
        "targets",
        text.replace("adopt: empty", "adopt: empty")
        + second.replace("{env: SCIM_URL}", "https://nowhere.invalid/scim"),
    )
    promote(directory)
    done = directory.run("apply", "--yes")

    assert done.returncode == 5
    assert "other: cannot reach" in done.stderr
    assert directory.users()["ada@example.com"]["title"] == "Staff Engineer"


def test_a_run_log_that_cannot_be_written_stops_before_anything_is_written(directory: Directory) -> None:
    promote(directory)
    blocked = directory.base / "blocked"
    blocked.write_text("a file where a folder is due")
    done = directory.run("--data", str(blocked), "apply", "--yes")

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert directory.users()["ada@example.com"]["title"] == "Engineer"


def test_the_log_tells_who_was_changed_when_and_how(directory: Directory) -> None:
    promote(directory)
    directory.apply()
    told = json.loads(directory.run("log", "--user", "ADA", "--format", "json").stdout)
    none = directory.run("log", "--status", "failure")

    assert [(record["action"], record["statusInfo"]["status"]) for record in told] == [
        ("create", "success"),
        ("update", "success"),
    ]
    assert directory.run("log", "--user", "ada", "--action", "update").stdout.count("\n") == 1
    assert directory.run("log", "--until", "2020-01-01").stdout == ""
    assert (none.stdout, none.stderr) == ("", "nothing fits\n")

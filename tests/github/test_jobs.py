"""Jobs: least privilege, signals, the same from a repository that only uses the action (research: actions 4.8)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.github.runner import Event, read_yaml
from tests.github.world import ROOT, USERS_FILE, World, add, open_world, retitle
from tests.tool import shared_tool

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
OURS = [path for path in WORKFLOWS if path.name not in ("ci.yml", "release.yml")]
PERMISSIONS = {
    "plan.yml": {
        "validate": "contents:read", "targets": "contents:read", "plan": "contents:read",
        "comment": "contents:read pull-requests:write", "gate": "",
    },
    "apply.yml": {
        "reviewed": "actions:read contents:read pull-requests:read", "apply": "actions:read contents:read", "dispatch": "contents:read",
        "report": "contents:read pull-requests:write", "issue": "contents:read issues:write",
    },
    "due.yml": {"targets": "contents:read", "due": "contents:read issues:read", "issue": "contents:read issues:write"},
    "drift.yml": {"targets": "contents:read", "check": "actions:read contents:read", "issue": "contents:read issues:write"},
    "ci.yml": {"check": "contents:read", "wheel": "contents:read", "required": ""},
    "release.yml": {"build": "contents:read", "publish": "id-token:write"},
}  # fmt: skip


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_no_permission_that_a_job_does_not_take(path: Path) -> None:
    document = read_yaml(path)

    assert document["permissions"] == {}
    assert {name: _told(job["permissions"]) for name, job in document["jobs"].items()} == PERMISSIONS[
        path.name
    ]
    assert all(
        job["timeout-minutes"] and job["runs-on"] == "ubuntu-24.04" for job in document["jobs"].values()
    )


def _told(permissions: dict[str, str]) -> str:
    return " ".join(sorted(f"{what}:{level}" for what, level in permissions.items()))


@pytest.mark.parametrize("path", [*WORKFLOWS, ROOT / "action.yml"], ids=lambda path: path.name)
def test_others_actions_are_pinned_to_a_commit_and_say_which_version_that_is(path: Path) -> None:
    used = re.findall(r"uses: (?!\./)(.*)", path.read_text())

    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", text) for text in used), used


@pytest.mark.parametrize("path", [*OURS, ROOT / "action.yml"], ids=lambda path: path.name)
def test_no_expression_stands_inside_of_a_script(path: Path) -> None:
    assert "${{" not in "".join(_scripts(read_yaml(path)))


def _scripts(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["run"]] if isinstance(part.get("run"), str) else []
        return own + [text for inner in part.values() for text in _scripts(inner)]
    return [text for inner in part for text in _scripts(inner)] if isinstance(part, list) else []


@pytest.mark.parametrize(
    ("workflow", "job", "permission"),
    [
        ("plan.yml", "comment", "pull-requests"),
        ("apply.yml", "reviewed", "actions"),
        ("apply.yml", "reviewed", "pull-requests"),
        ("apply.yml", "apply", "actions"),
        ("apply.yml", "report", "pull-requests"),
        ("apply.yml", "issue", "issues"),
    ],
)
def test_a_job_without_one_of_its_permissions_fails_loudly(
    applied: World, workflow: str, job: str, permission: str
) -> None:
    world = applied
    path = f".github/workflows/{workflow}"
    document = read_yaml(world.repository / path)
    del document["jobs"][job]["permissions"][permission]
    world.write(path, yaml.safe_dump(document, sort_keys=False))
    world.commit("Take a permission away")
    world.change("ada@example.com", title="X")
    pull = world.open_pull(add("dan"))

    planned = world.plan(pull)
    result = planned if workflow == "plan.yml" else world.apply(world.merge(pull))

    assert result.results()[job] == "failure"
    assert "`permissions:` do not allow it" in result.log


def test_a_cancelled_apply_finishes_what_is_in_flight_and_the_next_goes_on(applied: World) -> None:
    world = applied
    world.replace(
        "desired_state/targets.yaml", "requestsPerSecond: 1000",
        "requestsPerSecond: 20, concurrency: 1}\n    budgets: {create: {count: 99}",
    )  # fmt: skip
    world.commit("Slowly")
    names = [f"person{number}" for number in range(60)]
    pull = world.open_pull(add(*names))
    world.plan(pull)
    commit = world.merge(pull)
    world.runner.environ = {**world.runner.environ, "RECONCILE_PYTHON": sys.executable}
    world.runner.interrupts = {"apply": lambda: len(world.people()) > 10}

    stopped = world.apply(commit)

    done = len(world.people()) - 3
    assert stopped.results()["apply"] == "failure"
    assert "exit code 5" in stopped.log
    assert f"applied in part: {done} changes done" in stopped.log
    assert 0 < done < 60
    assert world.hub.comments[7][-1]["body"].startswith("**Not everything was applied** by")

    world.runner.interrupts = {}
    again = world.apply(commit, stopped.number)

    assert again.conclusion == "success", again.log
    assert len(world.people()) == 63


def test_a_repository_that_init_wrote_does_the_same(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        for path in (".github", "action.yml", "desired_state"):
            world.git("rm", "-r", "--quiet", path)
        written = shared_tool().run(world.repository, ("init", "--owner", "@acme/identity"), {})
        assert written.code == 0, str(written)
        world.replace(
            "desired_state/targets.yaml", "{env: SCIM_URL, default: 'https://scim.example.com/v2'}", world.url
        )
        world.commit("Start")
        secrets = world.runner.secrets["scim-live"]
        world.runner.secrets = {f"scim-example{kind}": secrets for kind in ("", "-plan", "-review")}
        applied = shared_tool().run(
            world.repository, ("apply", "--yes"), {"SCIM_TOKEN": secrets["SCIM_TOKEN"]}
        )
        assert applied.code == 0, str(applied)

        edit = "desired_state/users/example.yaml"
        done = world.deliver(lambda w: w.replace(edit, "jobTitle: Engineer", "jobTitle: Fellow"))

        assert done.conclusion == "success", done.log
        assert world.people()["ada@example.com"]["title"] == "Fellow"
        owners = (world.repository / ".github" / "CODEOWNERS").read_text()
        assert "/desired_state/groups.yaml  grace@example.com @acme/identity\n" in owners
        assert shared_tool().run(world.repository, ("init",), {}).out.count("wrote") == 0


def test_what_init_writes_passes_the_linters(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    assert shared_tool().run(tmp_path, ("init",), {}).code == 0
    programs = Path(sysconfig.get_path("scripts"))
    environ = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    for command in (
        ["actionlint", "-no-color"],
        [
            "zizmor",
            "--offline",
            "--no-progress",
            "--quiet",
            "--strict-collection",
            "--persona",
            "pedantic",
            ".github",
        ],
        ["yamllint", "--strict", "--config-file", str(ROOT / ".yamllint.yaml"), "."],
    ):
        done = subprocess.run(
            [str(programs / command[0]), *command[1:]], check=False, cwd=tmp_path, capture_output=True, text=True, env=environ
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


def test_ten_lines_are_enough_to_use_the_action(applied: World) -> None:
    world = applied
    example = (ROOT / "docs" / "github.md").read_text()
    (text,) = re.findall(r"```yaml\n(# \.github/workflows/identity\.yml\n.*?)```", example, re.DOTALL)
    assert len([line for line in text.splitlines() if line.strip()]) <= 12
    shutil.rmtree(world.repository / ".github")
    (world.repository / "action.yml").unlink()
    world.write(".github/workflows/identity.yml", text)
    world.commit("Check every pull request")
    world.runner.actions = {"OWNER/scim-reconciler": ROOT}
    event = Event(
        name="pull_request", payload={}, sha=world.git("rev-parse", "main"), ref="refs/pull/7/merge"
    )

    assert world.runner.run("identity.yml", event).conclusion == "success"
    world.replace(USERS_FILE, "jobTitle", "jobTitel")
    world.commit("A mistake")
    event = Event(
        name="pull_request", payload={}, sha=world.git("rev-parse", "main"), ref="refs/pull/7/merge"
    )
    assert world.runner.run("identity.yml", event).conclusion == "failure"


def test_a_merge_groups_plan_counts_for_exactly_its_commit(applied: World) -> None:
    world = applied
    planned = world.queue(world.open_pull(retitle("Salesman", "Manager")))

    assert planned.results() == {
        "validate": "success", "targets": "success", "plan": "success", "comment": "skipped", "gate": "success",
    }  # fmt: skip
    done = world.apply()
    assert done.conclusion == "success", done.log
    assert world.people()["bob@example.com"]["title"] == "Manager"


def test_several_pull_requests_that_a_queue_merges_with_one_push_are_all_applied(applied: World) -> None:
    world = applied
    before = world.git("rev-parse", "main")
    one, other = world.open_pull(add("dan")), world.open_pull(retitle("Salesman", "Manager"))
    for number, pull in ((7, one), (8, other)):
        world.hub.comments[number] = []
        assert world.queue(pull, number).conclusion == "success"

    done = world.apply(before=before)

    assert done.conclusion == "success", done.log
    assert world.people()["bob@example.com"]["title"] == "Manager"
    assert "dan@example.com" in world.people()
    assert "pull request 7: applied" in done.log
    assert "pull request 8: applied" in done.log


def test_a_file_of_the_checkout_never_runs_beside_the_token(applied: World) -> None:
    world = applied
    world.runner.environ = {"RECONCILE_PYTHON": sys.executable}
    world.write("click.py", "print('this runs beside the token')\n")
    world.write("reconciler/__init__.py", "print('so does this')\n")
    shutil.rmtree(world.repository / ".github")
    (world.repository / "action.yml").unlink()
    job = {
        "runs-on": "ubuntu-24.04", "permissions": {},
        "steps": [
            {"uses": f"actions/checkout@{'0' * 40}", "with": {"persist-credentials": False}},
            {"uses": f"OWNER/scim-reconciler@{'0' * 40}", "with": {"command": "validate"}},
        ],
    }  # fmt: skip
    world.write(
        ".github/workflows/one.yml", yaml.safe_dump({"on": ["push"], "permissions": {}, "jobs": {"one": job}})
    )
    commit = world.commit("Modules of everybody's")
    world.runner.actions = {"OWNER/scim-reconciler": ROOT}

    done = world.runner.run("one.yml", Event(name="push", payload={}, sha=commit, ref="refs/heads/main"))

    assert done.conclusion == "success", done.log
    assert "beside the token" not in done.log
    assert "so does this" not in done.log

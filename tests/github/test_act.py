"""The shipped workflows under act, a runner that is not ours, without Docker (research: actions 3).

What act does not know yet is taken out first: `queue`, `deployment`. Permissions and environments it ignores.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import yaml

from tests.github.runner import read_yaml
from tests.github.world import KEY, NUMBER, TOKEN, World, add, check_out

UPLOAD = """\
name: upload
inputs: {name: {required: true}, path: {required: true}, overwrite: {}, retention-days: {}, if-no-files-found: {}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {NAME: "${{ inputs.name }}", FROM: "${{ inputs.path }}"}
      run: mkdir -p "$ARTIFACTS/$NAME" && cp -r "$FROM" "$ARTIFACTS/$NAME/"
"""
DOWNLOAD = """\
name: download
inputs: {pattern: {required: true}, path: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {PATTERN: "${{ inputs.pattern }}", TO: "${{ inputs.path }}"}
      run: mkdir -p "$TO" && for found in "$ARTIFACTS"/$PATTERN; do cp -r "$found" "$TO/"; done
"""


def test_a_plan_and_a_drift_check(applied: World) -> None:
    world = applied
    strip(world)
    pull = world.open_pull(add("dan"))
    event = {
        "number": NUMBER, "action": "opened", "sender": {"login": "alice"}, "repository": {"full_name": "o/r", "private": True},
        "pull_request": {
            "number": NUMBER, "head": {"sha": pull.head, "ref": "edit", "repo": {"full_name": "o/r"}},
            "base": {"ref": "main", "sha": pull.base},
        },
    }  # fmt: skip

    act(world, pull.merge, "pull_request", "plan.yml", event)

    assert world.hub.journal == ["comment created"]
    assert "`dan@example.com`" in world.hub.comment()

    world.change("bob@example.com", title="Chief of Nothing")
    main = world.git("rev-parse", "main")
    act(world, main, "schedule", "drift.yml", {"schedule": "23 */6 * * *", "repository": {"private": True}})

    assert "`Chief of Nothing`" in world.hub.issue()["body"]


def strip(world: World) -> None:
    """Takes out of the workflows what act's older schema refuses."""
    for path in (world.repository / ".github" / "workflows").glob("*.yml"):
        document = read_yaml(path)
        document["concurrency"].pop("queue", None)
        for job in document["jobs"].values():
            job.get("concurrency", {}).pop("queue", None)
            if "environment" in job:
                job["environment"].pop("deployment", None)
        path.write_text(yaml.safe_dump(document, sort_keys=False))
    world.commit("For act")


def act(world: World, commit: str, event: str, workflow: str, payload: dict[str, Any]) -> None:
    """Runs a workflow at a commit; fails unless every job that ran succeeded."""
    base = world.runner.base / f"act-{event}"
    checkout, artifacts = base / "checkout", base / "artifacts"
    artifacts.mkdir(parents=True)
    check_out(world.repository, commit, checkout)
    subprocess.run(
        ["git", "-C", str(checkout), "remote", "set-url", "origin", "https://github.com/o/r"], check=True
    )
    (base / "event.json").write_text(json.dumps(payload))
    text = (checkout / ".github" / "workflows" / workflow).read_text()
    shims = []
    for name, action in (("upload-artifact", UPLOAD), ("download-artifact", DOWNLOAD)):
        (base / name).mkdir()
        (base / name / "action.yml").write_text(action)
        (used,) = set(re.findall(rf"actions/{name}@[0-9a-f]{{40}}", text))
        shims += ["--local-repository", f"{used}={base / name}"]
    scopes = frozenset({"pull-requests:write", "issues:write", "actions:read", "contents:read"})
    secrets = {
        "GITHUB_TOKEN": world.hub.token_for(scopes),
        "SCIM_TOKEN": TOKEN,
        "RECONCILE_MANIFEST_KEY": KEY,
    }
    environ = {
        "GITHUB_API_URL": world.runner.api, "ARTIFACTS": str(artifacts), "RECONCILE_PYTHON": world.runner.environ["RECONCILE_PYTHON"],
    }  # fmt: skip
    done = subprocess.run(  # noqa: PLW1510
        [
            str(Path(sysconfig.get_path("scripts")) / "act"), event, "-W", f".github/workflows/{workflow}",
            "-e", str(base / "event.json"), "-P", "ubuntu-24.04=-self-hosted", "--no-cache-server", *shims,
            *(word for name, value in environ.items() for word in ("--env", f"{name}={value}")),
            *(word for name, value in secrets.items() for word in ("-s", f"{name}={value}")),
        ],
        cwd=checkout, capture_output=True, text=True, env={**os.environ, "HOME": str(base)}, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert TOKEN not in done.stdout

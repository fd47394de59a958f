"""A company's repository at GitHub and its endpoint: people open pull requests, merge them, and change things by hand."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from reconciler.sandbox import running
from tests.github.fake_github import REPOSITORY, Hub, open_hub
from tests.github.runner import Event, Runner, RunResult
from tests.github.warm import warm_interpreter
from tests.tool import shared_tool

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-for-the-endpoint"
KEY = "a-key-for-manifests"
NUMBER = 7
USERS = """\
users:
  ada: {userPrincipalName: ada@example.com, displayName: Ada Lovelace, jobTitle: Engineer}
  bob: {userPrincipalName: bob@example.com, displayName: Bob Li, jobTitle: Salesman}
  cid: {userPrincipalName: cid@example.com, displayName: Cid Ray, jobTitle: Engineer}
"""
GROUPS = "groups:\n  engineering: {displayName: Engineering, members: [ada, cid]}\n"
MAPPINGS = """\
mappings:
  plain:
    users:
      match: [externalId, userName]
      attributes: {externalId: objectId, userName: userPrincipalName, displayName: displayName, title: jobTitle}
    groups:
      match: [externalId, displayName]
      attributes: {externalId: objectId, displayName: displayName, members: members}
"""
TARGETS = """\
targets:
  live:
    url: URL
    auth: {bearer: {env: LIVE_TOKEN}}
    mapping: plain
    scope: {users: all, groups: all}
    ownership: externalId
    client: {requestsPerSecond: 1000}
"""
USERS_FILE = "desired_state/users.yaml"
Edit = Callable[["World"], None]


@dataclass(slots=True, kw_only=True)
class Pull:
    """A pull request: its branch's head, the test merge that it runs on, and where it started."""

    head: str
    merge: str
    base: str


@dataclass(slots=True, kw_only=True)
class World:
    """What a test works with."""

    repository: Path
    hub: Hub
    runner: Runner
    endpoint: httpx.Client
    url: str
    pulls: list[Pull] = field(default_factory=list)

    def write(self, path: str, text: str) -> None:
        """Writes a file of the repository."""
        there = self.repository / path
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        """Edits a file of the repository."""
        text = (self.repository / path).read_text()
        assert old in text, f"{path} holds no {old!r}"
        self.write(path, text.replace(old, new))

    def git(self, *arguments: str) -> str:
        """What git prints."""
        done = subprocess.run(
            ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", *arguments], cwd=self.repository, check=True,
            capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "HOME": str(self.repository.parent), "GIT_CONFIG_NOSYSTEM": "1"},
        )  # fmt: skip
        return done.stdout.strip()

    def commit(self, text: str = "Edit") -> str:
        """Commits everything; gives the commit."""
        self.git("add", "-A")
        self.git("commit", "--quiet", "--allow-empty", "-m", text)
        return self.git("rev-parse", "HEAD")

    def open_pull(self, edit: Edit) -> Pull:
        """A pull request with that edit of main as it is now."""
        base = self.git("rev-parse", "main")
        branch = f"edit-{len(self.pulls)}"
        self.git("checkout", "--quiet", "-B", branch, "main")
        edit(self)
        head = self.commit()
        self.git("checkout", "--quiet", "--detach", "main")
        self.git("merge", "--quiet", "--no-ff", "-m", "Test merge", branch)
        pull = Pull(head=head, merge=self.git("rev-parse", "HEAD"), base=base)
        self.git("checkout", "--quiet", "main")
        self.pulls.append(pull)
        return pull

    def plan(self, pull: Pull, *, fork: bool = False, sender: str = "alice") -> RunResult:
        """The plan workflow for a pull request."""
        owner = "mallory/r" if fork else REPOSITORY
        payload = {
            "number": NUMBER, "sender": {"login": sender}, "repository": self._repository(),
            "pull_request": {
                "number": NUMBER, "head": {"sha": pull.head, "ref": "edit", "repo": {"full_name": owner}},
                "base": {"ref": "main", "sha": pull.base},
            },
        }  # fmt: skip
        event = Event(
            name="pull_request", payload=payload, sha=pull.merge, ref=f"refs/pull/{NUMBER}/merge",
            is_trusted=not fork and sender != "dependabot[bot]",
        )  # fmt: skip
        result = self.runner.run("plan.yml", event)
        self.register("plan.yml", result, pull.head, "pull_request", owner)
        return result

    def queue(self, pull: Pull, number: int = NUMBER) -> RunResult:
        """The plan workflow of a merge queue for a pull request that it puts onto main."""
        commit = self.merge(pull, number)
        base = self.git("rev-parse", f"{commit}^")
        payload = {
            "merge_group": {"head_sha": commit, "base_sha": base}, "repository": self._repository(), "sender": {"login": "bob"},
        }  # fmt: skip
        event = Event(
            name="merge_group",
            payload=payload,
            sha=commit,
            ref=f"refs/heads/gh-readonly-queue/main/pr-{number}",
        )
        result = self.runner.run("plan.yml", event)
        self.register("plan.yml", result, commit, "merge_group")
        return result

    def merge(self, pull: Pull, number: int = NUMBER) -> str:
        """Squashes a pull request onto main; gives the commit."""
        self.git("checkout", "--quiet", "main")
        self.git("merge", "--quiet", "--squash", pull.head)
        commit = self.commit("Merge")
        self.hub.pulls_of[commit] = [
            {
                "number": number,
                "merged_at": "2026-11-23T14:40:00Z",
                "base": {"ref": "main"},
                "head": {"sha": pull.head},
            }
        ]
        return commit

    def apply(
        self, commit: str | None = None, number: int | None = None, only_failed: RunResult | None = None,
        before: str = "",
    ) -> RunResult:  # fmt: skip
        """The apply workflow for a push to main. `number`: an old run that is started again; of it, `only_failed` jobs.

        `before`: where main was, if the push brought more than one commit.
        """
        commit = commit or self.git("rev-parse", "main")
        before = before or self.git("rev-parse", f"{commit}^")
        commits = self.git("rev-list", "--reverse", f"{before}..{commit}").split()
        payload = {
            "before": before, "after": commit, "sender": {"login": "bob"}, "repository": self._repository(),
            "commits": [{"id": id_} for id_ in commits],
        }  # fmt: skip
        result = self.runner.run(
            "apply.yml",
            Event(name="push", payload=payload, sha=commit, ref="refs/heads/main"),
            number,
            only_failed,
        )
        self.hub.runs = [row for row in self.hub.runs if row["id"] != result.number]
        self.register("apply.yml", result, commit, "push", REPOSITORY)
        return result

    def deliver(self, edit: Edit) -> RunResult:
        """A pull request with that edit: planned, merged and applied."""
        pull = self.open_pull(edit)
        planned = self.plan(pull)
        assert planned.conclusion == "success", planned.log
        return self.apply(self.merge(pull))

    def dispatch(self, digest: str, target: str = "live", *, clear_quarantine: bool = False) -> RunResult:
        """The apply workflow as somebody starts it by hand."""
        inputs = {"target": target, "digest": digest, "clear-quarantine": clear_quarantine}
        event = Event(
            name="workflow_dispatch", payload={"inputs": inputs, "repository": self._repository(), "sender": {"login": "bob"}},
            sha=self.git("rev-parse", "main"), ref="refs/heads/main", inputs=inputs,
        )  # fmt: skip
        return self.runner.run("apply.yml", event)

    def schedule(self, workflow: str) -> RunResult:
        """A workflow of the schedule."""
        event = Event(
            name="schedule", payload={"schedule": "23 */6 * * *", "repository": self._repository()},
            sha=self.git("rev-parse", "main"), ref="refs/heads/main",
        )  # fmt: skip
        return self.runner.run(workflow, event)

    def apply_by_hand(self) -> None:
        """Somebody applies main from a terminal."""
        result = shared_tool().run(self.repository, ("apply", "--yes"), {"LIVE_TOKEN": TOKEN})
        assert result.code == 0, str(result)
        shutil.rmtree(self.repository / ".reconcile")

    def people(self) -> dict[str, dict[str, Any]]:
        """The live users by userName."""
        rows = self.endpoint.get("/Users", params={"count": "100"}).raise_for_status().json()["Resources"]
        return {row["userName"]: row for row in rows}

    def change(self, name: str, **attributes: Any) -> None:
        """Somebody changes an account by hand."""
        operations = [{"op": "replace", "path": path, "value": value} for path, value in attributes.items()]
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations}
        self.endpoint.patch(f"/Users/{self.people()[name]['id']}", json=body).raise_for_status()

    def _repository(self) -> dict[str, object]:
        return {"full_name": REPOSITORY, "private": self.hub.is_private}

    def register(
        self, workflow: str, result: RunResult, commit: str, event: str, owner: str = REPOSITORY
    ) -> None:
        """Lets the API know of a run that has ended."""
        self.hub.runs.append({
            "id": result.number, "path": f".github/workflows/{workflow}", "head_sha": commit, "event": event,
            "conclusion": result.conclusion, "head_repository": {"full_name": owner}, "head_branch": "main",
        })  # fmt: skip


def add(*names: str) -> Edit:
    """An edit that hires people."""
    rows = [
        f"  {name}: {{userPrincipalName: {name}@example.com, displayName: {name.title()}}}\n"
        for name in names
    ]
    return lambda world: world.replace(USERS_FILE, "users:\n", "users:\n" + "".join(rows))


def retitle(old: str, new: str) -> Edit:
    """An edit of somebody's title."""
    return lambda world: world.replace(USERS_FILE, f"jobTitle: {old}", f"jobTitle: {new}")


def edits(*several: Edit) -> Edit:
    """All of them in one."""

    def edit(world: World) -> None:
        for each in several:
            each(world)

    return edit


def digest_in(text: str) -> str:
    """The one digest that people are told to dispatch with."""
    (digest,) = set(re.findall(r"digest `(sha256:[0-9a-f]{64})`", text))
    return str(digest)


@contextmanager
def open_world(base: Path) -> Iterator[World]:
    """A repository with the shipped workflows and a small company, not applied yet, and its empty endpoint."""
    with ExitStack() as stack:
        endpoint = stack.enter_context(running(None, TOKEN))
        hub, api = stack.enter_context(open_hub())
        interpreter = stack.enter_context(warm_interpreter(shared_tool(), base))
        client = stack.enter_context(
            httpx.Client(base_url=endpoint.url, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False)
        )
        secrets = {"SCIM_TOKEN": TOKEN, "RECONCILE_MANIFEST_KEY": KEY}
        repository = base / "repository"
        repository.mkdir()
        runner = Runner(
            hub=hub, api=api, base=base, check_out=lambda sha, there: check_out(repository, sha, there),
            secrets=dict.fromkeys(("scim-live-plan", "scim-live", "scim-live-review"), secrets), variables={},
            environ={"RECONCILE_PYTHON": interpreter},
        )  # fmt: skip
        world = World(repository=repository, hub=hub, runner=runner, endpoint=client, url=endpoint.url)
        _found(world)
        yield world


def _found(world: World) -> None:
    """The first commit of main."""
    world.git("init", "--quiet", "--initial-branch=main")
    world.commit("Nothing yet")
    shutil.copytree(ROOT / ".github" / "workflows", world.repository / ".github" / "workflows")
    shutil.copy(ROOT / "action.yml", world.repository)
    for kind, text in (("users", USERS), ("groups", GROUPS), ("mappings", MAPPINGS), ("targets", TARGETS)):
        world.write(f"desired_state/{kind}.yaml", text.replace("URL", world.url))
    world.commit("Begin")


def check_out(repository: Path, sha: str, there: Path) -> None:
    """A checkout of a commit, with all of the history."""
    subprocess.run(["git", "clone", "--quiet", "--no-checkout", str(repository), str(there)], check=True)
    subprocess.run(["git", "-C", str(there), "fetch", "--quiet", "origin", sha], check=True)
    subprocess.run(["git", "-C", str(there), "checkout", "--quiet", sha], check=True)

"""A runner of workflows: needs, matrix, permissions, environments, outputs, steps and composite actions, as GitHub has them.

What the shipped workflows use works; anything else fails loudly, so that no test passes because of what is left out.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.github.expressions import as_text, fill, holds
from tests.github.fake_github import REPOSITORY, Hub

Row = dict[str, Any]
SUMMARY = 1024 * 1024
JOB_KEYS = {
    "name", "needs", "if", "runs-on", "timeout-minutes", "permissions", "outputs", "strategy", "environment", "steps",
    "concurrency",
}  # fmt: skip
STEP_KEYS = {"name", "id", "if", "uses", "with", "env", "run", "shell"}
MARKETPLACE = re.compile(r"([\w.-]+/[\w.-]+)@[0-9a-f]{40}")


class _Loader(yaml.SafeLoader):
    """`on` is a word here, not a boolean."""


_Loader.yaml_implicit_resolvers = {
    letter: [row for row in rows if row[0] != "tag:yaml.org,2002:bool"]
    for letter, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), list("tf"))


def read_yaml(path: Path) -> Any:
    """A workflow or action as GitHub reads it."""
    return yaml.load(path.read_text(), _Loader)


@dataclass(slots=True)
class JobResult:
    """How a job ended."""

    result: str  # success, failure, skipped
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""
    summary: str = ""
    env: dict[str, str] = field(default_factory=dict)

    def as_need(self) -> Row:
        """As `needs.<job>` gives it."""
        return {"result": self.result, "outputs": self.outputs}


@dataclass(slots=True)
class RunResult:
    """How a run ended: its jobs by id (a matrix job as `id (value)`), and each id's whole."""

    number: int
    jobs: dict[str, JobResult]
    wholes: dict[str, JobResult]

    @property
    def conclusion(self) -> str:
        """The run's."""
        return "failure" if any(job.result == "failure" for job in self.wholes.values()) else "success"

    @property
    def log(self) -> str:
        """Everything that was printed."""
        return "\n".join(f"== {name}: {job.result}\n{job.log}" for name, job in self.jobs.items())

    def results(self) -> dict[str, str]:
        """The result of each job."""
        return {name: job.result for name, job in self.wholes.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What starts a run."""

    name: str
    payload: Row
    sha: str
    ref: str
    is_trusted: bool = True  # no fork's, not Dependabot's
    inputs: Row = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Runner:
    """Runs workflows of the checkout that `check_out(sha, folder)` makes."""

    hub: Hub
    api: str
    base: Path
    check_out: Callable[[str, Path], None]
    secrets: Mapping[str, Mapping[str, str]]  # by environment
    variables: Mapping[str, str]
    environ: Mapping[str, str]
    actions: Mapping[str, Path] = field(default_factory=dict)  # OWNER/NAME of an action that is no shim here
    last: int = 100
    before_step: Callable[[str, Row], None] | None = None
    interrupts: Mapping[str, Callable[[], bool]] = field(
        default_factory=dict
    )  # by job: when its script gets SIGINT

    def run(
        self, workflow: str, event: Event, number: int | None = None, before: RunResult | None = None
    ) -> RunResult:
        """Runs a workflow as it stands at the event's commit. `number`: an old run that is started again.

        `before`: how that one ended, if only its failed jobs are started again: what succeeded above them stays as it was.
        """
        self.last += number is None
        run = number or self.last
        sources = self.base / f"sources-{run}"
        shutil.rmtree(sources, ignore_errors=True)
        self.check_out(event.sha, sources)
        document = read_yaml(sources / ".github" / "workflows" / workflow)
        assert event.name in document["on"], f"{workflow} is not started by {event.name}"
        return _Run(self, document, event, run, sources).whole(before)


class _Run:
    def __init__(self, runner: Runner, document: Row, event: Event, number: int, sources: Path) -> None:
        self.runner, self.document, self.event, self.number, self.sources = (
            runner,
            document,
            event,
            number,
            sources,
        )
        self.artifacts = runner.base / "artifacts" / str(number)
        self.artifacts.mkdir(parents=True, exist_ok=True)
        self.github: Row = {
            "event_name": event.name, "event": event.payload, "sha": event.sha, "ref": event.ref, "repository": REPOSITORY,
            "run_id": str(number), "workflow": document.get("name", ""), "actor": event.payload.get("sender", {}).get("login", "alice"),
            "server_url": "https://github.com", "ref_name": event.ref.rpartition("/")[2],
        }  # fmt: skip

    def whole(self, before: RunResult | None) -> RunResult:
        jobs: dict[str, JobResult] = {}
        done: dict[str, JobResult] = {}
        waiting = dict(self.document["jobs"])
        if before is not None:
            again = {name for name, job in before.wholes.items() if job.result == "failure"}
            again |= {name for name, job in waiting.items() if again & set(_needs(job))}
            done = {name: job for name, job in before.wholes.items() if name not in again}
            waiting = {name: job for name, job in waiting.items() if name in again}
        while waiting:
            name = next(name for name, job in waiting.items() if all(need in done for need in _needs(job)))
            job = waiting.pop(name)
            assert set(job) <= JOB_KEYS, f"{name}: {set(job) - JOB_KEYS} is not known here"
            for each, result in self._job(name, job, done):
                jobs[each] = result
                whole = done.setdefault(name, JobResult("success"))
                whole.result = "failure" if "failure" in (whole.result, result.result) else result.result
                whole.outputs = result.outputs
        return RunResult(self.number, jobs, done)

    def _job(self, name: str, job: Row, done: dict[str, JobResult]) -> list[tuple[str, JobResult]]:
        needs = _needs(job)
        status = self._status(needs, done)
        context: Row = {
            "github": dict(self.github), "needs": {need: done[need].as_need() for need in needs}, "inputs": self.event.inputs,
            "vars": dict(self.runner.variables), "secrets": {}, "env": {},
        }  # fmt: skip
        if not holds(job.get("if"), context, status):
            return [(name, JobResult("skipped"))]
        if "strategy" not in job:
            return [(name, self._one(name, job, context))]
        matrix = fill(job["strategy"]["matrix"], context)
        ((key, values),) = matrix.items()
        assert values, f"{name}: the matrix is empty, and GitHub fails such a run"
        return [
            (f"{name} ({value})", self._one(name, job, {**context, "matrix": {key: value}}))
            for value in values
        ]

    def _status(self, needs: list[str], done: dict[str, JobResult]) -> str:
        above: set[str] = set()
        stack = list(needs)
        while stack:
            above.add(need := stack.pop())
            stack += _needs(self.document["jobs"][need])
        if any(done[need].result == "failure" for need in above):
            return "failure"
        return "skipped" if any(done[need].result == "skipped" for need in needs) else "success"

    def _one(self, name: str, job: Row, context: Row) -> JobResult:
        runner, folder = self.runner, self.runner.base / f"job-{self.number}-{name}-{self.runner.hub.next()}"
        workspace, temp = folder / "work", folder / "temp"
        for path in (workspace, temp):
            path.mkdir(parents=True)
        permissions = job.get("permissions", self.document.get("permissions"))
        assert isinstance(permissions, dict), f"{name}: without `permissions:` it has all of them"
        scopes = (
            frozenset(f"{what}:{level}" for what, level in permissions.items())
            if self.event.is_trusted
            else frozenset()
        )
        token = runner.hub.token_for(scopes)
        environment = fill(job.get("environment"), context)
        secrets = (
            dict(runner.secrets.get(environment["name"], {})) if environment and self.event.is_trusted else {}
        )
        context = {**context, "secrets": {**secrets, "GITHUB_TOKEN": token}}
        context["github"]["token"] = token
        event = temp / "event.json"
        event.write_text(json.dumps(self.event.payload))
        environ = {
            **os.environ, **runner.environ, "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_API_URL": runner.api,
            "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_SHA": self.event.sha,
            "GITHUB_REF": self.event.ref, "GITHUB_EVENT_NAME": self.event.name, "GITHUB_EVENT_PATH": str(event),
            "GITHUB_RUN_ID": str(self.number), "GITHUB_RUN_ATTEMPT": "1", "GITHUB_WORKSPACE": str(workspace),
            "RUNNER_TEMP": str(temp), "HOME": str(temp),
        }  # fmt: skip
        steps = _Steps(self, name, workspace, temp, environ, set(secrets.values()))
        result = steps.run(job["steps"], {**context, "runner": {"temp": str(temp), "os": "Linux"}})
        outputs = {
            key: as_text(fill(text, {**context, "steps": steps.known}))
            for key, text in job.get("outputs", {}).items()
        }
        for key, text in outputs.items():  # the runner drops what may hold a secret
            if any(secret and secret in text for secret in secrets.values()):
                outputs[key] = ""
        return JobResult(result, outputs, steps.log, steps.summary, steps.seen)


class _Steps:
    """The steps of a job, or of an action inside of one."""

    def __init__(
        self, run: _Run, job: str, workspace: Path, temp: Path, environ: dict[str, str], secrets: set[str]
    ) -> None:
        self.of, self.job, self.workspace, self.temp, self.environ, self.secrets = (
            run,
            job,
            workspace,
            temp,
            environ,
            secrets,
        )
        self.known: dict[str, Row] = {}
        self.log = self.summary = ""
        self.seen: dict[str, str] = {}

    def run(self, steps: list[Row], context: Row) -> str:
        status = "success"
        for step in steps:
            assert set(step) <= STEP_KEYS, f"{set(step) - STEP_KEYS} is not known here"
            context = {**context, "steps": self.known, "env": self.environ}
            if not holds(step.get("if"), context, status):
                continue
            outputs, code = self._step(step, context)
            if "id" in step:
                self.known[step["id"]] = {
                    "outputs": outputs,
                    "outcome": "success" if code == 0 else "failure",
                }
            if code != 0:
                status = "failure"
                self.log += f"##[error]Process completed with exit code {code}.\n"
        return status

    def _step(self, step: Row, context: Row) -> tuple[dict[str, str], int]:
        if self.of.runner.before_step is not None:
            self.of.runner.before_step(self.job, step)
        given = {key: as_text(value) for key, value in fill(step.get("with", {}), context).items()}
        if "run" in step:
            assert "${{" not in step["run"], "an expression inside of a script is text that bash reads"
            return self._script(
                step["run"],
                {key: as_text(value) for key, value in fill(step.get("env", {}), context).items()},
            )
        uses = step["uses"]
        if uses.startswith("./"):
            return self._action(self.workspace / uses[2:], given, context)
        found = MARKETPLACE.fullmatch(uses)
        assert found, f"{uses} is not pinned to a commit"
        if found[1] in self.of.runner.actions:
            return self._action(self.of.runner.actions[found[1]], given, context)
        return {}, SHIMS[found[1]](self, given)

    def _action(self, folder: Path, given: dict[str, str], context: Row) -> tuple[dict[str, str], int]:
        action = read_yaml(folder / "action.yml")
        known = action.get("inputs", {})
        assert set(given) <= set(known), f"{set(given) - set(known)} is no input"
        inputs = {name: given.get(name, as_text(row.get("default", ""))) for name, row in known.items()}
        environ = {**self.environ, "GITHUB_ACTION_PATH": str(folder)}
        inner = _Steps(self.of, self.job, self.workspace, self.temp, environ, self.secrets)
        result = inner.run(action["runs"]["steps"], {**context, "inputs": inputs, "secrets": {}})
        self.log += inner.log
        self.summary += inner.summary
        self.seen |= inner.seen
        outputs = {
            name: as_text(fill(row["value"], {**context, "steps": inner.known}))
            for name, row in action.get("outputs", {}).items()
        }
        return outputs, int(result != "success")

    def _script(self, text: str, environ: dict[str, str]) -> tuple[dict[str, str], int]:
        number = self.of.runner.hub.next()
        files = {
            name: self.temp / f"{name}-{number}"
            for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV")
        }
        for path in files.values():
            path.touch()
        script = self.temp / f"step-{number}.sh"
        script.write_text(text)
        process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)], cwd=self.workspace, text=True,
            env={**self.environ, **environ, **{name: str(path) for name, path in files.items()}},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.seen |= {name: value for name, value in environ.items() if value}
        if (is_time := self.of.runner.interrupts.get(self.job)) is not None:
            threading.Thread(target=_interrupt, args=(process, is_time), daemon=True).start()
        said, _ = process.communicate(timeout=120)
        for secret in self.secrets:  # the runner masks them
            said = said.replace(secret, "***") if secret else said
        self.log += said
        summary = files["GITHUB_STEP_SUMMARY"].read_text()
        if len(summary.encode()) > SUMMARY:
            self.log += "##[error]$GITHUB_STEP_SUMMARY upload aborted\n"
        else:
            self.summary += summary
        return read_outputs(files["GITHUB_OUTPUT"].read_text()), process.returncode


def _interrupt(process: subprocess.Popen[str], is_time: Callable[[], bool]) -> None:
    """What GitHub does to a cancelled job: it signals the shell, and nothing below it."""
    while process.poll() is None and not is_time():
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)


def read_outputs(text: str) -> dict[str, str]:
    """What a step set. Raises ValueError for a line that sets nothing."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, marked, delimiter = line.partition("<<")
        if not marked:
            raise ValueError(f"no output of ours is written so: {line!r}")
        found[name] = "\n".join(iter(lambda: next(lines), delimiter))
    return found


def _needs(job: Row) -> list[str]:
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else list(needs)


def _check_out(steps: _Steps, given: dict[str, str]) -> int:
    assert given.get("persist-credentials") == "false", "the token stays in the checkout"
    shutil.rmtree(steps.workspace)
    steps.of.runner.check_out(steps.of.event.sha, steps.workspace)
    if given.get("fetch-depth") != "0":
        shutil.rmtree(steps.workspace / ".git")  # one commit only: whoever needs more fails
    return 0


def _upload(steps: _Steps, given: dict[str, str]) -> int:
    folder, source = steps.of.artifacts / given["name"], steps.workspace / given["path"]
    if folder.exists() and given.get("overwrite") != "true":
        steps.log += "##[error]409: an artifact with this name already exists\n"
        return 1
    if not source.exists() or (source.is_dir() and not any(source.rglob("*"))):
        steps.log += "no files were found\n"
        return int(given.get("if-no-files-found") == "error")
    assert int(given["retention-days"]) <= 30
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if source.is_dir():
        shutil.copytree(source, folder, dirs_exist_ok=True)
    else:
        shutil.copy(source, folder)
    hub, run = steps.of.runner.hub, steps.of.number
    hub.artifacts = [
        row for row in hub.artifacts if (row["name"], row["workflow_run"]["id"]) != (given["name"], run)
    ]
    hub.artifacts.append(
        {
            "id": hub.next(),
            "name": given["name"],
            "expired": False,
            "workflow_run": {"id": run},
            "folder": str(folder),
        }
    )
    return 0


def _download(steps: _Steps, given: dict[str, str]) -> int:
    there = steps.workspace / given.get("path", ".")
    names = sorted(path.name for path in steps.of.artifacts.iterdir())
    if "name" in given:
        if given["name"] not in names:
            steps.log += f"##[error]Artifact not found: {given['name']}\n"
            return 1
        shutil.copytree(steps.of.artifacts / given["name"], there, dirs_exist_ok=True)
        return 0
    for name in fnmatch.filter(names, given["pattern"]):
        shutil.copytree(steps.of.artifacts / name, there / name, dirs_exist_ok=True)
    return 0


SHIMS: dict[str, Callable[[_Steps, dict[str, str]], int]] = {
    "actions/checkout": _check_out,
    "actions/upload-artifact": _upload,
    "actions/download-artifact": _download,
}

"""Reviewed: the manifests of what was merged, found by the reviewed commit from a trusted run (research: actions 4.3)."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.edge.github.api import GitHub
from reconciler.edge.github.job import Job
from reconciler.model.errors import ReconcilerError
from reconciler.pipeline.ci.parts import LARGEST, are_targets, save_manifest
from reconciler.stages.find_review import (
    APPLY,
    PLAN,
    NoReview,
    Repository,
    check_newest,
    manifests_of,
    merged_pull,
    plan_run,
)

MOST_GROUPS = 100  # pull requests that a queue merges with one push: GitHub's limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Whose review it is: pull request, its head commit, the plan run, and the targets whose manifests were saved."""

    pull: int
    head: str
    run: int
    targets: tuple[str, ...]


def fetch_reviewed(github: GitHub, job: Job, branch: str, folder: Path) -> Found:
    """Saves the manifests of the merge of `job` below `folder`. Raises NoReview where nobody reviewed it, GitHubError."""
    repository = Repository(name=job.repository, branch=branch)
    check_no_newer(github, job, branch)
    pull = merged_pull(github.pulls_of(job.sha), branch)
    head = str(pull.get("head", {}).get("sha", ""))
    runs = [
        *github.runs(_file(PLAN), event="merge_group", head_sha=job.sha),
        *github.runs(_file(PLAN), event="pull_request", head_sha=head),
    ]
    run = plan_run(runs, job.sha, head, repository)
    documents = _save(github, run, folder)
    targets = set(documents)
    for number in range(
        1, MOST_GROUPS
    ):  # a queue may merge several pull requests with one push: each was reviewed by itself
        base = next((document.get("base") for document in documents.values()), None)
        if run.get("event") != "merge_group" or not base or base == job.base:
            break
        rows = github.runs(_file(PLAN), event="merge_group", head_sha=str(base))
        try:
            run = plan_run(rows, str(base), "", repository)
        except NoReview:
            break
        documents = _save(github, run, folder, number)
        targets |= set(documents)
    return Found(pull=pull["number"], head=head, run=run["id"], targets=tuple(sorted(targets)))


def _save(github: GitHub, run: Mapping[str, Any], folder: Path, number: int = 0) -> dict[str, Any]:
    """Saves the manifests of a run, the `number`-th before the one of the commit; gives them by target."""
    found = manifests_of(github.artifacts(run["id"]), run["id"])
    if not are_targets(found):
        raise NoReview("no-manifest", f"plan run {run['id']} has manifests of no target")
    documents = {
        target: _read(github.download(artifact), target) for target, artifact in sorted(found.items())
    }
    for target, document in documents.items():
        save_manifest(folder / target, document, number)
    return documents


def check_no_newer(github: GitHub, job: Job, branch: str) -> None:
    """Raises NoReview where an apply run newer than `job`'s has ended, GitHubError."""
    check_newest(github.runs(_file(APPLY), branch=branch, event="push"), job.run, branch)


def _file(path: str) -> str:
    return path.rpartition("/")[2]


def _read(archive: bytes, target: str) -> Any:
    """The one manifest of a zip file; whatever else is in it is left alone."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            info = files.getinfo("manifest.json")
            if info.file_size > LARGEST:
                raise ReconcilerError(f"the manifest of {target} is larger than {LARGEST:,} bytes")
            with files.open(info) as file:
                content = file.read(LARGEST + 1)
        document = json.loads(content)
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        OSError,
        RecursionError,
        NotImplementedError,
        RuntimeError,
    ):
        raise ReconcilerError(f"the artifact of {target} holds no manifest") from None
    if len(content) > LARGEST or not isinstance(document, dict):
        raise ReconcilerError(f"the artifact of {target} holds no manifest")
    return document


def last_applied(github: GitHub, branch: str) -> str | None:
    """The commit of the last apply that was wholly done; None if there was none yet."""
    runs = github.runs(_file(APPLY), branch=branch, event="push")
    done = [
        row for row in runs if row.get("conclusion") == "success" and isinstance(row.get("head_sha"), str)
    ]
    return max(done, key=lambda row: row["id"])["head_sha"] if done else None


def merged_pulls(github: GitHub, job: Job, branch: str) -> list[int]:
    """The pull requests that a push brought, the last one first: a merge queue may push several at once."""
    commits = [
        job.sha,
        *(str(row.get("id")) for row in reversed(job.event.get("commits") or []) if isinstance(row, dict)),
    ]
    found: dict[int, None] = {}
    for commit in dict.fromkeys(commits[:MOST_GROUPS]):
        with suppress(NoReview):
            found[merged_pull(github.pulls_of(commit), branch)["number"]] = None
    return list(found)

"""Job: what the runner tells a workflow's job, and the files in which the job answers (research: actions 2.1, 2.4).

Outputs hold fixed words, digests and JSON of target names only; whatever a person wrote goes into files.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.model.errors import UsageError
from reconciler.reports.workflow import output_lines

SUMMARY = 1024 * 1024 - 4096  # bytes: a larger summary is dropped, and the step stays green
OUTPUT_VALUE = re.compile(r'[A-Za-z0-9 ._:@/,{}\[\]"-]*')
BOT = "github-actions[bot]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job of a run: where it runs, for which commit and event, and how to answer."""

    api: str
    server: str
    repository: str
    token: str = field(repr=False)
    event_name: str
    event: Mapping[str, Any]
    sha: str
    ref: str
    run: int
    attempt: int
    bot: str
    output: Path | None
    summary: Path | None

    @property
    def run_url(self) -> str:
        """Where people look at this run."""
        return f"{self.server}/{self.repository}/actions/runs/{self.run}"

    @property
    def pull(self) -> int | None:
        """The number of the pull request that this run is about."""
        number = self.event.get("pull_request", {}).get("number")
        return number if isinstance(number, int) else None

    @property
    def head(self) -> str:
        """The commit that people reviewed: a pull request's head, a merge group's, or the one that was pushed."""
        found = self.event.get("pull_request", {}).get("head", {}).get("sha")
        return str(found or self.event.get("merge_group", {}).get("head_sha") or self.sha)

    @property
    def base(self) -> str | None:
        """The commit that the edit starts from; None where there was none before.

        A pull request runs on a test merge, whose first parent is the branch as it was merged with: the event's own base
        may be older.
        """
        event = self.event
        if self.pull is not None:
            return f"{self.sha}^1"
        found = event.get("merge_group", {}).get("base_sha") or event.get("before")
        return str(found) if found and set(str(found)) != {"0"} else None

    def set_outputs(self, **values: str | int) -> None:
        """Sets outputs of the step. Raises ValueError for a value that no output of ours has."""
        text = ""
        for name, value in values.items():
            if not OUTPUT_VALUE.fullmatch(str(value)):
                raise ValueError(f"the output {name} would hold more than words, digests and target names")
            text += output_lines(name, str(value), secrets.token_hex(16))
        if self.output is not None:
            with self.output.open("a", encoding="utf-8") as file:
                file.write(text)

    def add_summary(self, markdown: str) -> None:
        """Adds to what the run's page shows; the caller keeps it within SUMMARY bytes."""
        if self.summary is not None:
            with self.summary.open("a", encoding="utf-8") as file:
                file.write(markdown.rstrip() + "\n\n")


def read_job(environ: Mapping[str, str]) -> Job:
    """The job that the environment tells of. Raises UsageError outside of a workflow."""
    repository = environ.get("GITHUB_REPOSITORY", "")
    if not re.fullmatch(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+", repository):
        raise UsageError(
            "`reconcile ci` is for GitHub's workflows: GITHUB_REPOSITORY is not set; at a terminal use plan, apply and drift"
        )
    return Job(
        api=environ.get("GITHUB_API_URL", "https://api.github.com"),
        server=environ.get("GITHUB_SERVER_URL", "https://github.com"),
        repository=repository, token=environ.get("GITHUB_TOKEN", ""),
        event_name=environ.get("GITHUB_EVENT_NAME", ""), event=_event(environ.get("GITHUB_EVENT_PATH", "")),
        sha=environ.get("GITHUB_SHA", ""), ref=environ.get("GITHUB_REF", ""),
        run=_number(environ.get("GITHUB_RUN_ID")), attempt=_number(environ.get("GITHUB_RUN_ATTEMPT")),
        bot=environ.get("RECONCILE_BOT") or BOT,
        output=_file(environ, "GITHUB_OUTPUT"), summary=_file(environ, "GITHUB_STEP_SUMMARY"),
    )  # fmt: skip


def _event(path: str) -> Mapping[str, Any]:
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError, RecursionError):
        raise UsageError("GITHUB_EVENT_PATH names no readable event") from None
    return found if isinstance(found, dict) else {}


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0


def _file(environ: Mapping[str, str], name: str) -> Path | None:
    path = environ.get(name)
    return Path(os.fspath(path)) if path else None

"""Issue: the one drift issue of a repository, opened, updated and closed by what was found (research: actions 4.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler.edge.github.api import GitHub, GitHubError
from reconciler.model.part import Part
from reconciler.reports.drift_issue import TITLE, Found, compose_issue
from reconciler.stages.keep_issue import LABEL, SICK, Issue, Memory, Step, next_steps, read_issues, remember

GONE = 410


def keep_issue(
    github: GitHub,
    parts: Sequence[Part],
    targets: Sequence[str],
    bot: str,
    *,
    run_url: str,
    as_of: str,
    all_known: bool,
) -> list[str]:
    """Does what has to be done with the issue; says each step in a word. Raises GitHubError."""
    if not parts and not targets:  # nothing was looked at
        return []
    issue, extra = read_issues(_rows(github), bot)
    before = issue.memory if issue else Memory()
    memory = remember(before, parts, targets, all_known=all_known)
    found = Found(
        differs=sorted(memory.differs), failed=memory.failed, quarantined=memory.quarantined, run_url=run_url,
        as_of=as_of, sick=SICK,
    )  # fmt: skip
    body = compose_issue(memory.mark(), parts, found)
    steps = next_steps(issue, extra, memory)
    for step in steps:
        _do(github, step, body, issue)
    return [step.do for step in steps]


def recall(github: GitHub, bot: str) -> Memory:
    """What the issue remembers: quarantines above all, since no file outlives a job."""
    issue, _ = read_issues(_rows(github), bot)
    return issue.memory if issue else Memory()


def _rows(github: GitHub) -> list[dict[str, Any]]:
    """The issues of our label. Where issues are switched off there are none, and the first that is needed fails the job."""
    try:
        return list(github.issues(LABEL))
    except GitHubError as error:
        if error.status != GONE:
            raise
        return []


def _do(github: GitHub, step: Step, body: str, issue: Issue | None) -> None:
    number = step.number if step.number is not None else (issue.number if issue else 0)
    match step.do:
        case "create":
            github.create_issue(TITLE, body, LABEL)
        case "edit":
            github.update_issue(number, {"body": body})
        case "comment":
            github.create_comment(number, step.text)
        case "reopen":
            github.update_issue(number, {"state": "open", "state_reason": "reopened", "body": body})
        case "close":
            github.update_issue(number, {"state": "closed", "state_reason": "completed", "body": body})
        case "close-duplicate":
            github.update_issue(number, {"state": "closed", "state_reason": "not_planned"})

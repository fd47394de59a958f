"""Comments: the one comment of a pull request, kept up to date in place; a new one only where people must hear of it."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.edge.github.api import GitHub, GitHubError
from reconciler.edge.github.job import Job
from reconciler.model.part import Part
from reconciler.reports.comment import MARK, compose_status, with_status
from reconciler.stages.authorship import is_written_by


def keep_comment(github: GitHub, number: int, body: str, bot: str) -> str:
    """Writes our comment of that pull request, or a new one where there is none; says which of both it was."""
    found = find_comment(github, number, bot)
    if found is not None:
        github.update_comment(found[0], body)
        return "updated"
    try:
        github.create_comment(number, body)
    except GitHubError:
        found = find_comment(github, number, bot)  # its answer may have been lost
        if found is None:
            raise
        github.update_comment(found[0], body)
    return "created"


def find_comment(github: GitHub, number: int, bot: str) -> tuple[int, str] | None:
    """Id and body of our comment: its mark first, and written by us; anybody may copy the mark."""
    for comment in github.comments(number):
        if is_written_by(comment, bot, MARK) and isinstance(comment.get("id"), int):
            return comment["id"], comment["body"]
    return None


def report(github: GitHub, number: int, parts: Sequence[Part], expect: Sequence[str], job: Job) -> str:
    """Says in the pull request what became of its merge: in our comment, and in a new one if not all is done.

    Gives what was written in a word.
    """
    known = {part.target for part in parts}
    missing = [name for name in expect if name not in known]
    status = compose_status(parts, missing, job.run_url)
    is_well = not missing and bool(parts) and all(part.result in ("applied", "noop") for part in parts)
    found = find_comment(github, number, job.bot)
    if found is not None:
        github.update_comment(found[0], with_status(found[1], status))
    if not is_well:
        github.create_comment(number, status)
        return "not everything was applied, which a new comment says"
    return "applied, which the comment says" if found else "applied"

"""Find a review: which run's manifests say what was reviewed of a commit on the main branch (research: actions 4.3).

An artifact is untrusted until its run is known: this repository's own plan workflow, a green run, for exactly the commit
that people saw. What cannot be found is said, and nothing is applied without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from reconciler.model.errors import ReconcilerError

Row = Mapping[str, Any]
Why = Literal["no-merged-pull-request", "no-plan-run", "superseded", "no-manifest"]
PLAN, APPLY = ".github/workflows/plan.yml", ".github/workflows/apply.yml"
OVER = ("success", "failure", "cancelled", "timed_out")  # what may have written


class NoReview(ReconcilerError):
    """Nobody reviewed what this run would apply, or a newer run has applied since; nothing was written."""

    exit_code = 4

    def __init__(self, why: Why, text: str) -> None:
        super().__init__(text)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """Whose runs count: the repository's full name, and its main branch."""

    name: str
    branch: str


def merged_pull(pulls: Iterable[Row], branch: str) -> Row:
    """The pull request that brought a commit to `branch`. Raises NoReview if none did."""
    merged = [
        pull for pull in pulls
        if pull.get("merged_at") and _at(pull, "base", "ref") == branch and isinstance(pull.get("number"), int)
    ]  # fmt: skip
    if not merged:
        raise NoReview(
            "no-merged-pull-request",
            f"this commit came to {branch} without a pull request, so nobody reviewed a plan of it; "
            "open the drift issue or run `reconcile plan`, and dispatch the apply workflow with that plan's digest",
        )
    return max(merged, key=lambda pull: str(pull["merged_at"]))


def check_newest(runs: Iterable[Row], run: int, branch: str) -> None:
    """Raises NoReview where a newer apply is over: what it applied must not be undone by a run that is started again.

    One that is still waiting does not count, or runs would wait for each other for ever.
    """
    for row in runs:
        is_over = row.get("conclusion") in OVER and _file(row) == APPLY
        if is_over and _number(row) > run and row.get("head_branch", branch) == branch:
            raise NoReview(
                "superseded",
                f"apply run {_number(row)} is newer and has ended; what is left of this one shows up as drift",
            )


def plan_run(runs: Iterable[Row], commit: str, head: str, repository: Repository) -> Row:
    """The newest green plan run of what was merged: the merge group's for exactly `commit`, else the pull request's for `head`.

    Raises NoReview if there is none.
    """
    trusted = [
        row for row in runs
        if _file(row) == PLAN
        and row.get("conclusion") == "success"
        and _at(row, "head_repository", "full_name") == repository.name
    ]  # fmt: skip
    for event, sha in (("merge_group", commit), ("pull_request", head)):
        found = [row for row in trusted if row.get("event") == event and row.get("head_sha") == sha]
        if found:
            return max(found, key=_number)
    raise NoReview(
        "no-plan-run",
        f"no green run of {PLAN} of this repository is known for {head[:12]}; nobody saw a plan of it",
    )


def manifests_of(artifacts: Iterable[Row], run: int) -> dict[str, int]:
    """The ids of a run's manifest artifacts by target. Raises NoReview where they have expired or there are none."""
    rows = [row for row in artifacts if str(row.get("name", "")).startswith(MANIFEST)]
    found = {
        str(row["name"]).removeprefix(MANIFEST): _number(row)
        for row in rows
        if not row.get("expired") and _at(row, "workflow_run", "id") in (run, None)
    }
    if rows and not found:
        raise NoReview("no-manifest", f"the manifests of plan run {run} have expired; plan again")
    return found


MANIFEST = "reconcile-manifest-"


def _file(row: Row) -> str:
    """The workflow's file; the REST API's documents show it with `@<ref>` behind it, too."""
    return str(row.get("path", "")).partition("@")[0]


def _number(row: Row) -> int:
    number = row.get("id")
    return number if isinstance(number, int) else 0


def _at(row: Row, *names: str) -> object:
    found: object = row
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found

"""Whose manifests count for a commit: a trusted run's, for exactly what people saw (research: actions 4.3)."""

from __future__ import annotations

from typing import Any

import pytest

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

OURS = Repository(name="o/r", branch="main")


def run(number: int = 1, **told: Any) -> dict[str, Any]:
    """A green plan run of a pull request."""
    return {
        "id": number, "path": PLAN, "conclusion": "success", "event": "pull_request", "head_sha": "head",
        "head_repository": {"full_name": "o/r"}, **told,
    }  # fmt: skip


def pull(**told: Any) -> dict[str, Any]:
    """A pull request that was merged."""
    return {
        "number": 7,
        "merged_at": "2026-11-23T14:40:00Z",
        "base": {"ref": "main"},
        "head": {"sha": "head"},
        **told,
    }


def test_the_newest_green_run_of_the_head_counts() -> None:
    assert plan_run([run(1), run(3), run(2)], "commit", "head", OURS)["id"] == 3


def test_a_merge_groups_run_is_preferred_since_it_saw_exactly_the_commit() -> None:
    rows = [run(5), run(4, event="merge_group", head_sha="commit")]

    assert plan_run(rows, "commit", "head", OURS)["id"] == 4


@pytest.mark.parametrize(
    "told",
    [
        {"head_repository": {"full_name": "mallory/r"}},
        {"head_repository": None},
        {"conclusion": "failure"},
        {"conclusion": None},
        {"path": ".github/workflows/mine.yml"},
        {"event": "workflow_dispatch"},
        {"event": "push"},
        {"head_sha": "another"},
        {"event": "merge_group", "head_sha": "head"},
    ],
    ids=str,
)
def test_no_other_run_counts(told: dict[str, Any]) -> None:
    with pytest.raises(NoReview) as caught:
        plan_run([run(**told)], "commit", "head", OURS)

    assert caught.value.why == "no-plan-run"
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(
    "told", [{"merged_at": None}, {"base": {"ref": "release"}}, {"base": None}, {"number": None}], ids=str
)
def test_only_a_pull_request_that_was_merged_into_the_branch_counts(told: dict[str, Any]) -> None:
    with pytest.raises(NoReview) as caught:
        merged_pull([pull(**told)], "main")

    assert caught.value.why == "no-merged-pull-request"


def test_of_several_pull_requests_the_last_merged_counts() -> None:
    rows = [pull(number=8, merged_at="2026-11-24T00:00:00Z"), pull()]

    assert merged_pull(rows, "main")["number"] == 8


@pytest.mark.parametrize("conclusion", ["success", "failure", "cancelled", "timed_out"])
def test_a_run_that_is_started_again_after_a_newer_one_ended_is_superseded(conclusion: str) -> None:
    with pytest.raises(NoReview) as caught:
        check_newest([run(9, path=APPLY, conclusion=conclusion)], 8, "main")

    assert caught.value.why == "superseded"


def test_a_file_is_known_with_its_ref_behind_it() -> None:
    assert plan_run([run(path=f"{PLAN}@refs/pull/7/merge")], "commit", "head", OURS)["id"] == 1
    with pytest.raises(NoReview):
        check_newest([run(9, path=f"{APPLY}@main")], 8, "main")


@pytest.mark.parametrize(
    "row",
    [
        run(9, path=APPLY, conclusion=None),
        run(9, path=APPLY, conclusion="skipped"),
        run(7, path=APPLY),
        run(9, path=PLAN),
        run(9, path=APPLY, head_branch="release"),
    ],
    ids=["waiting", "skipped", "older", "no apply", "another branch"],
)
def test_nothing_else_supersedes_a_run(row: dict[str, Any]) -> None:
    check_newest([row], 8, "main")


def artifact(name: str, number: int, **told: Any) -> dict[str, Any]:
    """An artifact of run 1."""
    return {"name": name, "id": number, "expired": False, "workflow_run": {"id": 1}, **told}


def test_manifests_are_found_by_target() -> None:
    rows = [
        artifact("reconcile-manifest-envoy", 4),
        artifact("reconcile-part-envoy", 5),
        artifact("reconcile-manifest-old", 6, expired=True),
        artifact("reconcile-manifest-foreign", 7, workflow_run={"id": 2}),
    ]

    assert manifests_of(rows, 1) == {"envoy": 4}


def test_a_plan_without_manifests_is_of_no_target() -> None:
    assert manifests_of([artifact("reconcile-part-envoy", 5)], 1) == {}


def test_expired_manifests_are_said() -> None:
    with pytest.raises(NoReview) as caught:
        manifests_of([artifact("reconcile-manifest-envoy", 4, expired=True)], 1)

    assert caught.value.why == "no-manifest"

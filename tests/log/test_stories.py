"""What a plan withholds is in the log, with the code of a provisioning log: the scenarios' stories, applied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.log.test_records import faults
from tests.log.troubled import Troubled
from tests.properties.bench import Repository, Strict, strict_endpoint
from tests.scenarios.stories import hold_story

REFERENCE = "UnableToResolveReferenceAttributeValue"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Strict]:
    with strict_endpoint() as strict:
        yield strict


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("ambiguous_match", {("bob", "skipped", "DuplicateTargetEntries")}),
        ("one_account_two_claims", {("ada", "skipped", "DuplicateSourceEntries"), ("bob", "skipped", "DuplicateSourceEntries")}),
        ("identity_conflict", {("bob", "skipped", "EntryConflict")}),
        ("name_still_taken", {("bob", "skipped", "EntryConflict")}),
        ("rename_cycle", {("ada", "skipped", "EntryConflict"), ("bob", "skipped", "EntryConflict")}),
        ("protected", {("bg-1", "skipped", "EntrySynchronizationSkipped"), ("admins", "skipped", "EntrySynchronizationSkipped")}),
        ("not_adopted_leaver", {("bob", "skipped", "EntrySynchronizationSkipped")}),
        ("adopt_never", {("bob", "skipped", "EntrySynchronizationSkipped")}),
        ("manager_not_there_yet", {("ada", "warning", REFERENCE)}),
        ("future_hire", {("sales", "warning", REFERENCE)}),
        ("withheld_by_learnt", {("bob", "warning", "NotKept"), ("grace", "warning", "NotKept")}),
        ("vanished_over_budget", {(f"p{n}", "skipped", "StagedDelete") for n in range(1, 7)}),
        ("nobody_entitled", {("bob", "skipped", "StagedDelete"), ("grace", "skipped", "StagedDelete")}),
        ("group_loses_most_members", {("ops", "skipped", "StagedAction")}),
        ("clears_over_budget", {(f"p{n}", "skipped", "StagedAction") for n in range(1, 4)}),
    ],
)  # fmt: skip
def test_what_a_plan_withholds_is_in_the_log(
    story: str, expected: set[tuple[str, str, str]], endpoint: Strict, tmp_path: Path
) -> None:
    repository = Repository(base=tmp_path, url=endpoint.url)
    hold_story(story, repository, endpoint)
    repository.run("apply", "--yes")
    repository.run("apply", "--yes")

    outcomes = repository.outcomes()
    withheld = [r for r in outcomes if r["statusInfo"]["status"] in ("skipped", "warning")]
    told = {
        (r["sourceIdentity"]["id"], r["statusInfo"]["status"], r["statusInfo"]["errorCode"]) for r in withheld
    }
    assert told == expected
    assert faults(outcomes) == []
    assert all(record["statusInfo"]["recommendedAction"] for record in withheld)


def test_what_a_run_has_to_say_that_writes_nothing_is_said_once(company: Troubled) -> None:
    company.apply()
    company.target += "    protected: {users: ['bob*']}\n"
    company.people["bob"]["jobTitle"] = "Clerk"
    for _ in range(3):
        assert company.apply().code == 0
    assert len(company.runs()) == 2
    company.people["bob"]["accountEnabled"] = False
    company.apply()

    assert len(company.runs()) == 3
    assert company.of("bob")["statusInfo"]["status"] == "skipped"


def test_a_run_that_has_nothing_to_do_and_nothing_to_say_leaves_no_log(company: Troubled) -> None:
    company.apply()
    company.apply()

    assert len(company.runs()) == 1

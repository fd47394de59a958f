"""Apply on merge: what was reviewed or less, never more, and the way out where that is refused (research: actions 4.3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.github.world import USERS_FILE, World, add, digest_in, edits, retitle


def test_an_account_that_changed_since_the_review_is_refused_and_the_way_out_works(applied: World) -> None:
    world = applied
    pull = world.open_pull(retitle("Salesman", "Manager"))
    world.plan(pull)
    world.change("bob@example.com", title="Head of Nothing")

    refused = world.apply(world.merge(pull))

    assert refused.results()["apply"] == "failure"
    assert "(reviewed otherwise)" in refused.log
    assert world.people()["bob@example.com"]["title"] == "Head of Nothing"
    told = world.hub.comments[7][-1]["body"]
    assert told.startswith("**Not everything was applied** by")
    assert world.dispatch("sha256:" + "0" * 64).conclusion == "failure"
    assert world.people()["bob@example.com"]["title"] == "Head of Nothing"

    done = world.dispatch(digest_in(told))

    assert done.conclusion == "success", done.log
    assert world.people()["bob@example.com"]["title"] == "Manager"
    assert world.hub.issue()["state"] == "closed"


def test_what_somebody_did_by_hand_is_not_done_again(applied: World) -> None:
    world = applied
    pull = world.open_pull(edits(retitle("Salesman", "Manager"), add("dan")))
    world.plan(pull)
    world.change("bob@example.com", title="Manager")

    done = world.apply(world.merge(pull))

    assert done.conclusion == "success", done.log
    assert "applied: 1 change" in done.log
    assert "dan@example.com" in world.people()


def test_what_the_merge_changes_beyond_its_review_is_refused(applied: World) -> None:
    world = applied
    pull = world.open_pull(add("dan"))
    world.plan(pull)
    world.git("checkout", "--quiet", "edit-0")
    add("eve")(world)
    pull.head = world.commit("Pushed after the plan, and merged over a red gate")
    world.git("checkout", "--quiet", "main")

    refused = world.apply(world.merge(pull))

    assert refused.results()["apply"] == "failure"
    assert "nobody saw a plan of it" in refused.log
    assert world.people().keys().isdisjoint({"dan@example.com", "eve@example.com"})


def test_two_pull_requests_back_to_back_both_apply(applied: World) -> None:
    world = applied
    one, other = world.open_pull(add("dan")), world.open_pull(retitle("Salesman", "Manager"))
    world.plan(one)
    world.plan(other)

    first, second = world.apply(world.merge(one)), world.apply(world.merge(other))

    assert (first.conclusion, second.conclusion) == ("success", "success"), second.log
    assert world.people()["bob@example.com"]["title"] == "Manager"
    assert "dan@example.com" in world.people()


def test_what_the_first_of_two_left_is_left_alone_by_the_second(applied: World) -> None:
    world = applied
    one, other = world.open_pull(add("dan")), world.open_pull(retitle("Salesman", "Manager"))
    world.plan(one)
    world.plan(other)
    world.merge(one)  # and its apply never ran

    second = world.apply(world.merge(other))

    assert second.conclusion == "success", second.log
    assert "drifted since the review and left alone" in second.log
    assert world.people()["bob@example.com"]["title"] == "Manager"
    assert "dan@example.com" not in world.people()


def test_a_run_that_is_started_again_goes_on_but_never_undoes_a_newer_one(applied: World) -> None:
    world = applied
    there = world.open_pull(retitle("Salesman", "Manager"))
    world.plan(there)
    first = world.apply(commit := world.merge(there))
    again = world.apply(commit, first.number)
    assert (first.conclusion, again.conclusion) == ("success", "success")

    world.deliver(retitle("Manager", "Salesman"))
    replayed = world.apply(commit, first.number)

    assert replayed.results() | {"report": ""} == {
        "reviewed": "failure", "apply": "skipped", "dispatch": "skipped", "report": "", "issue": "skipped",
    }  # fmt: skip
    assert "is newer and has ended" in replayed.log
    assert world.people()["bob@example.com"]["title"] == "Salesman"


@pytest.mark.parametrize("spoilt", ["fork", "failed", "expired", "none"])
def test_a_plan_that_cannot_be_trusted_is_no_review(applied: World, spoilt: str) -> None:
    world = applied
    pull = world.open_pull(add("dan"))
    world.plan(pull)
    match spoilt:
        case "fork":
            world.hub.runs[0]["head_repository"] = {"full_name": "mallory/r"}
        case "failed":
            world.hub.runs[0]["conclusion"] = "failure"
        case "expired":
            world.hub.artifacts = [{**row, "expired": True} for row in world.hub.artifacts]
        case "none":
            world.hub.runs.clear()

    refused = world.apply(world.merge(pull))

    assert refused.results()["apply"] == "failure"
    assert "nobody reviewed a plan of this" in refused.log
    assert "dan@example.com" not in world.people()


def test_a_commit_without_a_pull_request_passes_where_it_changes_nothing(applied: World) -> None:
    world = applied
    world.write("README.md", "Who has access\n")
    world.commit("Explain")

    assert world.apply().conclusion == "success"


def test_a_merge_that_changes_nothing_passes_over_drift_beyond_a_budget(applied: World) -> None:
    world = applied
    world.replace(
        "desired_state/targets.yaml",
        "    ownership",
        "    budgets: {sameAttribute: {count: 0}}\n    ownership",
    )
    world.commit("Nobody's title changes without a person's agreement")
    world.change("bob@example.com", title="Head of Nothing")
    world.write("README.md", "Who has access\n")
    world.commit("Explain")

    done = world.apply()

    assert done.conclusion == "success", done.log
    assert world.people()["bob@example.com"]["title"] == "Head of Nothing"


def test_a_public_repositorys_logs_name_nobody_either(applied: World) -> None:
    world = applied
    world.hub.is_private = False
    pull = world.open_pull(edits(retitle("Salesman", "Manager"), add("dan")))
    world.plan(pull)
    world.change("bob@example.com", title="Head of Nothing")

    refused = world.apply(world.merge(pull))

    assert refused.results()["apply"] == "failure"
    shown = refused.log + "".join(job.summary for job in refused.jobs.values())
    assert not [word for word in ("dan@", "bob@", "Head of Nothing", "Manager", "Salesman") if word in shown]
    assert "user bob" not in shown


def test_a_manifest_that_somebody_edited_is_refused(applied: World) -> None:
    world = applied
    pull = world.open_pull(add("dan"))
    world.plan(pull)
    (artifact,) = (row for row in world.hub.artifacts if row["name"] == "reconcile-manifest-live")
    manifest = Path(artifact["folder"]) / "manifest.json"
    manifest.write_text(
        manifest.read_text().replace('"budgets": [', '"budgets": [ ', 1).replace("2026", "2025", 1)
    )

    refused = world.apply(world.merge(pull))

    assert refused.results()["apply"] == "failure"
    assert "does not fit its digest" in refused.log
    assert "dan@example.com" not in world.people()


def test_a_budget_is_agreed_to_in_the_same_pull_request(applied: World) -> None:
    world = applied
    world.replace(
        "desired_state/targets.yaml", "    ownership", "    budgets: {deactivate: {count: 0}}\n    ownership"
    )
    world.commit("Nobody loses access without a person's agreement")
    leave = "bob: {accountEnabled: false, "
    pull = world.open_pull(lambda w: w.replace(USERS_FILE, "bob: {", leave))

    planned = world.plan(pull)

    assert planned.results()["gate"] == "failure"
    comment = world.hub.comment()
    assert "**blocked**" in comment
    approval = next(
        line
        for line in comment.splitlines()
        if "digest: 'sha256:" in line or '"sha256:' in line or ("sha256:" in line and "deactivate" in line)
    )
    digest = approval[approval.index("sha256:") :][:71]

    def agree(w: World) -> None:
        w.replace(USERS_FILE, "bob: {", leave)
        w.write(
            "desired_state/approvals.yaml",
            f"approvals: [{{target: live, rule: deactivate, digest: '{digest}', reason: left}}]\n",
        )

    pull = world.open_pull(agree)
    planned = world.plan(pull)
    assert planned.results()["gate"] == "success", planned.log
    done = world.apply(world.merge(pull))
    assert done.conclusion == "success", done.log
    assert world.people()["bob@example.com"]["active"] is False


@pytest.mark.parametrize("folder", ["reconcile-in", "reconcile-out"])
def test_a_manifest_that_is_part_of_the_edit_is_no_review(applied: World, folder: str) -> None:
    world = applied
    pull = world.open_pull(add("dan"))
    world.plan(pull)
    (manifest,) = world.runner.base.glob("artifacts/*/reconcile-manifest-live/manifest.json")
    world.hub.runs.clear()
    world.git("checkout", "--quiet", "edit-0")
    world.write(f"{folder}/live/manifest.json", manifest.read_text())
    pull.head = world.commit("Nobody looks at this file")
    world.git("checkout", "--quiet", "main")

    refused = world.apply(world.merge(pull))

    assert refused.results()["apply"] == "failure"
    assert "nobody reviewed a plan of this" in refused.log
    assert "dan@example.com" not in world.people()


def test_a_failed_job_that_is_started_again_alone_never_undoes_a_newer_run(applied: World) -> None:
    world = applied
    secrets = world.runner.secrets
    pull = world.open_pull(retitle("Salesman", "Manager"))
    world.plan(pull)
    world.runner.secrets = {**secrets, "scim-live": {**secrets["scim-live"], "SCIM_TOKEN": "expired"}}
    first = world.apply(commit := world.merge(pull))
    assert first.results()["apply"] == "failure"
    world.runner.secrets = secrets
    world.git("checkout", "--quiet", "main")
    world.deliver(retitle("Manager", "Salesman"))

    again = world.apply(commit, first.number, only_failed=first)

    assert again.results()["reviewed"] == "success"  # as it was: GitHub does not run it again
    assert again.results()["apply"] == "failure"
    assert "is newer and has ended" in again.log
    assert world.people()["bob@example.com"]["title"] == "Salesman"
    assert world.hub.comments[7][-1]["body"].endswith(
        "- `live`: **failed**: see the run"
    )  # not what it said the first time

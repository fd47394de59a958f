"""Review: the same or fewer atoms than were reviewed, never others (DESIGN 5)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from reconciler.model.change import Change
from reconciler.model.digest import digest, keyed_digest
from reconciler.model.errors import PlanStale
from reconciler.model.plan import Budget, Plan, TargetPlan
from reconciler.stages.review import (
    Reviewed,
    compare,
    held_by_review,
    make_manifest,
    read_manifest,
    read_saved,
)
from tests.unit.stages.words import change, deactivate, group, plan

TITLE = change("update", "ada", title=("Clerk", "Director"))
BOB = deactivate("bob")
RED = group("update", "red", add="ada", remove="bob")
THERE = {"User": frozenset({"id-ada", "id-bob"}), "Group": frozenset({"id-red"})}


def seal(value: object) -> str:
    return keyed_digest("a key", value)


def saved(*changes: Change) -> Reviewed:
    document = Plan(as_of="2026-11-25T12:00:00Z", targets=(plan(*changes),)).to_json()
    return read_saved(json.loads(json.dumps(document)))


def sealed(*changes: Change) -> Reviewed:
    document = make_manifest(Plan(as_of="2026-11-25T12:00:00Z", targets=(plan(*changes),)), "abc", seal)
    return read_manifest(json.loads(json.dumps(document)), seal)


def may(
    reviewed: Reviewed, now: TargetPlan, there: dict[str, frozenset[str]] = THERE
) -> tuple[list[str], int]:
    """The keys of what may be applied, and how many atoms drifted."""
    compared = compare(reviewed.targets["acme"], now, there, reviewed.seal)
    kept = [each.only(compared.may) for each in now.changes]
    return [each.key for each in kept if each], len(compared.drifted)


both = pytest.mark.parametrize("review", [saved, sealed], ids=["saved plan", "manifest"])


@both
def test_the_same_plan_may_be_applied_whole(review: Any) -> None:
    assert may(review(TITLE, BOB, RED), plan(TITLE, BOB, RED)) == (["ada", "bob", "red"], 0)


@both
def test_what_somebody_did_meanwhile_is_left_out(review: Any) -> None:
    assert may(review(TITLE, BOB, RED), plan(BOB)) == (["bob"], 0)


@both
def test_a_part_of_a_change_that_is_still_to_do_may_be_applied(review: Any) -> None:
    assert may(review(RED), plan(group("update", "red", remove="bob"))) == (["red"], 0)


@both
def test_a_value_that_moved_since_the_review_is_stale(review: Any) -> None:
    moved = change("update", "ada", title=("Baker", "Director"))

    with pytest.raises(PlanStale, match=r'title: "Baker" → "Director" .*reviewed'):
        may(review(TITLE), plan(moved))


@both
def test_another_value_by_an_edit_of_the_yaml_is_stale(review: Any) -> None:
    with pytest.raises(PlanStale, match="Emperor"):
        may(review(TITLE), plan(change("update", "ada", title=("Clerk", "Emperor")), desired="edited"))


@both
def test_a_new_atom_by_an_edit_of_the_yaml_is_stale(review: Any) -> None:
    with pytest.raises(PlanStale, match="not reviewed"):
        may(review(TITLE), plan(TITLE, BOB, desired="edited"))


@both
def test_a_new_atom_by_live_movement_elsewhere_is_drift_and_left_alone(review: Any) -> None:
    assert may(review(TITLE), plan(TITLE, BOB)) == (["ada"], 2)


@both
def test_another_action_on_a_reviewed_user_is_never_let_through(review: Any) -> None:
    assert may(review(BOB), plan(change("delete", "bob")))[0] == []


def test_a_reviewed_resource_that_is_gone_is_stale() -> None:
    gone = {**THERE, "User": frozenset({"id-bob"})}

    with pytest.raises(PlanStale, match="user ada: the reviewed resource id-ada is gone"):
        may(saved(TITLE, BOB), plan(BOB), gone)


def test_a_deletion_that_is_done_already_is_not_stale() -> None:
    assert may(saved(change("delete", "ada"), BOB), plan(BOB), {**THERE, "User": frozenset({"id-bob"})}) == (
        ["bob"],
        0,
    )


def test_a_resource_that_was_made_anew_under_another_id_is_stale() -> None:
    with pytest.raises(PlanStale, match="id-ada is gone"):
        may(
            saved(TITLE),
            plan(replace(TITLE, id="id-2")),
            {**THERE, "User": frozenset({"id-2"})},
        )


def document(*changes: Change) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        json.dumps(Plan(as_of="2026-11-25T12:00:00Z", targets=(plan(*changes),)).to_json())
    )
    return found


def test_a_saved_plan_with_another_value_is_refused() -> None:
    edited = document(TITLE)
    edited["targets"][0]["changes"][0]["attributes"][0]["after"] = "Emperor"

    with pytest.raises(PlanStale, match="was edited"):
        read_saved(edited)


def test_a_saved_plan_with_a_change_cut_out_is_refused() -> None:
    cut = document(TITLE, BOB)
    del cut["targets"][0]["changes"][0]

    with pytest.raises(PlanStale, match="edited or cut"):
        read_saved(cut)


@pytest.mark.parametrize(
    "found", [None, [], {}, "text", 1, {"formatVersion": 1}, {"formatVersion": 2, "targets": []}]
)
def test_what_is_no_plan_is_refused(found: object) -> None:
    with pytest.raises(PlanStale):
        read_saved(found)
    with pytest.raises(PlanStale):
        read_manifest(found, seal)


def test_a_saved_plan_whose_live_id_was_edited_is_refused() -> None:
    """Else an apply would not notice that another resource than the reviewed one carries that key."""
    edited = document(TITLE)
    edited["targets"][0]["changes"][0]["id"] = "id-bob"

    with pytest.raises(PlanStale):
        read_saved(edited)


def test_a_saved_plan_whose_broken_budget_was_edited_away_is_refused() -> None:
    """Else what exceeded a budget would count as held within it."""
    row = Budget(rule="deactivate", subject=None, planned=1, limit=0, of=1, digest="sha256:row")
    blocked = TargetPlan(name="acme", url="", desired="as reviewed", changes=(BOB,), budgets=(row,))
    edited: dict[str, Any] = json.loads(
        json.dumps(Plan(as_of="2026-11-25T12:00:00Z", targets=(blocked,)).to_json())
    )
    edited["targets"][0]["budgets"][0]["exceeded"] = False

    with pytest.raises(PlanStale):
        read_saved(edited)


def test_a_manifest_under_another_key_is_refused() -> None:
    made = make_manifest(Plan(as_of="2026-11-25T12:00:00Z", targets=(plan(TITLE),)), None, digest)

    with pytest.raises(PlanStale, match="RECONCILE_MANIFEST_KEY"):
        read_manifest(made, seal)


def test_a_manifest_with_an_atom_taken_from_elsewhere_is_refused() -> None:
    made: dict[str, Any] = make_manifest(
        Plan(as_of="2026-11-25T12:00:00Z", targets=(plan(TITLE, BOB),)), None, seal
    )
    made["targets"][0]["atoms"].pop()

    with pytest.raises(PlanStale):
        read_manifest(made, seal)


def test_a_manifest_holds_nobodys_data() -> None:
    made = json.dumps(
        make_manifest(Plan(as_of="2026-11-25T12:00:00Z", targets=(plan(TITLE, RED),)), None, seal)
    )

    assert not any(text in made for text in ("ada", "Clerk", "Director", "bob", "id-red"))


def test_what_was_reviewed_within_its_budgets_is_held_and_what_exceeded_them_is_not() -> None:
    row = Budget(rule="deactivate", subject=None, planned=1, limit=0, of=1, digest="sha256:row")
    blocked = TargetPlan(name="acme", url="", desired="as reviewed", changes=(BOB, TITLE), budgets=(row,))
    part = read_saved(
        json.loads(json.dumps(Plan(as_of="2026-11-25T12:00:00Z", targets=(blocked,)).to_json()))
    ).targets["acme"]

    held = held_by_review(part, (BOB, TITLE), frozenset())
    assert (len(held["deactivate"]), len(held["sameAttribute"])) == (0, 1)
    assert len(held_by_review(part, (BOB, TITLE), frozenset({"sha256:row"}))["deactivate"]) == 1

"""Insist: other forms are tried on a few first, and what still does not stick is told apart from an outage."""

from __future__ import annotations

import pytest

from reconciler.model.change import Change
from reconciler.model.dialect import Dialect
from reconciler.model.resource import LiveState
from reconciler.stages.insist import (
    applies,
    choose_canaries,
    find_unkept,
    insistable,
    lost_members,
    next_forms,
)
from tests.unit.stages.words import change, deactivate, group, live, outcome

PATHS = {"User": ["title", "nickName", "active"], "Group": ["displayName"]}
NOBODY = LiveState(users=(live("id-ada", None, "x", True),), groups=(live("id-red", "Red"),))


def test_canaries_hold_every_kind_of_atom_and_are_few() -> None:
    titles = [change("update", f"p{n}", title=(None, "x")) for n in range(50)]
    both = change("update", "zed", title=(None, "x"), nickName=(None, "y"))

    assert [each.key for each in choose_canaries([*titles, both])] == ["p0", "zed"]


def test_adding_and_removing_members_are_two_kinds() -> None:
    changes = [group("update", "a", add="x"), group("update", "b", remove="y"), group("update", "c", add="z")]

    assert [each.key for each in choose_canaries(changes)] == ["a", "b"]


def test_canaries_are_the_same_for_every_order() -> None:
    changes = [change("update", key, title=(None, key)) for key in "cab"]

    assert choose_canaries(changes) == choose_canaries(changes[::-1])


def test_forms_are_tried_from_the_ordinary_to_the_last_resort() -> None:
    users = [(form.form["User"], form.singly) for form in next_forms(Dialect(), "User")]
    groups = [
        (form.member_removal, form.form["Group"], form.singly) for form in next_forms(Dialect(), "Group")
    ]

    assert users == [("pathless", False), ("put", False), ("path", True)]
    assert groups == [("valueArray", "path", False), ("pathFilter", "pathless", False), ("pathFilter", "put", False), ("pathFilter", "path", True)]  # fmt: skip


def test_another_member_removal_says_nothing_new_about_a_change_without_removals() -> None:
    other = next(next_forms(Dialect(), "Group"))

    assert not applies(other, Dialect(), group("update", "red", add="ada"))
    assert applies(other, Dialect(), group("update", "red", remove="ada"))


@pytest.mark.parametrize(
    ("status", "http", "another"),
    [("success", 200, True), ("failure", 400, True), ("failure", 501, True), ("failure", 409, False), ("failure", 429, False), ("failure", 0, False)],
)  # fmt: skip
def test_another_form_is_tried_only_where_it_may_help(status: str, http: int, another: bool) -> None:
    each = change("update", "ada", title=(None, "x"))

    assert bool(insistable([each], {("User", "ada"): outcome(each, status, http)})) is another


def unkept(each: Change, status: str = "success", http: int = 200, of: LiveState = NOBODY) -> list[str]:
    found = find_unkept([each], {(each.type, each.key): [outcome(each, status, http)]}, of, PATHS)  # type: ignore[arg-type]
    return sorted(place.name for place in found.places)


def test_what_was_taken_and_dropped_is_not_kept() -> None:
    assert unkept(change("update", "ada", title=(None, "x"))) == ["title"]


@pytest.mark.parametrize(
    ("http", "kept"), [(400, ["title"]), (501, ["title"]), (500, []), (0, []), (429, [])]
)
def test_a_refusal_says_that_it_is_not_kept_and_an_outage_says_nothing(http: int, kept: list[str]) -> None:
    assert unkept(change("update", "ada", title=(None, "x")), "failure", http) == kept


def test_access_that_was_not_taken_away_is_never_withheld() -> None:
    assert unkept(deactivate("ada")) == []


def test_a_path_of_which_the_endpoint_has_nothing_of_anybody_is_withheld_generally() -> None:
    each = change("update", "ada", title=(None, "x"), nickName=("x", "y"))
    found = find_unkept([each], {("User", "ada"): [outcome(each)]}, NOBODY, PATHS)  # type: ignore[arg-type]

    assert found.generally == {("User", "title")}  # somebody has a nickName


def test_members_that_went_unasked_are_lost() -> None:
    before, after = live("id-red", members="ada bob cyd"), live("id-red", members="cyd")

    assert lost_members(group("update", "red", remove="ada"), before, after) == ("id-bob",)

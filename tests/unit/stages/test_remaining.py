"""Remaining: what of a change is still to do at a resource that was read again, as after an answer that got lost."""

from __future__ import annotations

from reconciler.model.column import Columns
from reconciler.model.resource import LiveResource
from reconciler.stages.remaining import find_remaining
from tests.unit.stages.words import MANAGER, change, columns, group, live

USERS: Columns = columns("User", "userName", "title", "active", MANAGER)
IDS = {"ada": "id-ada", "grace": "id-grace", "eve": "id-eve"}


def ada(title: str | None = None, *, active: bool = True, manager: str | None = None) -> LiveResource:
    return live("id-ada", "ada", title, active, manager, active=active)


def test_a_change_that_arrived_leaves_nothing() -> None:
    rest = find_remaining(change("update", "ada", title=("Clerk", "Director")), ada("Director"), USERS, IDS)

    assert (rest.change, rest.moved) == (None, ())


def test_a_change_that_did_not_arrive_is_all_left() -> None:
    lost = change("update", "ada", title=("Clerk", "Director"))
    rest = find_remaining(lost, ada("Clerk"), USERS, IDS)

    assert rest.change == lost
    assert rest.moved == ()


def test_a_part_that_arrived_is_not_sent_again() -> None:
    rest = find_remaining(
        change("reactivate", "ada", active=(False, True), title=("a", "b")), ada("a"), USERS, IDS
    )

    assert rest.change is not None
    assert [attribute.path for attribute in rest.change.attributes] == ["title"]


def test_a_value_that_somebody_else_wrote_meanwhile_has_moved() -> None:
    rest = find_remaining(change("update", "ada", title=("Clerk", "Director")), ada("Baker"), USERS, IDS)

    assert rest.moved == ("title",)


def test_a_manager_is_compared_by_live_id() -> None:
    wanted = change("update", "ada", manager=("eve", "grace"))

    assert find_remaining(wanted, ada(manager="id-grace"), USERS, IDS).change is None
    assert find_remaining(wanted, ada(manager="id-eve"), USERS, IDS).moved == ()
    assert find_remaining(wanted, ada(manager="id-zoe"), USERS, IDS).moved == (MANAGER,)


def test_a_creation_that_arrived_without_a_value_becomes_an_update_of_that_value() -> None:
    made = change("create", "ada", userName=(None, "ada"), title=(None, "Director"))
    rest = find_remaining(made, ada(), USERS, IDS)

    assert rest.change is not None
    assert (rest.change.action, rest.change.id, [a.path for a in rest.change.attributes]) == (
        "update",
        "id-ada",
        ["title"],
    )
    assert rest.moved == ()


def test_a_creation_that_did_not_arrive_is_all_left() -> None:
    made = change("create", "ada", userName=(None, "ada"))

    assert find_remaining(made, None, USERS, IDS).change == made


def test_a_deletion_that_arrived_leaves_nothing() -> None:
    assert find_remaining(change("delete", "ada"), None, USERS, IDS).change is None
    assert find_remaining(change("delete", "ada"), ada(), USERS, IDS).change is not None


def test_members_that_are_there_are_not_added_and_those_that_went_not_removed() -> None:
    wanted = group("update", "red", add="ada bob", remove="cyd dan")
    rest = find_remaining(
        wanted, live("id-red", "Red", members="ada dan"), columns("Group", "displayName"), IDS
    ).change

    assert rest is not None
    assert ([m.key for m in rest.add], [m.key for m in rest.remove]) == (["bob"], ["dan"])

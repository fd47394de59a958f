"""Order: names are freed before they are taken, managers are made before they are referred to (DESIGN 6)."""

from __future__ import annotations

import pytest

from reconciler.model.change import Change
from reconciler.stages.order import find_blockers, order_changes, phase, settle_names
from tests.unit.stages.words import MANAGER, change, deactivate, group


def ordered(*changes: Change) -> list[str]:
    return [each.key for each in order_changes(changes)]


def rename(key: str, before: str, after: str) -> Change:
    return change("update", key, userName=(before, after))


def create(key: str, name: str, manager: str | None = None) -> Change:
    reports = {"manager": (None, manager)} if manager else {}
    return change("create", key, userName=(None, name), **reports)


def test_steps_follow_one_another_as_designed() -> None:
    changes = [
        change("delete", "user-delete"), group("delete", "group-delete"), group("update", "group-update", add="ada"),
        create("user-create", "a"), deactivate("user-deactivate"),
    ]  # fmt: skip

    assert ordered(*changes) == [
        "user-deactivate",
        "user-create",
        "group-update",
        "group-delete",
        "user-delete",
    ]
    assert [phase(each) for each in order_changes(changes)] == [0, 1, 2, 3, 4]


def test_the_order_of_the_input_means_nothing() -> None:
    changes = [rename("ada", "a", "b"), rename("bob", "b", "c"), create("cyd", "a"), deactivate("dan")]

    assert ordered(*changes) == ordered(*reversed(changes))


def test_a_name_is_freed_before_it_is_taken() -> None:
    assert ordered(rename("ada", "two", "one"), rename("bob", "one", "three"), create("cyd", "two")) == [
        "bob",
        "ada",
        "cyd",
    ]


def test_a_manager_is_made_before_who_reports_to_them() -> None:
    assert ordered(create("ada", "a", "bob"), create("bob", "b", "cyd"), create("cyd", "c")) == [
        "cyd",
        "bob",
        "ada",
    ]


@pytest.mark.parametrize(
    ("renames", "circle"),
    [
        ([("ada", "a", "b"), ("bob", "b", "a")], True),
        ([("ada", "a", "b"), ("bob", "b", "c"), ("cyd", "c", "a")], True),
        ([("ada", "A", "b"), ("bob", "B", "a")], True),  # names are compared without case
        ([("ada", "a", "b"), ("bob", "b", "c")], False),
        ([("ada", "a", "A")], False),  # a name that only changes its case is nobody else's
    ],
)
def test_a_circle_of_names_is_one_finding_and_none_of_its_names_is_touched(
    renames: list[tuple[str, str, str]], circle: bool
) -> None:
    changes, findings = settle_names([rename(*each) for each in renames], {})

    assert [finding.code for finding in findings] == (["rename-cycle"] if circle else [])
    assert len(changes) == (0 if circle else len(renames))


def test_what_else_differs_in_a_circle_of_names_is_still_changed() -> None:
    stuck = [
        change(
            "update", "ada", userName=("a", "b"), displayName=("Ada", "Ada King"), title=(None, "Engineer")
        ),
        change("update", "bob", userName=("b", "a")),
    ]

    [kept] = settle_names(stuck, {})[0]
    assert [attribute.path for attribute in kept.attributes] == ["displayName", "title"]


def test_groups_that_swap_names_are_a_circle_and_keep_their_members_changes() -> None:
    [kept] = settle_names([
        group("update", "red", add="ada", displayName=("Red", "Blue")), group("update", "blue", displayName=("Blue", "Red")),
    ], {})[0]  # fmt: skip

    assert (kept.key, [member.key for member in kept.add], kept.attributes) == ("red", ["ada"], ())


def test_a_user_and_a_group_of_one_name_have_nothing_to_do_with_each_other() -> None:
    assert (
        settle_names([rename("ada", "x", "y"), group("update", "red", displayName=("y", "x"))], {})[1] == ()
    )


def test_a_name_that_nobody_gives_up_is_taken_by_nobody_who_counted_on_it() -> None:
    """cyd keeps her name, since fay keeps the one that she was to get; so ada cannot be made under it."""
    changes = [rename("cyd", "ann", "cat"), create("ada", "ann"), create("bob", "ben")]
    kept, findings = settle_names(changes, {("User", "ann"): "id-cyd", ("User", "cat"): "id-fay"})

    assert [each.key for each in kept] == ["bob"]
    assert [finding.code for finding in findings] == ["name-taken", "name-taken"]


@pytest.mark.parametrize(
    ("changes", "waits"),
    [
        ([rename("ada", "a", "b"), rename("bob", "b", "c")], {"ada": {"bob"}}),
        ([create("ada", "b"), rename("bob", "B", "c")], {"ada": {"bob"}}),
        ([create("ada", "a", "bob"), create("bob", "b")], {"ada": {"bob"}}),
        ([create("ada", "a", "bob"), create("bob", "b", "ada")], {"ada": {"bob"}, "bob": {"ada"}}),
        ([create("ada", "a", "bob"), change("update", "bob", title=(None, "x"))], {}),  # bob is there already
        ([create("ada", "a", "ada")], {}),  # nobody waits for themselves
    ],
)
def test_a_change_waits_for_exactly_what_it_needs(changes: list[Change], waits: dict[str, set[str]]) -> None:
    found = find_blockers(changes, MANAGER)

    assert {key: {other for _, other in others} for (_, key), others in found.items()} == waits

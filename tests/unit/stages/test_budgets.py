"""Budgets: each rule counts what concerns it, may reach its limit, and asks a person beyond it (DESIGN 5)."""

from __future__ import annotations

import pytest

from reconciler.model.change import Change
from reconciler.model.plan import Bases, Budget
from reconciler.model.target import Approval, Limit
from reconciler.policies import DEFAULT_LIMITS, RULES, Agreed, check_budgets
from tests.unit.stages.words import change, deactivate, group

SOMEBODY = Bases(
    active_owned=1, desired_users=1, owned_members=1, members_by_group={"red": 1}, owned_anything=True
)
THREE = {
    "deactivate": [deactivate(key) for key in "abc"],
    "delete": [change("delete", key) for key in "abc"],
    "deleteGroups": [group("delete", key) for key in "abc"],
    "removeMembers": [group("update", key, remove="ada") for key in "abc"],
    "removeMembersPerGroup": [group("update", "red", remove="a b c")],
    "reactivate": [change("reactivate", key, active=(False, True)) for key in "abc"],
    "adopt": [change("adopt", "a"), change("adopt", "b"), group("adopt", "c")],
    "clear": [change("update", key, title=("x", None)) for key in "abc"],
    "create": [change("create", key, userName=(None, key)) for key in "abc"],
    "sameAttribute": [change("update", key, title=("x", "y")) for key in "abc"],
}  # fmt: skip


def row(
    rule: str, changes: list[Change], limit: Limit, agreed: Agreed | None = None, bases: Bases = SOMEBODY
) -> Budget:
    [found] = [
        each
        for each in check_budgets("acme", changes, {rule: limit}, bases, agreed or Agreed())
        if each.rule == rule
    ]
    return found


def approval(digest: str, rule: str, target: str = "acme") -> Agreed:
    return Agreed(approvals=(Approval(target=target, rule=rule, digest=digest),))


every_rule = pytest.mark.parametrize("rule", RULES)


@every_rule
def test_a_plan_may_reach_its_limit_and_not_go_beyond(rule: str) -> None:
    assert not row(rule, THREE[rule], Limit(count=3)).exceeded
    assert row(rule, THREE[rule], Limit(count=2)).exceeded
    assert row(rule, THREE[rule], Limit(count=2)).planned == 3


@every_rule
def test_an_approval_of_exactly_these_atoms_lifts_the_limit(rule: str) -> None:
    bound = row(rule, THREE[rule], Limit()).digest

    assert row(rule, THREE[rule], Limit(), approval(bound, rule)).approved
    assert not row(rule, THREE[rule], Limit(), approval("sha256:other", rule)).approved
    assert not row(rule, THREE[rule], Limit(), approval(bound, rule, target="other")).approved
    assert not row(
        rule, THREE[rule], Limit(), approval(bound, "create" if rule != "create" else "delete")
    ).approved


@every_rule
def test_an_approval_does_not_hold_for_one_more(rule: str) -> None:
    fewer = (
        [THREE[rule][0].only(lambda place: place.name != "c")] if len(THREE[rule]) == 1 else THREE[rule][:2]
    )
    bound = row(rule, [each for each in fewer if each], Limit()).digest

    assert not row(rule, THREE[rule], Limit(), approval(bound, rule)).approved


@every_rule
def test_what_was_approved_atom_by_atom_holds_for_fewer(rule: str) -> None:
    whole = row(rule, THREE[rule], Limit())
    agreed = Agreed(approvals=approval(whole.digest, rule).approvals, approved={whole.digest: whole.atoms})
    fewer = (
        [THREE[rule][0].only(lambda place: place.name != "c")] if len(THREE[rule]) == 1 else THREE[rule][:2]
    )

    assert row(rule, [each for each in fewer if each], Limit(), agreed).approved


@every_rule
def test_what_a_review_or_an_interrupted_run_held_is_not_counted_again(rule: str) -> None:
    atoms = row(rule, THREE[rule], Limit()).atoms

    assert not row(rule, THREE[rule], Limit(), Agreed(held={rule: atoms})).exceeded
    assert row(rule, THREE[rule], Limit(count=1), Agreed(held={rule: frozenset(sorted(atoms)[:1])})).exceeded
    assert not row(
        rule, THREE[rule], Limit(count=2), Agreed(held={rule: frozenset(sorted(atoms)[:1])})
    ).exceeded


@pytest.mark.parametrize(
    ("rule", "limit", "of", "allowed"),
    [
        ("deactivate", Limit(count=5, percent=2), 100, 5), ("deactivate", Limit(count=5, percent=2), 1180, 23),
        ("deactivate", Limit(count=5, percent=2), 1199, 23), ("deactivate", Limit(percent=100), 3, 3), ("deactivate", Limit(), 1000, 0),
        ("deactivate", Limit(count=0, percent=1.1), 1000, 11),
        ("delete", Limit(percent=29), 100, 29), ("delete", Limit(percent=57), 100, 57),
    ],
)  # fmt: skip
def test_a_limit_is_the_greater_of_count_and_percent_rounded_down(
    rule: str, limit: Limit, of: int, allowed: int
) -> None:
    assert row(rule, THREE[rule], limit, bases=Bases(active_owned=of)).limit == allowed


@pytest.mark.parametrize(
    ("rule", "base"),
    [("deactivate", 11), ("delete", 11), ("removeMembers", 13), ("removeMembersPerGroup", 14), ("create", 12), ("adopt", 12), ("clear", 11), ("reactivate", 11)],
)  # fmt: skip
def test_each_percentage_is_of_its_own_base(rule: str, base: int) -> None:
    bases = Bases(
        active_owned=11, desired_users=12, owned_members=13, members_by_group={"red": 14}, owned_anything=True
    )

    assert row(rule, THREE[rule], Limit(), bases=bases).of == base


def test_the_defaults_are_those_of_the_design() -> None:
    assert {rule: (limit.count, limit.percent) for rule, limit in DEFAULT_LIMITS.items()} == {
        "deactivate": (5, 2), "delete": (0, 0), "deleteGroups": (0, 0), "removeMembers": (20, 2), "removeMembersPerGroup": (5, 50),
        "reactivate": (5, 1), "adopt": (0, 0), "clear": (20, 2), "create": (50, 10), "sameAttribute": (50, 20),
    }  # fmt: skip


def test_a_first_run_has_no_create_budget() -> None:
    assert check_budgets("acme", THREE["create"], {"create": Limit()}, Bases(), Agreed()) == ()


def test_an_adoption_that_reactivates_counts_in_both_rules() -> None:
    both = [change("adopt", "ada", externalId=(None, "ada"), active=(False, True))]

    assert {each.rule for each in check_budgets("acme", both, {}, SOMEBODY, Agreed())} >= {
        "adopt",
        "reactivate",
    }


def test_each_group_has_a_row_of_its_own() -> None:
    changes = [group("update", "red", remove="a b"), group("update", "blue", remove="a")]
    rows = check_budgets("acme", changes, {}, SOMEBODY, Agreed())

    assert {(each.subject, each.planned) for each in rows if each.rule == "removeMembersPerGroup"} == {
        ("red", 2),
        ("blue", 1),
    }


def test_access_is_not_counted_as_one_attribute_changed_on_many() -> None:
    assert [each.rule for each in check_budgets("acme", THREE["deactivate"], {}, SOMEBODY, Agreed())] == [
        "deactivate"
    ]


def test_an_empty_list_in_place_of_values_is_a_value_taken_away() -> None:
    assert row("clear", [change("update", "ada", entitlements=(["a", "b"], []))], Limit()).planned == 1

"""Match and diff, case by case in words: who is who, whose it is, and what is done about it (DESIGN 3)."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from reconciler.model.change import Change
from reconciler.model.plan import TargetPlan
from tests.properties.core import Core, build_core, build_live
from tests.properties.states import CORE, State

MAPPING = {
    "users": {"match": ["externalId", "userName"], "attributes": {"externalId": "objectId", "userName": "userPrincipalName"}},
    "groups": {"match": ["externalId", "displayName"], "attributes": {"externalId": "objectId", "displayName": "displayName", "members": "members"}},
}  # fmt: skip


def user(id_: str, external: str | None, name: str, *, active: bool = True) -> dict[str, Any]:
    found = {"schemas": [CORE + "User"], "id": id_, "userName": name, "active": active}
    return {**found, "externalId": external} if external else found


def red(*members: str, external: str | None = "red") -> dict[str, Any]:
    found: dict[str, Any] = {
        "schemas": [CORE + "Group"],
        "id": "g1",
        "displayName": "Red",
        "members": [{"value": id_} for id_ in members],
    }
    return {**found, "externalId": external} if external else found


GRACE = user("u0", "grace", "grace")


def decided(
    users: str, live: list[dict[str, Any]], target: str = "{}", groups: str = "{}", removed: str = "[]"
) -> TargetPlan:
    """The plan for these users, groups and target settings, in short YAML; grace is always there and at rest."""
    base = {
        "url": "https://acme.example",
        "auth": {"bearer": {"env": "X"}},
        "mapping": "plain",
        "ownership": "externalId",
        "scope": {"users": "all", "groups": "all"},
    }
    people = {"grace": {"userPrincipalName": "grace"}, **yaml.safe_load(users)}
    state = State(
        users=people, removed=yaml.safe_load(removed), groups=yaml.safe_load(groups), mapping=MAPPING,
        target={**base, **yaml.safe_load(target)}, live=[GRACE, *live],
    )  # fmt: skip
    core: Core = build_core(state.files())
    return core.plan(build_live(state, core))


def told(plan: TargetPlan) -> list[str]:
    return [f"{change.action} {change.key}" for change in plan.changes]


def codes(plan: TargetPlan) -> list[str]:
    return [finding.code for finding in plan.findings]


BOB = "{bob: {userPrincipalName: bob}}"


@pytest.mark.parametrize(
    ("live", "target", "changes", "findings"),
    [
        ([], "{}", ["create bob"], []),
        ([user("u1", "bob", "bob")], "{}", [], []),
        ([user("u1", "bob", "BOB")], "{}", [], []),  # a userName has no case
        ([user("u1", "BOB", "bob")], "{}", [], ["identity-conflict"]),  # an externalId has
        ([user("u1", "bob", "robert")], "{}", ["update bob"], []),
        ([user("u1", None, "bob")], "{}", ["adopt bob"], []),
        ([user("u1", None, "bob")], "{adopt: any}", ["adopt bob"], []),
        ([user("u1", None, "bob")], "{adopt: never}", [], ["not-adopted"]),
        ([user("u1", "b7", "bob")], "{}", [], ["identity-conflict"]),
        ([user("u1", "b7", "bob")], "{ownership: all}", [], ["identity-conflict"]),
        ([user("u1", "b7", "bob")], "{adopt: any}", ["adopt bob"], []),
        ([user("u1", "b7", "bob")], "{adopt: never}", [], ["identity-conflict"]),
        ([user("u1", "bob", "x"), user("u2", "bob", "y")], "{}", [], ["ambiguous-match"]),
        ([user("u1", "bob", "x"), user("u2", None, "bob")], "{}", [], ["name-taken"]),  # the first attribute decides
        ([user("u1", None, "guest")], "{}", ["create bob"], []),
        ([user("u1", None, "guest")], "{ownership: all}", ["deactivate live:u1", "create bob"], []),
        ([user("u1", "zoe", "zoe")], "{}", ["deactivate zoe", "create bob"], []),
        ([user("u1", "zoe", "zoe")], "{ownership: declared}", ["create bob"], []),
        ([user("u1", "zoe", "zoe", active=False)], "{}", ["create bob"], []),
        ([user("u1", "zoe", "zoe")], "{deprovision: {vanished: delete}}", ["create bob", "delete zoe"], []),
        ([user("u1", "zoe", "zoe", active=False)], "{deprovision: {vanished: delete}}", ["create bob", "delete zoe"], []),
        ([user("u1", "zoe", "zoe")], "{deprovision: {vanished: ignore}}", ["create bob"], []),
        ([user("u1", "zoe", "zoe")], "{protected: {users: [Z*]}}", ["create bob"], ["protected"]),
        ([user("u1", "zoe", "zoe")], "{protected: {users: [u1]}}", ["create bob"], ["protected"]),
    ],
)  # fmt: skip
def test_bob_is_found_or_made(
    live: list[dict[str, Any]], target: str, changes: list[str], findings: list[str]
) -> None:
    plan = decided(BOB, live, target)

    assert (told(plan), codes(plan)) == (changes, findings)


@pytest.mark.parametrize(
    ("declared", "removed", "target", "changes"),
    [
        ("{bob: {userPrincipalName: bob, accountEnabled: false}}", "[]", "{}", ["deactivate bob"]),
        ("{bob: {userPrincipalName: bob, accountEnabled: false}}", "[]", "{deprovision: {disabled: delete}}", ["delete bob"]),
        ("{bob: {userPrincipalName: bob, accountEnabled: false}}", "[]", "{deprovision: {disabled: ignore}}", []),
        ("{bob: {userPrincipalName: bob, employeeLeaveDateTime: 2020-01-31}}", "[]", "{deprovision: {disabled: delete}}", ["delete bob"]),
        ("{bob: {userPrincipalName: bob, employeeLeaveDateTime: 2099-01-31}}", "[]", "{}", []),
        ("{bob: {userPrincipalName: bob, employeeLeaveDateTime: 2026-11-25}}", "[]", "{}", []),  # that whole day, UTC
        ("{bob: {userPrincipalName: bob, employeeLeaveDateTime: 2026-11-24}}", "[]", "{}", ["deactivate bob"]),
        ("{bob: {userPrincipalName: bob, employeeLeaveDateTime: '2026-11-25T12:00:00Z'}}", "[]", "{}", ["deactivate bob"]),
        ("{bob: {userPrincipalName: bob, employeeLeaveDateTime: '2026-11-25T13:00:01+01:00'}}", "[]", "{}", []),
        ("{bob: {userPrincipalName: bob, employeeHireDate: 2099-01-31}}", "[]", "{}", []),
        ("{bob: {userPrincipalName: bob, employeeHireDate: 2099-01-31, accountEnabled: false}}", "[]", "{}", ["deactivate bob"]),
        ("{bob: {userPrincipalName: bob, employeeHireDate: 2099-01-31, employeeLeaveDateTime: 2020-01-31}}", "[]", "{}", ["deactivate bob"]),
        (BOB, "[]", "{scope: {users: assigned, assigned: {users: [grace]}}}", ["deactivate bob"]),
        (BOB, "[]", "{scope: {users: assigned, assigned: {users: [grace]}}, deprovision: {outOfScope: delete}}", ["delete bob"]),
        ("{bob: {userPrincipalName: bob, accountEnabled: false}}", "[]", "{scope: {users: assigned, assigned: {users: [grace]}}, deprovision: {outOfScope: ignore}}", ["deactivate bob"]),
        ("{}", "[bob]", "{}", ["deactivate bob"]),
        ("{}", "[bob]", "{ownership: declared}", ["deactivate bob"]),
        ("{}", "[bob]", "{deprovision: {removed: delete}}", ["delete bob"]),
        ("{bob: {userPrincipalName: bob, employeeLeaveDateTime: 2020-01-31}}", "[]", "{deprovision: {deleteAfterDays: 30}}", ["delete bob"]),
        ("{bob: {userPrincipalName: bob, employeeLeaveDateTime: 2026-11-01}}", "[]", "{deprovision: {deleteAfterDays: 30}}", ["deactivate bob"]),
        ("{bob: {userPrincipalName: bob, employeeLeaveDateTime: 2026-10-25}}", "[]", "{deprovision: {deleteAfterDays: 30}}", ["delete bob"]),
        ("{bob: {userPrincipalName: bob, employeeLeaveDateTime: 2026-10-26}}", "[]", "{deprovision: {deleteAfterDays: 30}}", ["deactivate bob"]),
        ("{bob: {userPrincipalName: bob, accountEnabled: false}}", "[]", "{deprovision: {deleteAfterDays: 30}}", ["deactivate bob"]),
    ],
)  # fmt: skip
def test_bob_who_has_an_account_stays_or_goes(
    declared: str, removed: str, target: str, changes: list[str]
) -> None:
    assert told(decided(declared, [user("u1", "bob", "bob")], target, removed=removed)) == changes


def test_an_adoption_that_reactivates_is_named_by_the_first_action_that_applies() -> None:
    """DESIGN 5: of delete, deactivate, create, reactivate, adopt, update."""
    [change] = decided(BOB, [user("u1", None, "bob", active=False)]).changes

    assert change.action == "reactivate"
    assert {"externalId", "active"} <= {attribute.path for attribute in change.attributes}


def test_an_account_is_matched_by_a_previous_id_and_two_of_one_person_are_ambiguous() -> None:
    """DESIGN 3, Match: several hits freeze the resource and all hits."""
    both = "{bob: {userPrincipalName: bob, previousIds: [b7]}}"
    plan = decided(both, [user("u1", "b7", "old"), user("u2", "bob", "robert")], "{ownership: externalId}")

    assert told(decided(both, [user("u1", "b7", "old")])) == ["update bob"]
    assert plan.changes == ()
    assert [finding.code for finding in plan.findings] == ["ambiguous-match"]


def test_a_name_that_its_owner_gives_up_is_not_a_conflict() -> None:
    plan = decided(
        "{bob: {userPrincipalName: robert}, cyd: {userPrincipalName: bob}}", [user("u1", "bob", "bob")]
    )

    assert (told(plan), codes(plan)) == (["update bob", "create cyd"], [])


def test_a_name_that_a_leaver_still_holds_is_a_conflict_and_nobody_is_touched() -> None:
    plan = decided(
        "{bob: {userPrincipalName: robert, accountEnabled: false}, cyd: {userPrincipalName: bob}}",
        [user("u1", "bob", "bob")],
    )

    assert (told(plan), set(codes(plan))) == ([], {"identity-conflict"})


def test_nobody_is_created_whose_name_is_at_an_account_that_is_frozen() -> None:
    """Two hold bob's externalId; the name of one of them is cyd's, who is then somebody's conflict and no newcomer."""
    plan = decided(
        "{bob: {userPrincipalName: bob}, cyd: {userPrincipalName: cyd}}",
        [user("u1", "bob", "bob"), user("u2", "bob", "cyd")],
    )

    assert told(plan) == []
    assert set(codes(plan)) == {"ambiguous-match", "identity-conflict"}


def moved(plan: TargetPlan) -> tuple[list[str], list[str]]:
    changes: list[Change] = [change for change in plan.changes if change.type == "Group"]
    return [m.key for c in changes for m in c.add], [m.key for c in changes for m in c.remove]


@pytest.mark.parametrize(
    ("members", "mode", "held", "added", "removed"),
    [
        ("[grace, bob]", "owned", ["u0", "u1"], [], []),
        ("[grace, bob]", "owned", ["u0"], ["bob"], []),
        ("[grace]", "owned", ["u0", "u1", "u9", "ghost"], [], ["bob"]),
        ("[grace]", "exclusive", ["u0", "u1", "u9"], [], ["bob", "live:u9"]),
        ("[grace]", "additive", ["u0", "u1", "u9"], [], []),
        ("[grace, {user: bob, until: 2020-01-01}]", "additive", ["u0", "u1", "u9"], [], ["bob"]),
        ("[grace, {user: bob, until: 2020-01-01}]", "owned", ["u0"], [], []),
        ("[grace, {user: bob, until: 2020-01-01}, bob]", "owned", ["u0", "u1"], [], []),  # listed again without an end
        ("[]", "owned", ["u9"], [], []),
    ],
)  # fmt: skip
def test_members_come_and_go_by_the_membership_rule(
    members: str, mode: str, held: list[str], added: list[str], removed: list[str]
) -> None:
    plan = decided(
        BOB, [user("u1", "bob", "bob"), user("u9", None, "guest"), red(*held)], f"{{membership: {mode}}}",
        f"{{red: {{displayName: Red, members: {members}}}}}",
    )  # fmt: skip

    assert moved(plan) == (added, removed)


@pytest.mark.parametrize(
    ("memberships", "status", "removed"),
    [
        ("keep", "accountEnabled: false", []), ("remove", "accountEnabled: false", ["bob"]),
        ("keep", "employeeHireDate: 2099-01-01", []), ("remove", "employeeHireDate: 2099-01-01", []),
        ("remove", "employeeLeaveDateTime: 2020-01-01", ["bob"]),
    ],
)  # fmt: skip
def test_memberships_of_those_who_lose_access_stay_or_go_as_told(
    memberships: str, status: str, removed: list[str]
) -> None:
    plan = decided(
        f"{{bob: {{userPrincipalName: bob, {status}}}}}", [user("u1", "bob", "bob"), red("u0", "u1")],
        f"{{deprovision: {{memberships: {memberships}}}}}", "{red: {displayName: Red, members: [grace, bob]}}",
    )  # fmt: skip

    assert moved(plan) == ([], removed)


def test_who_is_taken_over_leaves_what_does_not_list_them_in_the_same_plan() -> None:
    """By the time that groups are written the account is ours; else the next plan would still hold a change."""
    plan = decided(
        BOB, [user("u1", None, "bob"), red("u0", "u1")], "{}", "{red: {displayName: Red, members: [grace]}}"
    )

    assert "adopt bob" in told(plan)
    assert moved(plan) == ([], ["bob"])


def test_who_loses_access_joins_nothing() -> None:
    plan = decided("{bob: {userPrincipalName: bob, accountEnabled: false}}", [user("u1", "bob", "bob"), red("u0")], "{}",
                   "{red: {displayName: Red, members: [grace, bob]}}")  # fmt: skip

    assert moved(plan) == ([], [])


def test_vanished_accounts_of_one_external_id_are_as_many_as_they_are() -> None:
    plan = decided("{}", [user(f"u{n}", "null", f"p{n}") for n in range(1, 8)])
    [row] = [row for row in plan.budgets if row.rule == "deactivate"]

    assert (row.planned, row.exceeded) == (7, True)
    assert len({change.key for change in plan.changes}) == 7


def test_a_vanished_account_is_never_mistaken_for_a_declared_user_of_that_key() -> None:
    """Two hold bob's externalId, so bob is frozen; a third is not his, whatever it is called."""
    plan = decided(BOB, [user("u1", "bob", "x"), user("u2", "bob", "y"), user("u3", "zoe", "bob")])

    assert [change.id for change in plan.changes] == ["u3"]
    assert "ambiguous-match" in codes(plan)


@pytest.mark.parametrize("ownership", ["externalId", "all", "{prefix: reconcile}"])
@pytest.mark.parametrize("is_active", [True, False])
def test_a_canary_of_a_write_probe_is_nobodys_whatever_the_rule_says(ownership: str, is_active: bool) -> None:
    name = "reconcile-canary-0123456789ab-1"
    plan = decided(
        "{}", [user("u9", name, f"{name}@canary.example.com", active=is_active)], f"ownership: {ownership}"
    )

    assert told(plan) == []
    assert plan.owned_users == 1, "grace"
    assert ["canary-left"] * is_active == [finding.code for finding in plan.findings]


def test_who_cannot_be_marked_as_ours_is_taken_over_once_and_not_for_ever() -> None:
    """What marks an account as ours is known not to be kept of that one: its adoption came to its end."""
    users, live = "{ada: {userPrincipalName: ada}}", [user("u1", None, "ada")]
    learnt = "learnt: {withhold: [{user: ada, path: externalId}]}"

    assert told(decided(users, live)) == ["adopt ada"]
    assert told(decided(users, live, learnt)) == []
    assert told(decided(users, [user("u1", "somebody", "ada")], learnt)) == [], "nobody else's is taken over"

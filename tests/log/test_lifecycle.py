"""A user from hire to deletion over HTTP, and what time alone makes due (research: entra 5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.log.test_on_demand import live, members
from tests.log.troubled import Troubled

BUDGETS = "budgets: {delete: {count: 5}, deactivate: {count: 5}, reactivate: {count: 5}, "
LONG_AGO, FAR = "2026-01-31", "2099-01-31"


def actions(company: Troubled) -> list[tuple[str, str]]:
    """What the latest run did, by action and id."""
    return sorted((record["action"], record["sourceIdentity"]["id"]) for record in company.outcomes())


def test_a_user_is_hired_moves_is_disabled_comes_back_leaves_and_is_deleted(company: Troubled) -> None:
    company.target = (
        company.target.replace("budgets: {", BUDGETS) + "    deprovision: {deleteAfterDays: 30}\n"
    )
    company.apply()
    bob = company.people["bob"]
    first = live(company)["bob"]["id"]

    def applied() -> list[tuple[str, str]]:
        done = company.apply()
        assert done.code == 0, done.err
        assert "no changes" in company.run("plan").out
        return actions(company)

    company.teams["engineering"]["members"].append("bob")
    assert applied() == [("update", "engineering")]
    bob["accountEnabled"] = False
    assert applied() == [("deactivate", "bob")]
    assert "bob" in members(company)  # kept, so that coming back restores everything
    del bob["accountEnabled"]
    bob["jobTitle"] = "Director"
    assert applied() == [("reactivate", "bob")]
    assert live(company)["bob"]["title"] == "Director"
    assert members(company) == {"ada", "grace", "bob"}
    bob["employeeLeaveDateTime"] = str(datetime.now(UTC).date() - timedelta(days=2))
    assert applied() == [("deactivate", "bob")]
    bob["employeeLeaveDateTime"] = str(datetime.now(UTC).date() - timedelta(days=40))
    assert applied() == [("delete", "bob"), ("update", "engineering")]
    assert set(live(company)) == {"ada", "grace"}
    del bob["employeeLeaveDateTime"]
    assert applied() == [("create", "bob"), ("update", "engineering")]
    assert live(company)["bob"]["id"] != first
    assert members(company) == {"ada", "grace", "bob"}


def test_due_applies_what_time_alone_brought_and_no_edit(company: Troubled) -> None:
    company.target = (
        company.target.replace("budgets: {", BUDGETS) + "    deprovision: {deleteAfterDays: 30}\n"
    )
    company.people["old"] = {"userPrincipalName": "old@example.com"}
    company.apply()
    company.people["ada"]["jobTitle"] = "Director"  # an edit
    company.people["new"] = {"userPrincipalName": "new@example.com"}  # an edit
    company.people["hired"] = {"userPrincipalName": "hired@example.com", "employeeHireDate": LONG_AGO}
    company.people["later"] = {"userPrincipalName": "later@example.com", "employeeHireDate": FAR}
    company.people["bob"]["employeeLeaveDateTime"] = str(datetime.now(UTC).date() - timedelta(days=2))
    company.people["old"]["employeeLeaveDateTime"] = LONG_AGO
    company.teams["engineering"]["members"] = ["ada", {"user": "grace", "until": LONG_AGO}, "hired", "bob"]
    done = company.apply("--due")

    assert done.code == 0, done.err
    assert actions(company) == [
        ("create", "hired"), ("deactivate", "bob"), ("delete", "old"), ("update", "engineering"),
    ]  # fmt: skip
    assert set(live(company)) == {"ada", "grace", "bob", "hired"}
    assert live(company)["ada"]["title"] == "Engineer"
    assert members(company) == {"ada", "hired"}
    again = company.apply("--due")
    assert (again.code, again.out.splitlines()[-1]) == (0, "applied: no changes")
    rest = company.run("plan").out
    assert "ada@example.com" in rest
    assert "new@example.com" in rest


def test_values_are_cleared_by_null_and_only_by_null(company: Troubled) -> None:
    company.apply()
    del company.people["ada"]["jobTitle"]
    company.people["bob"]["jobTitle"] = None
    assert company.apply().code == 0

    assert live(company)["ada"]["title"] == "Engineer"
    assert "title" not in live(company)["bob"]
    assert company.of("bob")["modifiedProperties"] == [
        {"displayName": "title", "oldValue": "Engineer", "newValue": None}
    ]

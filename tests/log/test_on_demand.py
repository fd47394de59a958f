"""`apply --only`: provision on demand (research: entra 7.3): one object now, its memberships with it, and nobody else."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.log.troubled import TARGET, Troubled
from tests.properties.bench import TOKEN

ASSIGNED = TARGET.replace("{users: all,", "{users: assigned, assigned: {groups: [engineering]},")


def live(company: Troubled, kind: str = "Users") -> dict[str, Any]:
    """What the endpoint holds, by externalId."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=company.repository.url, headers=headers, trust_env=False) as client:
        rows = client.get(f"/{kind}", params={"count": "100"}).raise_for_status().json().get("Resources", [])
    return {row["externalId"]: row for row in rows}


def members(company: Troubled, group: str = "engineering") -> set[str]:
    """The keys of a group's live members."""
    keys = {row["id"]: key for key, row in live(company).items()}
    return {keys[member["value"]] for member in live(company, "Groups")[group].get("members", ())}


def manager(company: Troubled, key: str) -> str | None:
    users = live(company)
    extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    id_ = users[key].get(extension, {}).get("manager", {}).get("value")
    return next((other for other, row in users.items() if row["id"] == id_), None)


def test_one_user_is_written_with_her_memberships_and_nobody_else(company: Troubled) -> None:
    company.apply()
    company.people["ada"]["jobTitle"] = "Director"
    company.people["bob"]["jobTitle"] = "Director"
    company.teams["engineering"] = {"displayName": "Engineers", "members": ["grace", "bob"]}
    done = company.apply("--only", "user:ada")

    assert done.code == 0, done.err
    assert [(r["action"], r["sourceIdentity"]["id"]) for r in company.outcomes()] == [
        ("update", "ada"), ("update", "engineering"),
    ]  # fmt: skip
    assert live(company)["ada"]["title"] == "Director"
    assert live(company)["bob"]["title"] == "Engineer"
    assert members(company) == {"grace"}  # ada left, and bob was not asked for
    assert live(company, "Groups")["engineering"]["displayName"] == "Engineering"


def test_a_new_user_joins_the_groups_that_are_there(company: Troubled) -> None:
    company.apply()
    company.people["eve"] = {"userPrincipalName": "eve@example.com", "displayName": "Eve"}
    company.teams["engineering"]["members"].append("eve")
    company.teams["fresh"] = {"displayName": "Fresh", "members": ["eve"]}
    assert company.apply("--only", "user:eve").code == 0

    assert members(company) == {"ada", "grace", "eve"}
    assert "fresh" not in live(company, "Groups")


def test_a_manager_who_is_not_there_is_told_and_linked_once_they_are(company: Troubled) -> None:
    company.people["ada"]["manager"] = "grace"
    company.teams = {}
    first = company.apply("--only", "user:ada")
    assert first.code == 0, first.err
    assert set(live(company)) == {"ada"}
    assert manager(company, "ada") is None
    told = "user ada waits for who is not at this target yet (grace); add --only user:grace"
    assert told in first.out
    assert company.of("ada", "warning")["statusInfo"]["reason"] == told

    assert company.apply("--only", "user:grace").code == 0
    assert company.apply("--only", "user:ada").code == 0
    assert manager(company, "ada") == "grace"


def test_a_manager_who_comes_along_is_made_first(company: Troubled) -> None:
    company.people["ada"]["manager"] = "grace"
    company.teams = {}
    assert company.apply("--only", "user:ada", "--only", "user:grace").code == 0

    assert [record["sourceIdentity"]["id"] for record in company.outcomes()] == ["grace", "ada"]
    assert manager(company, "ada") == "grace"


def test_a_disabled_user_who_was_never_there_is_not_made(company: Troubled) -> None:
    company.people["bob"]["accountEnabled"] = False
    done = company.apply("--only", "user:bob")

    assert (done.code, done.out.splitlines()[-1]) == (0, "applied: no changes")
    assert "user bob: is not provisioned (accountEnabled is false), and it has no account there" in done.out
    assert live(company) == {}
    told = company.of("bob")["statusInfo"]
    assert (told["status"], told["errorCode"]) == ("skipped", "EntrySynchronizationSkipped")


def test_a_disabled_user_who_is_there_loses_access(company: Troubled) -> None:
    company.apply()
    company.people["bob"]["accountEnabled"] = False
    company.people["ada"]["accountEnabled"] = False
    assert company.apply("--only", "user:bob").code == 0

    assert [live(company)[key]["active"] for key in ("bob", "ada")] == [False, True]
    done = company.apply("--only", "user:bob")
    assert "user bob: is not provisioned (accountEnabled is false), and its account there has no access" in done.out  # fmt: skip


def test_an_unassigned_user_is_not_made_and_loses_access(company: Troubled) -> None:
    company.target = ASSIGNED
    done = company.apply("--only", "user:bob")
    assert "user bob: is not provisioned (is in no assigned group (engineering))" in done.out
    assert live(company) == {}
    company.target = TARGET
    company.apply()
    company.target = ASSIGNED

    assert company.apply("--only", "user:bob").code == 0
    assert [live(company)[key]["active"] for key in ("bob", "ada")] == [False, True]


def test_a_user_without_a_change_is_told_and_logged_once(company: Troubled) -> None:
    company.apply()
    for _ in range(2):
        done = company.apply("--only", "user:ada")
        assert done.code == 0
        assert "nothing-to-do: user ada: is at the endpoint as declared" in done.out

    assert len(company.runs()) == 2
    told = company.of("ada")["statusInfo"]
    assert (told["status"], told["errorCode"]) == ("skipped", "RedundantExport")
    assert company.runs()[-1][-1]["succeeded"] == 0


def test_a_group_takes_in_who_is_there(company: Troubled) -> None:
    company.apply("--only", "user:ada")
    done = company.apply("--only", "group:engineering")

    assert done.code == 0, done.err
    assert members(company) == {"ada"}
    assert set(live(company)) == {"ada"}
    assert "group engineering waits for who is not at this target yet (grace)" in done.out
    assert company.apply().code == 0
    assert members(company) == {"ada", "grace"}


def test_a_group_that_the_target_does_not_get_is_told(company: Troubled) -> None:
    company.target = TARGET.replace("groups: all", "groups: []")
    done = company.apply("--only", "group:engineering")

    assert "group engineering: this target does not get it" in done.out
    assert live(company, "Groups") == {}


def test_findings_of_others_are_not_told(company: Troubled) -> None:
    company.apply()
    company.target += "    protected: {users: ['bob*', 'grace*']}\n"
    company.people["bob"]["jobTitle"] = company.people["grace"]["jobTitle"] = "Director"
    out = company.run("plan", "--only", "user:bob").out

    assert "bob@example.com is protected" in out
    assert "grace@example.com is protected" not in out
    assert "nothing-to-do" not in out


@pytest.mark.parametrize("name", ["user:nobody", "group:ada", "ada", "bot:ada"])
def test_what_is_not_declared_is_wrong_usage(company: Troubled, name: str) -> None:
    assert company.apply("--only", name).code == 64
    assert live(company) == {}

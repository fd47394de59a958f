"""The loop over HTTP on real servers that we did not write: plan, apply, rest; and what people do to a directory."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.servers.running import Server
from tests.tool import shared_tool

USERS = """\
users:
  ada:
    userPrincipalName: ada@example.com
    displayName: Ada Lovelace
    givenName: Ada
    surname: Lovelace
    jobTitle: Engineer
    mail: ada@example.com
    manager: grace
  grace:
    userPrincipalName: grace@example.com
    displayName: Grace Hopper
    givenName: Grace
    surname: Hopper
    jobTitle: Director
    mail: grace@example.com
  bob:
    userPrincipalName: bob@example.com
    displayName: Bob Li
    givenName: Bob
    surname: Li
    mail: bob@example.com
"""
GROUPS = """\
groups:
  engineering:
    displayName: Engineering
    members: [ada, grace]
  sales:
    displayName: Sales
    members: [bob]
"""
MAPPINGS = """\
mappings:
  plain:
    users:
      match: [externalId, userName]
      attributes:
        externalId: objectId
        userName: userPrincipalName
        active: {expression: 'Not([IsSoftDeleted])'}
        displayName: displayName
        name.givenName: givenName
        name.familyName: surname
        title: jobTitle
        'emails[type eq "work"].value': mail
        'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager': manager
    groups:
      match: [externalId, displayName]
      attributes: {externalId: objectId, displayName: displayName, members: members}
"""
TARGETS = """\
targets:
  live:
    profile: rfc
    url: {env: SCIM_URL}
    auth: {bearer: {env: SCIM_TOKEN}}
    mapping: plain
    scope: {users: all, groups: all}
    ownership: externalId
    adopt: ADOPT
    client: {requestsPerSecond: 1000}
    budgets: {deactivate: {count: 5}, reactivate: {count: 5}, adopt: {count: 5}, removeMembersPerGroup: {count: 9}}
"""


@dataclass(frozen=True)
class Directory:
    """A desired state in a folder, and the command line run on it."""

    base: Path
    server: Server

    def write(self, kind: str, text: str) -> None:
        folder = self.base / "desired_state"
        folder.mkdir(exist_ok=True)
        (folder / f"{kind}.yaml").write_text(text, encoding="utf-8")

    def edit(self, kind: str, before: str, after: str) -> None:
        path = self.base / "desired_state" / f"{kind}.yaml"
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {key: value for key, value in os.environ.items() if key.startswith("RECONCILE_")}
        environ = {**kept, "SCIM_URL": self.server.url, "SCIM_TOKEN": self.server.token, **environment}
        done = shared_tool().run(self.base, arguments, environ)
        return subprocess.CompletedProcess(list(arguments), done.code, done.out, done.err)

    def plan(self) -> dict[str, Any]:
        done = self.run("plan", "--format", "json")
        assert done.returncode == 0, done.stderr
        plan: dict[str, Any] = json.loads(done.stdout)
        assert plan["targets"][0]["error"] is None
        return plan

    def actions(self) -> list[tuple[str, str]]:
        return [(change["action"], change["key"]) for change in self.plan()["targets"][0]["changes"]]

    def apply(self) -> None:
        done = self.run("apply", "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.splitlines()[-1].startswith("applied")

    def users(self) -> dict[str, dict[str, Any]]:
        with self.server.connect() as client:
            found = client.get("/Users").raise_for_status().json().get("Resources", [])
        return {user["userName"]: user for user in found}


def make(base: Path, server: Server, adopt: str = "empty") -> Directory:
    directory = Directory(base, server)
    for kind, text in (("users", USERS), ("groups", GROUPS), ("mappings", MAPPINGS)):
        directory.write(kind, text)
    directory.write("targets", TARGETS.replace("ADOPT", adopt))
    return directory


@pytest.fixture(params=["scim2_server", "scimmy"])
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Directory:
    return make(tmp_path, request.getfixturevalue(request.param))


def test_a_first_apply_creates_everybody_and_then_rests(directory: Directory) -> None:
    assert sorted(directory.actions()) == [
        ("create", "ada"), ("create", "bob"), ("create", "engineering"), ("create", "grace"), ("create", "sales"),
    ]  # fmt: skip
    directory.apply()

    assert directory.actions() == []
    users = directory.users()
    manager = users["ada@example.com"]["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"][
        "manager"
    ]
    assert manager["value"] == users["grace@example.com"]["id"]


def test_a_file_holds_the_lines_that_stdout_gets_however_long_and_without_colours(
    directory: Directory,
) -> None:
    directory.apply()
    directory.edit("users", "jobTitle: Engineer", f"jobTitle: {'Engineer of many things, ' * 10}really")
    file = directory.base / "plan.txt"
    printed = directory.run("plan").stdout
    coloured = {"FORCE_COLOR": "1", "NO_COLOR": "", "COLUMNS": "60"}
    directory.run("plan", "--format", f"text={file}", **coloured)

    assert max(map(len, printed.splitlines())) > 250
    assert file.read_text() == printed


def test_a_changed_value_is_one_update(directory: Directory) -> None:
    directory.apply()
    directory.edit("users", "jobTitle: Engineer", "jobTitle: Staff Engineer")

    [change] = directory.plan()["targets"][0]["changes"]
    assert change["attributes"] == [{"path": "title", "before": "Engineer", "after": "Staff Engineer"}]
    directory.apply()
    assert directory.actions() == []


def test_a_leaver_is_deactivated_and_comes_back(directory: Directory) -> None:
    directory.apply()
    directory.edit(
        "users", "    displayName: Bob Li\n", "    displayName: Bob Li\n    accountEnabled: false\n"
    )
    assert directory.actions() == [("deactivate", "bob")]
    directory.apply()
    assert directory.actions() == []
    assert directory.users()["bob@example.com"]["active"] is False
    directory.edit("users", "    accountEnabled: false\n", "")
    assert directory.actions() == [("reactivate", "bob")]
    directory.apply()
    assert directory.actions() == []
    assert directory.users()["bob@example.com"]["active"] is True


def test_a_renamed_user_keeps_its_id(directory: Directory) -> None:
    directory.apply()
    before = directory.users()["bob@example.com"]["id"]
    directory.edit("users", "userPrincipalName: bob@example.com", "userPrincipalName: robert@example.com")
    assert directory.actions() == [("update", "bob")]
    directory.apply()

    assert directory.users()["robert@example.com"]["id"] == before
    assert directory.actions() == []


def test_a_member_moves_from_one_group_to_another(directory: Directory) -> None:
    directory.apply()
    directory.edit("groups", "members: [ada, grace]", "members: [grace, bob]")
    [change] = directory.plan()["targets"][0]["changes"]
    assert [member["key"] for member in change["members"]["add"]] == ["bob"]
    assert [member["key"] for member in change["members"]["remove"]] == ["ada"]
    directory.apply()
    assert directory.actions() == []


def test_an_existing_account_is_adopted_and_not_doubled(directory: Directory) -> None:
    with directory.server.connect() as client:
        body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "bob@example.com"}
        made = client.post("/Users", json=body).raise_for_status().json()["id"]
    assert ("adopt", "bob") in directory.actions()
    directory.apply()

    assert directory.actions() == []
    assert directory.users()["bob@example.com"]["id"] == made
    assert len(directory.users()) == 3


def test_a_vanished_user_is_deactivated(directory: Directory) -> None:
    directory.apply()
    text = USERS[: USERS.index("  bob:")]
    directory.write("users", text)
    directory.edit("groups", "members: [bob]", "members: []")
    assert ("deactivate", "bob") in directory.actions()
    directory.apply()
    assert directory.actions() == []


def test_plan_writes_nothing_and_a_saved_plan_is_applied_exactly(directory: Directory) -> None:
    saved = str(directory.base / "plan.json")
    assert directory.run("plan", "--out", saved).returncode == 0
    assert directory.users() == {}
    assert directory.run("apply", saved).returncode == 0
    assert directory.actions() == []


def test_an_edited_plan_is_refused_with_exit_4(directory: Directory) -> None:
    saved = directory.base / "plan.json"
    directory.run("plan", "--out", str(saved))
    saved.write_text(saved.read_text().replace("Engineer", "Emperor"), encoding="utf-8")

    assert directory.run("apply", str(saved)).returncode == 4
    assert directory.users() == {}


def test_a_broken_budget_refuses_with_exit_3_and_an_approval_lifts_it(directory: Directory) -> None:
    directory.apply()
    directory.edit("targets", "deactivate: {count: 5}", "deactivate: {count: 0}")
    directory.edit(
        "users", "    displayName: Bob Li\n", "    displayName: Bob Li\n    accountEnabled: false\n"
    )
    refused = directory.run("apply", "--yes")
    assert refused.returncode == 3
    assert directory.users()["bob@example.com"]["active"] is True
    [row] = [row for row in directory.plan()["targets"][0]["budgets"] if row["rule"] == "deactivate"]
    approved = directory.run("apply", "--yes", "--approve", f"live:deactivate:{row['digest']}")
    assert approved.returncode == 0, approved.stdout + approved.stderr
    assert directory.users()["bob@example.com"]["active"] is False


def test_nobody_entitled_is_refused_with_exit_3(directory: Directory) -> None:
    directory.apply()
    directory.write("users", "users: {}\n")
    directory.write("groups", "groups: {}\n")
    assert directory.run("apply", "--yes").returncode == 3
    assert all(user["active"] for user in directory.users().values())


@pytest.mark.parametrize("name", ["django_scim2", "django_scim2_server"])
def test_a_server_that_keeps_little_comes_to_rest_with_findings(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    directory = make(tmp_path, request.getfixturevalue(name))
    directory.run("apply", "--yes")
    directory.run("apply", "--yes")

    assert directory.actions() == []
    assert len(directory.users()) == 3

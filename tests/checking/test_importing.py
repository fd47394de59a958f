"""`import` over HTTP: what is live becomes YAML, the next plan adopts at most, and after an apply there are no changes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import running
from tests.checking.conftest import Desk
from tests.checking.odd_server import OddServer, odd
from tests.lies.server import Document
from tests.loop.test_loop import Directory, make
from tests.servers.running import Server

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
FULL = "RECONCILE_FULL" in os.environ
PEOPLE: dict[str, Document] = {
    "ada": {
        "userName": "ada@example.com", "externalId": "ada", "displayName": "Ada Lovelace", "title": 'Engineer: "chief"',
        "name": {"givenName": "Ada", "familyName": "Lovelace"}, "emails": [{"type": "work", "value": "ada@example.com"}],
    },
    "bob": {"userName": "bob@example.com", "displayName": "null", "name": {"givenName": "Bob", "familyName": "Ölçü"}},
    "eve": {"userName": "Eve", "externalId": "acme:1 2", "displayName": "2026-01-01", "active": False},
    "bob2": {"userName": "bob@other.example.com", "externalId": "1001", "displayName": "no"},
}  # fmt: skip


def fill(server: Server) -> None:
    """Four users, one of them inactive and two without an id of ours, and two groups."""
    with server.connect() as client:
        ids = {}
        for key, person in PEOPLE.items():
            body = {"schemas": [USER], "active": True, **person}
            ids[key] = client.post("/Users", json=body).raise_for_status().json()["id"]
        for name, members, more in (
            ("London Office", ("ada", "eve"), {}),
            ("Empty", (), {"externalId": "empty"}),
        ):
            rows = [{"value": ids[key]} for key in members]
            body = {"schemas": [GROUP], "displayName": name, "members": rows, **more}
            client.post("/Groups", json=body).raise_for_status()


def start(base: Path, server: Server) -> Directory:
    """An empty desired state with a target that takes over whatever it matches."""
    directory = make(base, server, adopt="any")
    for kind in ("users", "groups"):
        (base / "desired_state" / f"{kind}.yaml").unlink()
    return directory


@pytest.fixture
def sandbox() -> Iterator[Server]:
    with running(None, "token") as endpoint:
        yield Server(name="sandbox", url=endpoint.url, token="token")


SERVERS = ("sandbox", "scimmy", "django_scim2", "scim2_server", "django_scim2_server")


@pytest.mark.parametrize("name", SERVERS if FULL else SERVERS[:3])
def test_what_is_imported_is_adopted_and_then_there_are_no_changes(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server: Server = request.getfixturevalue(name)
    fill(server)
    directory = start(tmp_path, server)
    imported = directory.run("import")
    valid = directory.run("validate")
    foreseen = directory.actions()
    directory.apply()
    again = directory.run("import", "--format", "json")
    plan = directory.run("plan", "--detailed-exitcode")

    assert imported.returncode == 0, imported.stderr
    assert valid.returncode == 0, valid.stdout
    assert sorted(foreseen) == [("adopt", "bob"), ("adopt", "london-office")]
    assert "the next plan: 2 to adopt" in imported.stdout
    assert (plan.returncode, "no changes" in plan.stdout) == (0, True)
    assert json.loads(again.stdout)["files"] == []


def test_the_files_read_as_people_write_them(sandbox: Server, tmp_path: Path) -> None:
    fill(sandbox)
    directory = start(tmp_path, sandbox)
    directory.run("import")
    users = (tmp_path / "desired_state/users/live.yaml").read_text(encoding="utf-8")
    groups = (tmp_path / "desired_state/groups/live.yaml").read_text(encoding="utf-8")

    assert users.splitlines()[0].startswith(f"# Imported from live ({sandbox.url}), 20")
    assert (
        """\
  ada:
    userPrincipalName: ada@example.com
    displayName: Ada Lovelace
    givenName: Ada
    surname: Lovelace
    jobTitle: 'Engineer: "chief"'
    mail: ada@example.com
"""
        in users
    )
    assert "  '1001':\n" in users
    assert "    displayName: 'null'\n" in users
    assert (
        "  eve:\n    userPrincipalName: Eve\n    displayName: '2026-01-01'\n    accountEnabled: false\n"
        in users
    )
    assert (
        "  london-office:\n    displayName: London Office\n    members:\n      - ada\n      - eve\n" in groups
    )


def test_nothing_is_ever_overwritten(sandbox: Server, tmp_path: Path) -> None:
    fill(sandbox)
    directory = start(tmp_path, sandbox)
    there = tmp_path / "elsewhere/users/live.yaml"
    there.parent.mkdir(parents=True)
    there.write_text("mine")
    done = directory.run("import", "--out", str(tmp_path / "elsewhere"), "--format", "json")

    assert done.returncode == 1
    assert str(there) in json.loads(done.stdout)["error"]
    assert there.read_text() == "mine"
    assert not (tmp_path / "elsewhere/groups").exists()


def test_only_what_nothing_declares_yet_is_written(sandbox: Server, tmp_path: Path) -> None:
    fill(sandbox)
    directory = start(tmp_path, sandbox)
    directory.write(
        "users",
        "users: {bob: {userPrincipalName: BOB@example.com, displayName: 'null'}, other: {userPrincipalName: o@example.com}}",
    )
    done = directory.run("import", "--format", "json")

    told = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout
    assert told["imported"] == {"users": 3, "groups": 2}
    users = (tmp_path / "desired_state/users/live.yaml").read_text(encoding="utf-8")
    assert "bob@other.example.com" in users
    assert "bob@example.com" not in users
    assert directory.run("validate").returncode == 0


def reading(desk: Desk, server: OddServer, **target: Any) -> Any:
    """An empty desired state for a server of few lines."""
    world = desk.declare(server, adopt="any", **target)
    world.declare({}, {}, adopt="any", **target)
    server._rows = {"/Users": {}, "/Groups": {}}
    return world


def imported(desk: Desk, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of an import; whatever it is, nothing is written at the endpoint."""
    result = desk.run("import", "--format", "json", *arguments)
    document: dict[str, Any] = json.loads(result.out)
    assert document["exitCode"] == result.code, str(result)
    return result.code, document


def found(document: dict[str, Any], code: str) -> str:
    """The text of the finding of that code."""
    texts = [finding["text"] for finding in document["findings"] if finding["code"] == code]
    assert texts, document["findings"]
    return "\n".join(texts)


def test_a_scope_that_takes_nobody_in_is_told_before_anybody_loses_access(desk: Desk) -> None:
    with odd() as server:
        reading(desk, server, scope={"users": "assigned"})
        server.hold("/Users", userName="ada@example.com", externalId="ada", active=True)
        code, document = imported(desk)

    assert code == 1
    assert "scope: {users: all, groups: all}" in found(document, "would-outOfScope")
    assert document["files"] == []
    assert not (desk.base / "desired_state/users").exists()
    assert server.writes == []


def test_inactive_accounts_are_left_out_where_a_declared_one_would_be_deleted(desk: Desk) -> None:
    with odd() as server:
        reading(desk, server, deprovision={"disabled": "delete"})
        server.hold("/Users", userName="ada@example.com", externalId="ada", active=True)
        server.hold("/Users", userName="eve@example.com", externalId="eve", active=False)
        code, document = imported(desk)

    assert code == 0
    assert "eve@example.com" in found(document, "inactive")
    assert document["next"] == dict.fromkeys(document["next"], 0)


def test_inactive_accounts_may_be_left_out(desk: Desk) -> None:
    with odd() as server:
        reading(desk, server)
        server.hold("/Users", userName="ada@example.com", externalId="ada", active=True)
        server.hold("/Users", userName="eve@example.com", externalId="eve", active=False)
        code, document = imported(desk, "--without-inactive")

    assert (code, document["imported"]["users"]) == (0, 1)


def test_who_cannot_be_told_apart_is_left_out(desk: Desk) -> None:
    with odd() as server:
        reading(desk, server, ownership="declared")
        server.hold("/Users", userName="ada@example.com", active=True)
        server.hold("/Users", userName="ADA@example.com", active=True)
        server.hold("/Users", userName="bob@example.com", active=True)
        code, document = imported(desk)

    assert (code, document["imported"]["users"]) == (0, 1)
    assert "id-4, id-5" in found(document, "twins")


def test_canaries_and_the_protected_are_left_out(desk: Desk) -> None:
    with odd() as server:
        reading(desk, server, protected={"users": ["break-glass*"]})
        server.hold("/Users", userName="break-glass-1", active=True)
        server.hold("/Users", userName="reconcile-canary-1@canary.example.com", active=False)
        server.hold("/Users", userName="bob@example.com", active=True)
        code, document = imported(desk)

    assert (code, document["imported"]["users"]) == (0, 1)
    assert "break-glass-1" in found(document, "protected")


def test_what_the_mapping_makes_otherwise_is_told(desk: Desk) -> None:
    attributes = {
        "externalId": {"template": "acme:{{ objectId }}"}, "userName": "userPrincipalName", "displayName": {"template": "{{ givenName }} {{ surname }}"},
        "title": {"constant": "Employee"},
    }  # fmt: skip
    with odd() as server:
        reading(desk, server)
        mapping = {"plain": {"users": {"match": ["externalId", "userName"], "attributes": attributes}}}
        (desk.base / "desired_state/mappings.yaml").write_text(json.dumps({"mappings": mapping}))
        server.hold(
            "/Users",
            userName="ada@example.com",
            externalId="acme:ada",
            displayName="Ada",
            title="Countess",
            active=True,
        )
        code, document = imported(desk)

    assert code == 0
    assert "displayName, title" in found(document, "made")
    assert "'Countess' → 'Employee'" in found(document, "would-change")
    assert (
        "\n  ada:\n    userPrincipalName: ada@example.com\n"
        in (desk.base / "desired_state/users/live.yaml").read_text()
    )


def test_what_is_not_mapped_is_told_with_the_line_to_write(desk: Desk) -> None:
    with odd() as server:
        reading(desk, server)
        server.hold(
            "/Users", userName="ada@example.com", active=True, nickName="ada", timezone="Europe/London",
            phoneNumbers=[{"type": "mobile", "value": "1"}], **{ENTERPRISE: {"department": "Works"}, "urn:x:y:User": {"badge": "b"}},
        )  # fmt: skip
        _, document = imported(desk)

    told = found(document, "unmapped")
    assert "'phoneNumbers[type eq \"mobile\"].value: mobile'" in told
    assert f"'{ENTERPRISE}:department: department'" in told
    assert "to have it, declare attributes: {timezone: {type: text}}" in told
    assert "declare attributes: {badge: {type: text}}, map 'urn:x:y:User:badge: badge'" in told


def test_who_is_somebody_elses_is_told_with_the_line_to_write(desk: Desk) -> None:
    with odd() as server:
        world = reading(desk, server)
        world.declare({}, {}, adopt="empty", budgets={})
        server.hold("/Users", userName="ada@example.com", externalId="somebody else", active=True)
        server.hold("/Users", userName="bob@example.com", active=True)
        code, document = imported(desk)

    assert code == 0
    assert "adopt: any" in found(document, "not-taken-over")
    assert "budgets: {adopt: {count: 1}}" in found(document, "adopt-budget")


def test_a_list_that_is_not_whole_is_exit_6_and_nothing_is_written(desk: Desk) -> None:
    with odd({"/Users": lambda params: (200, {"totalResults": 9, "Resources": []}, {})}) as server:
        reading(desk, server)
        result = desk.run("import", "--format", "json")

    assert (result.code, json.loads(result.out)["exitCode"]) == (6, 6)
    assert not (desk.base / "desired_state/users").exists()


def test_one_target_is_read(desk: Desk) -> None:
    with odd() as server:
        reading(desk, server)
        targets = desk.base / "desired_state" / "targets.yaml"
        document = json.loads(targets.read_text())
        document["targets"]["other"] = document["targets"]["live"]
        targets.write_text(json.dumps(document))
        result = desk.run("import", "--format", "json")

    assert (result.code, json.loads(result.out)["exitCode"]) == (64, 64)


HOSTILE = ("##[error]x", "\u001b[31mred", "a\nb: c", "- x", "{a: b}", "\u202eabc", " lead", "#x", "0x10", "1e3", "~", "%TAG", "@at", "`tick", "\\", "'", '"')  # fmt: skip


def test_whatever_names_are_like_they_come_back_the_same(desk: Desk) -> None:
    with odd() as server:
        reading(desk, server)
        for number, text in enumerate(HOSTILE):
            server.hold("/Users", userName=f"{text}{number}", displayName=text, active=True, externalId=text)
            server.hold("/Groups", displayName=f"{text}{number}", externalId=text)
        code, document = imported(desk)
        plan = desk.run("plan", "--format", "json")

    assert code == 0, document
    assert document["imported"] == {"users": len(HOSTILE), "groups": len(HOSTILE)}
    changes = json.loads(plan.out)["targets"][0]["changes"]
    assert {change["action"] for change in changes} <= {"adopt"}
    assert {a["path"] for change in changes for a in change["attributes"]} <= {"externalId"}

"""What only apply can make is made once, and what is hidden is hidden in every output, on a server over HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import running
from tests.loop.test_loop import TARGETS, Directory
from tests.servers.running import Server

TOKEN = "sandbox-token"
USERS = """\
users:
  ada: {userPrincipalName: ada@example.com, mailNickname: ada, mobile: "+44 20 5550 1111"}
  bob: {userPrincipalName: bob@example.com, mailNickname: bob, mobile: "+44 20 5550 2222"}
"""
MADE = """\
mappings:
  plain:
    users:
      match: [externalId]
      attributes:
        externalId: objectId
        userName: userPrincipalName
        nickName: {expression: 'Join("-", [mailNickname], RandomString(6, 3, 0, 0, 3))'}
        profileUrl: {expression: 'Append("https://example.com/", Guid())'}
        title: {expression: 'FormatDateTime(Now(), , "G", "yyyy-MM-dd HH:mm")'}
"""
HIDDEN = """\
mappings:
  plain:
    users:
      match: [externalId, userName]
      attributes:
        externalId: objectId
        userName: {expression: 'Redact([userPrincipalName])'}
        displayName: {expression: 'Append("of ", Redact([mailNickname]))'}
        nickName: {expression: 'Redact(RandomString(12, 3, 0, 3, 3))'}
        title: {expression: 'Redact("a constant that is hidden")'}
        'phoneNumbers[type eq "work"].value': {expression: 'Redact([mobile])'}
"""
SECRETS = ("@example.com", "5550", "of ada", "of bob", "a constant that is hidden")


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    with running(None, TOKEN) as endpoint:
        made = Directory(tmp_path, Server(name="sandbox", url=endpoint.url, token=TOKEN))
        made.write("users", USERS)
        made.write("targets", TARGETS.replace("ADOPT", "empty").replace("groups: all", "groups: none"))
        yield made


def users(directory: Directory) -> dict[str, Any]:
    with directory.server.connect() as client:
        found = client.get("/Users").raise_for_status().json().get("Resources", [])
    return {user["externalId"]: user for user in found}


def test_what_only_apply_can_make_is_made_once(directory: Directory) -> None:
    directory.write("mappings", MADE)
    [first, second] = [json.loads(directory.run("plan", "--format", "json").stdout) for _ in range(2)]
    created = {a["path"]: a for a in first["targets"][0]["changes"][0]["attributes"]}

    assert first["digest"] == second["digest"]
    assert created["profileUrl"]["after"] == created["nickName"]["after"] == "(known after apply)"
    assert created["nickName"]["expression"] == 'Join("-", "ada", RandomString(6, 3, 0, 0, 3))'
    assert created["title"]["expression"] == 'FormatDateTime(Now(), , "G", "yyyy-MM-dd HH:mm")'
    assert created["title"]["after"] in (
        first["asOf"][:16].replace("T", " "),
        second["asOf"][:16].replace("T", " "),
    )

    assert directory.run("plan", "--out", "plan.json").returncode == 0
    applied = directory.run("apply", "plan.json")
    assert applied.returncode == 0, applied.stderr
    made = users(directory)

    assert re.fullmatch(r"ada-[0-9a-z]{6}", made["ada"]["nickName"])
    assert re.fullmatch(
        r"https://example\.com/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made["ada"]["profileUrl"]
    )
    assert made["ada"]["profileUrl"] != made["bob"]["profileUrl"]
    assert made["ada"]["title"] == json.loads((directory.base / "plan.json").read_text())["asOf"][
        :16
    ].replace("T", " ")
    assert directory.run("plan").stdout.endswith("no changes\n")
    again = directory.run("apply", "--yes")
    assert (again.returncode, users(directory)) == (0, made)
    told = directory.run("explain", "user:ada").stdout
    assert "RandomString(6, 3, 0, 0, 3)" in told


def test_a_manifest_binds_to_the_expression(directory: Directory) -> None:
    directory.write("mappings", MADE)
    assert directory.run("plan", "--manifest", "manifest.json").returncode == 0
    directory.edit("users", "mailNickname: ada,", "mailNickname: eve,")
    stale = directory.run("apply", "--reviewed", "manifest.json")
    directory.edit("users", "mailNickname: eve,", "mailNickname: ada,")
    done = directory.run("apply", "--reviewed", "manifest.json")

    assert stale.returncode == 4
    assert done.returncode == 0, done.stderr
    assert users(directory)["ada"]["nickName"].startswith("ada-")


def outputs(directory: Directory) -> str:
    """Everything that the command line says and writes about this directory, in every format."""
    told = []
    for arguments in (
        ("plan", "--requests", "--format", "text", "--format", "json=out.json", "--format", "markdown=out.md", "--format", "html=out.html",
         "--out", "plan.json", "--manifest", "manifest.json"),
        ("drift", "--format", "json"), ("drift",), ("explain", "user:ada"), ("explain", "user:ada", "--format", "json"),
        ("explain", "user:bob"), ("log",), ("log", "--format", "json"),
    ):  # fmt: skip
        done = directory.run(*arguments)
        assert "Traceback" not in done.stderr, done.stderr
        told += [done.stdout, done.stderr]
    for path in directory.base.rglob("*"):
        if path.is_file() and "desired_state" not in path.parts and "parsed" not in path.name:
            told.append(path.read_text(errors="replace"))
    return "\n".join(told)


def hidden_in(directory: Directory) -> list[str]:
    held = [user.get("nickName") for user in users(directory).values()]
    told = outputs(directory)
    return [secret for secret in (*SECRETS, *filter(None, held)) if secret in told]


def test_what_is_hidden_is_hidden_in_every_output(directory: Directory) -> None:
    directory.write("mappings", HIDDEN)
    assert hidden_in(directory) == []
    assert "[Redact]" in outputs(directory)

    applied = directory.run("apply", "--yes")
    assert applied.returncode == 0, applied.stderr
    assert (applied.stdout + applied.stderr).count("@example.com") == 0
    assert users(directory)["ada"]["phoneNumbers"][0]["value"] == "+44 20 5550 1111"
    assert hidden_in(directory) == []

    directory.edit("users", "5550 1111", "5550 3333")
    directory.edit("users", 'mobile: "+44 20 5550 2222"', "mobile: null")
    with directory.server.connect() as client:
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": [{"op": "replace", "path": "displayName", "value": "of bobby"}]}  # fmt: skip
        client.patch(f"/Users/{users(directory)['bob']['id']}", json=body).raise_for_status()
    assert hidden_in(directory) == []
    assert "[Redact] → [Redact]" in directory.run("plan").stdout
    assert "[Redact] → nothing" in directory.run("plan").stdout
    assert directory.run("apply", "--yes").returncode == 0
    assert users(directory)["ada"]["phoneNumbers"][0]["value"] == "+44 20 5550 3333"
    assert hidden_in(directory) == []


def test_a_hidden_value_is_applied_as_reviewed_or_not_at_all(directory: Directory) -> None:
    directory.write("mappings", HIDDEN)
    assert directory.run("apply", "--yes").returncode == 0
    directory.edit("users", "5550 1111", "5550 3333")
    assert directory.run("plan", "--out", "plan.json").returncode == 0
    directory.edit("users", "5550 3333", "5550 4444")
    stale = directory.run("apply", "plan.json")
    directory.edit("users", "5550 4444", "5550 3333")
    done = directory.run("apply", "plan.json")

    assert stale.returncode == 4
    assert "hidden" in stale.stderr + stale.stdout
    assert done.returncode == 0, done.stderr
    assert users(directory)["ada"]["phoneNumbers"][0]["value"] == "+44 20 5550 3333"


def test_a_contradiction_of_hidden_values_does_not_tell_them(directory: Directory) -> None:
    directory.write("mappings", HIDDEN)
    directory.edit("users", "userPrincipalName: bob@", "userPrincipalName: ada@")
    done = directory.run("plan")

    assert done.returncode == 1
    assert "would both have userName [Redact]" in done.stderr
    assert "@example.com" not in done.stdout + done.stderr


def test_a_hidden_value_of_a_creation_is_the_reviewed_one_too(directory: Directory) -> None:
    once = "{expression: 'Redact([mobile])', apply: create}"
    directory.write("mappings", HIDDEN.replace("{expression: 'Redact([mobile])'}", once))
    assert directory.run("plan", "--manifest", "manifest.json").returncode == 0
    directory.edit("users", "5550 1111", "5550 3333")
    stale = directory.run("apply", "--reviewed", "manifest.json")

    assert stale.returncode == 4
    assert users(directory) == {}


def test_a_pattern_that_runs_away_is_told_with_its_mapping(directory: Directory) -> None:
    pattern = '{expression: \'Replace([displayName], , "(a+)+$", , "x", , )\'}'
    directory.write("mappings", HIDDEN.replace("{expression: 'Redact([mobile])'}", pattern))
    directory.edit(
        "users",
        "{userPrincipalName: bob@example.com",
        f"{{displayName: {'a' * 40_000}!, userPrincipalName: bob@example.com",
    )
    done = directory.run("validate")

    assert done.returncode == 1
    assert (
        'mappings.yaml:11:9: `phoneNumbers[type eq "work"].value` takes longer than 1 s for `bob`;'
        in done.stdout
    )

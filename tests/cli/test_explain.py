"""`explain`: the whole story of each kind of user and group, as text and as JSON.

`explain/` holds a desired state, what is live, and a story for each object; `RECONCILE_GOLDEN=user:ada,…` writes the named
stories anew; read what it wrote.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.edge.quarantine import enter_quarantine
from reconciler.edge.shipped import read_shipped
from tests.properties.bench import Repository, Strict, strict_endpoint

HERE = Path(__file__).parent / "explain"
GOLDEN = set(os.environ.get("RECONCILE_GOLDEN", "").split(",")) - {""}
SCHEMA = json.loads(read_shipped("explain.schema.json"))
ENDPOINT = "https://acme.example/scim"
OBJECTS = (
    "user:ada", "user:grace", "user:new", "user:out", "user:gone", "user:left", "user:dis", "user:soon", "user:twin", "user:named",
    "user:other", "user:admin", "user:ended", "user:mallory", "user:zoe", "live:u-10", "group:staff", "group:engineering",
    "group:others", "group:apart", "live:g-3",
)  # fmt: skip
Story = dict[str, Any]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    with strict_endpoint() as endpoint:
        made = Repository(base=tmp_path_factory.mktemp("explain"), url=endpoint.url)
        root = HERE / "desired"
        made.write({str(path.relative_to(root)): path.read_text() for path in root.rglob("*.yaml")})
        hold(endpoint)
        yield made
        assert endpoint.writes() == []


def hold(endpoint: Strict) -> None:
    endpoint.hold(json.loads((HERE / "live.json").read_text(encoding="utf-8")))


def explain(repository: Repository, name: str) -> Story:
    done = repository.run("explain", name, "--format", "json")
    assert (done.code, done.err) == (0, "")
    told = json.loads(done.out)
    assert [
        f"{list(e.absolute_path)}: {e.message}" for e in Draft202012Validator(SCHEMA).iter_errors(told)
    ] == []
    [story] = told
    assert isinstance(story, dict)
    return story


def test_only_stories_that_exist_are_rewritten() -> None:
    assert {name for name in GOLDEN if ":" in name} <= set(OBJECTS)


@pytest.mark.parametrize("name", OBJECTS)
def test_a_story_reads_as_told(repository: Repository, name: str) -> None:
    done = repository.run("explain", name)
    assert (done.code, done.err) == (0, "")
    told = done.out.replace(repository.url, ENDPOINT)
    path = HERE / "stories" / f"{name.replace(':', '-')}.txt"
    if name in GOLDEN:
        path.write_text(told, encoding="utf-8")

    assert told == path.read_text(encoding="utf-8")


def test_a_story_holds_the_change_and_the_requests_of_the_plan(repository: Repository) -> None:
    plan = repository.run("plan", "--requests", "--format", "json").json()
    changes = plan["targets"][0]["changes"]
    assert len(changes) > 5

    for change in changes:
        story = explain(repository, f"{change['type'].lower()}:{change['key']}")
        assert {**story["change"], "requests": story["requests"]} == change
    told = {f"{change['type'].lower()}:{change['key']}" for change in changes}
    quiet = [name for name in ("user:out", "user:twin", "group:apart") if name not in told]
    assert [explain(repository, name)["change"] for name in quiet] == [None, None, None]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("user:ADA@example.com", "user:ada"),  # a userPrincipalName ignoring case
        ("user:a.lovelace", "user:ada"),  # an externalId that the endpoint still has
        ("live:u-1", "user:ada"),
        ("user:live:u-1", "user:ada"),
        ("user:mallory@example.com", "user:mallory"),
        ("user:free@example.com", "user:live:u-10"),
        ("group:Engineering", "group:engineering"),
        ("group:elsewhere", "group:live:g-3"),
    ],
)
def test_an_object_may_be_named_by_any_of_its_names(repository: Repository, name: str, found: str) -> None:
    assert explain(repository, name)["object"] == found


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("user:adda", "neither the desired state nor acme knows user:adda; did you mean user:ada?"),
        ("group:ada", "knows group:ada; did you mean user:ada?"),
        ("user:fre@example.com", "did you mean user:free@example.com?"),
        ("live:u-99", "knows live:u-99"),
        ("ada", "write user:ID, group:ID or live:ID; did you mean user:ada?"),
        ("user:", "write user:ID, group:ID or live:ID"),
        ("User:ada", "did you mean user:ada?"),
        ("user:\u202e\x1b[31m", "neither the desired state nor acme knows user:\\u202e\\u001b[31m"),
    ],
)
def test_what_nobody_knows_is_wrong_usage(repository: Repository, name: str, told: str) -> None:
    done = repository.run("explain", name)

    assert (done.code, done.out) == (64, "")
    assert told in done.err


def test_a_target_that_cannot_be_read_has_an_error_in_its_story(
    repository: Repository, tmp_path: Path
) -> None:
    away = Repository(base=tmp_path, url="")  # its variable is not set
    root = HERE / "desired"
    away.write({str(path.relative_to(root)): path.read_text() for path in root.rglob("*.yaml")})
    targets = tmp_path / "desired_state" / "targets.yaml"
    targets.write_text(
        targets.read_text()
        + f"  here:\n{targets.read_text().split('acme:')[1].replace('{env: SCIM_URL}', repository.url)}"
    )
    done = away.run("explain", "user:ada", "--format", "json")
    told = json.loads(done.out)

    assert done.code == 1
    assert [(story["target"], bool(story["error"])) for story in told] == [("acme", True), ("here", False)]
    assert list(Draft202012Validator(SCHEMA).iter_errors(told)) == []
    unknown = json.loads(away.run("explain", "user:adda", "--format", "json").out)
    assert "nor here knows user:adda; did you mean user:ada?" in unknown[1]["error"]


def test_a_quarantine_is_told(repository: Repository) -> None:
    data = repository.base / ".reconcile"
    reason = "60 % of the changes fail"
    enter_quarantine(data, "acme", "Unknown", reason, run="one", at="2026-11-25T12:00:00Z")
    story, text = explain(repository, "user:grace"), repository.run("explain", "user:grace").out
    repository.forget()

    assert story["quarantine"] == f"in quarantine since 2026-11-25T12:00:00Z (Unknown): {reason}"
    assert f"  !! {story['quarantine']}\n" in text


def test_the_four_steps_are_told_with_the_values_that_decided(repository: Repository) -> None:
    ada, out = explain(repository, "user:ada"), explain(repository, "user:out")

    values = {value["name"]: (value["layer"], value["source"]) for value in ada["import"]["values"]}
    assert values["mobile"] == ("own", "desired_state/users.yaml:8")
    assert values["mail"] == ("default", "desired_state/users.yaml:1")
    assert values["city"] == ("defaultLocation", "desired_state/locations.yaml:2")
    [staff] = ada["scope"]["assignment"]["groups"]
    assert [(way["groups"], way["how"]) for way in staff["ways"]] == [(["staff", "engineering"], "rule")]
    assert [(row["attribute"], row["isAsked"], [hit["id"] for hit in row["hits"]]) for row in ada["match"]["tried"]] == [
        ("externalId", True, ["u-1"]), ("userName", False, []),
    ]  # fmt: skip
    any_of = out["scope"]["filter"]["clause"]["parts"][2]
    assert [(part["text"], part["value"], part["holds"]) for part in any_of["parts"]] == [
        ("employeeType EQUALS Staff", None, False), ("member of engineering", False, False),
    ]  # fmt: skip
    assert any_of["parts"][0]["note"] == "no value: no comparison holds"
    assert (out["scope"]["status"], out["scope"]["source"]) == ("outOfScope", "desired_state/scopes.yaml:6")
    assert {row["path"].rpartition(":")[2]: row["verdict"] for row in ada["attributes"]} == {
        "preferredLanguage": "differs", "employeeNumber": "differs",
        "externalId": "differs", "userName": "same", "active": "same", "displayName": "same", "name.givenName": "differs",
        "name.formatted": "differs", "title": "same", "userType": "createdOnly", "locale": "createdOnly", "nickName": "kept",
        'emails[type eq "work"].value': "same", 'phoneNumbers[type eq "mobile"].value': "same",
        'phoneNumbers[type eq "work"].value': "cleared", 'addresses[type eq "work"].locality': "differs",
        "department": "same", "manager": "differs",
    }  # fmt: skip


def test_an_expression_is_told_part_by_part(repository: Repository) -> None:
    [row] = [
        row for row in explain(repository, "user:ada")["attributes"] if row["path"] == "preferredLanguage"
    ]

    assert {part["text"]: part["value"] for part in row["parts"]} == {
        "[country]": "GB", 'Join("-", "en", [country])': "en-GB",
        'Switch([country], "en", "DE", "de-DE", "GB", Join("-", "en", [country]))': "en-GB",
    }  # fmt: skip


def test_what_is_redacted_is_told_nowhere(repository: Repository) -> None:
    for name in ("user:ada", "group:engineering", "live:u-1"):
        for form in ("text", "json"):
            out = repository.run("explain", name, "--format", form).out
            assert "secret-1" not in out
            assert "secret-2" not in out
    assert "[Redact] → [Redact]" in repository.run("explain", "user:ada").out.replace('"', "")

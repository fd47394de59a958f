"""A target whose run was stopped: why, where that is shown, who leaves it alone, and what ends it (research: entra 6)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fuzz.raw_server import answer, raw_server
from tests.fuzz.small_endpoint import declare
from tests.log.troubled import Record, Troubled
from tests.properties.bench import Repository

AT_ONCE, PROPORTION = "EncounteredQuarantineException", "EncounteredEscrowProportionThreshold"


def kept(base: Path, target: str = "acme") -> Record | None:
    """What is remembered of the quarantine."""
    path = base / ".reconcile" / "quarantine" / f"{target}.json"
    found: Record | None = json.loads(path.read_text()) if path.exists() else None
    return found


def code_of(company: Troubled) -> str | None:
    found = kept(company.repository.base)
    return found["code"] if found else None


def grow(company: Troubled, number: int = 25) -> None:
    company.people |= {f"p{n}": {"userPrincipalName": f"p{n}@example.com"} for n in range(number)}


@pytest.mark.parametrize(
    ("methods", "status", "expected"),
    [
        ("GET", 401, AT_ONCE),
        ("GET", 403, AT_ONCE),
        ("GET", 404, AT_ONCE),  # where 200 with an empty list is due
        ("GET", 501, AT_ONCE),
        ("POST", 401, AT_ONCE),
        ("POST", 403, AT_ONCE),  # the token may read and not write
        ("POST", 418, PROPORTION),
    ],
)
def test_what_stops_a_run_puts_the_target_into_quarantine(
    company: Troubled, methods: str, status: int, expected: str
) -> None:
    grow(company)
    company.refuse(methods, "/Users", status)
    done = company.apply()

    assert done.code in (1, 5), done.err
    assert code_of(company) == expected
    if methods == "POST":
        assert company.runs()[-1][-1]["reasonCode"] == expected


def test_an_answer_that_is_no_scim_does_so_at_once(tmp_path: Path) -> None:
    with raw_server(lambda method, path: answer(b"<html>welcome</html>")) as server:
        declare(tmp_path, server.url)
        assert Repository(base=tmp_path, url=server.url).run("apply", "--yes").code == 1

    found = kept(tmp_path, "live")
    assert found is not None
    assert found["code"] == AT_ONCE


@pytest.mark.parametrize(("status", "headers"), [(500, {}), (503, {"Retry_After": "0.05"})])
def test_an_outage_before_anything_was_tried_does_not(
    company: Troubled, status: int, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.edge.client.RETRIES", 1)
    company.refuse("GET", "/Users", status, **headers)

    assert company.apply().code == 1
    assert code_of(company) is None


def test_a_few_failures_and_conflicts_do_not(company: Troubled) -> None:
    grow(company)
    company.apply()
    for key in ("ada", "grace", "bob"):
        company.people[key]["jobTitle"] = "Director"
    company.refuse("PATCH PUT", "/Users", 409, "taken", "uniqueness")

    assert company.apply().code == 1
    assert code_of(company) is None


def test_quarantine_is_shown_with_its_reason_and_since_when(company: Troubled) -> None:
    company.apply()
    company.refuse("GET", "/Users", 401)
    company.apply()
    company.apply()
    found = kept(company.repository.base)
    assert found is not None
    assert found["runs"] == 2
    told = f"in quarantine since {found['since']}, 2 runs in a row ({AT_ONCE}): GET /Users: status 401"

    for command in (("plan",), ("drift",), ("explain", "user:ada"), ("log",)):
        assert told in company.run(*command).out, command
    company.answers.clear()
    for command in (("plan",), ("drift",), ("explain", "user:ada"), ("log",)):
        assert told in company.run(*command).out, command
    [finding] = [
        finding
        for finding in company.run("plan", "--format", "json").json()["targets"][0]["findings"]
        if finding["code"] == "quarantine"
    ]
    assert finding["severity"] == "error"
    assert "--clear-quarantine" in finding["text"]
    records = json.loads(company.run("log", "--format", "json").out)
    assert {"record": "quarantine", "target": "acme", **found} in records
    story = json.loads(company.run("explain", "user:ada", "--format", "json").out)
    assert told in story[0]["quarantine"]


@pytest.mark.parametrize("option", ["--scheduled", "--due"])
def test_runs_by_a_schedule_leave_it_alone(company: Troubled, option: str) -> None:
    company.apply()
    company.refuse("GET", "/Users", 401)
    company.apply()
    company.answers.clear()
    company.people["bob"]["employeeLeaveDateTime"] = "2026-01-31"
    done = company.apply(option)

    assert done.code == 0
    assert "acme: skipped, in quarantine since" in done.err
    assert f"({AT_ONCE})" in done.err
    assert "loses access" in company.run("plan").out


def test_another_apply_that_succeeds_ends_it(company: Troubled) -> None:
    company.apply()
    company.refuse("GET", "/Users", 401)
    company.apply()
    company.answers.clear()
    company.people["bob"]["jobTitle"] = "Director"

    assert company.apply().code == 0
    assert code_of(company) is None


def test_so_does_one_that_finds_nothing_to_do(company: Troubled) -> None:
    company.apply()
    company.refuse("GET", "/Users", 401)
    company.apply()
    company.answers.clear()

    assert company.apply().code == 0
    assert code_of(company) is None


def test_a_part_that_has_nothing_to_do_ends_nothing(company: Troubled) -> None:
    grow(company)
    company.apply()
    for person in company.people.values():
        person["jobTitle"] = "Director"
    del company.people["ada"]["jobTitle"]
    company.target = company.target.replace("budgets: {", "budgets: {sameAttribute: {count: 99}, ")
    company.refuse("PATCH PUT", "/Users", 403)
    company.apply()
    assert code_of(company) == AT_ONCE

    assert company.apply("--only", "user:ada").code == 0
    assert code_of(company) == AT_ONCE


def test_a_person_ends_it(company: Troubled) -> None:
    company.apply()
    company.refuse("GET", "/Users", 401)
    company.apply()
    company.answers.clear()
    company.people["bob"]["employeeLeaveDateTime"] = "2026-01-31"
    done = company.apply("--due", "--clear-quarantine")

    assert done.code == 0, done.err
    assert done.out.splitlines()[-1] == "applied: 1 change"
    assert code_of(company) is None


def test_it_counts_on_until_then_and_says_since_when(company: Troubled) -> None:
    company.apply()
    company.refuse("GET", "/Users", 401)
    company.apply()
    first = kept(company.repository.base)
    company.answers.clear()
    company.refuse("GET", "/Users", 404)
    company.apply()
    second = kept(company.repository.base)

    assert first is not None
    assert second is not None
    assert (second["since"], second["runs"]) == (first["since"], 2)
    assert "404" in second["reason"]


def test_a_budget_that_refuses_is_no_quarantine(company: Troubled) -> None:
    """Entra quarantines for too many deletes; here the budget itself holds them, and the rest of a schedule goes on."""
    company.apply()
    company.people["bob"]["accountEnabled"] = False
    company.target = company.target.replace("budgets: {", "budgets: {deactivate: {count: 0}, ")

    assert company.apply().code == 3
    assert code_of(company) is None


def test_a_file_of_an_earlier_version_still_counts(company: Troubled) -> None:
    company.apply()
    path = company.repository.base / ".reconcile" / "quarantine" / "acme.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"reason": "401", "since": "2026-01-01T00:00:00Z", "run": "", "runs": 1}))

    assert "in quarantine since 2026-01-01T00:00:00Z (Unknown): 401" in company.run("plan").out

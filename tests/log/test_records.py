"""The records of a run log: their fields are those of a provisioning log, and tell what really happened (research: entra 7.1)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft202012Validator

from reconciler.edge.run_log import RunLog
from reconciler.edge.shipped import read_shipped
from tests.log.troubled import TARGET, Record, Troubled
from tests.properties.bench import TOKEN

SCHEMA = cast("dict[str, Any]", json.loads(read_shipped("run-log.schema.json")))
ROOT = Path(__file__).parents[2]
FILTERED = """\
scopes:
  engineers: {all: [{jobTitle: Engineer}, {not: {memberOf: contractors}}]}
"""


def faults(records: list[Record]) -> list[str]:
    """What the schema says against records."""
    validator = Draft202012Validator(SCHEMA)
    return [
        f"{record['record']}: {list(error.absolute_path)}: {error.message}"
        for record in records
        for error in validator.iter_errors(record)
    ]


def steps(record: Record) -> list[tuple[str, str]]:
    return [(step["provisioningStepType"], step["status"]) for step in record["provisioningSteps"]]


def details(record: Record, kind: str) -> Record:
    [step] = [step for step in record["provisioningSteps"] if step["provisioningStepType"] == kind]
    return cast("Record", step["details"])


def test_every_record_of_a_mixed_run_fits_the_schema(company: Troubled) -> None:
    company.apply()
    company.people["grace"]["jobTitle"] = "Director"
    company.people["bob"]["accountEnabled"] = False
    company.people["ada"]["manager"] = "zed"
    company.people["eve"] = {"userPrincipalName": "eve@example.com", "displayName": "Eve"}
    company.people["zed"] = {"userPrincipalName": "zed@example.com", "employeeHireDate": "2099-01-01"}
    company.teams["engineering"]["members"] = ["ada", "eve", "zed"]
    company.target += "    protected: {users: ['bob*']}\n"
    company.refuse("POST", "/Users", 409, "taken", "uniqueness")
    assert company.apply().code == 5

    records = [record for run in company.runs() for record in run]
    assert faults(records) == []
    assert len({record["id"] for record in records}) == len(records)
    assert {record["statusInfo"]["status"] for record in company.outcomes()} == {
        "success", "failure", "skipped", "warning",
    }  # fmt: skip
    assert faults([{**records[0], "record": "ended"}]) != []


def test_a_creation_tells_its_steps_its_values_and_both_systems(company: Troubled) -> None:
    company.people["ada"]["manager"] = "grace"
    company.apply()

    record = company.of("ada")
    assert [name["name"] for name in record["provisioningSteps"]] == [
        "EntryImportAdd", "EntrySynchronizationScoping", "EntryMatching", "EntryReferences", "EntrySynchronizationAdd",
        "EntryExportAdd",
    ]  # fmt: skip
    assert {kind for kind, _ in steps(record)} == {
        "import", "scoping", "matching", "referenceResolution", "processing", "export",
    }  # fmt: skip
    assert details(record, "export") == {"httpStatus": 201, "requests": 1}
    assert details(record, "matching") == {"matchingAttributes": "externalId, userName"}
    assert {"displayName": "title", "oldValue": None, "newValue": "Engineer"} in record["modifiedProperties"]
    assert record["sourceIdentity"]["details"] == {"source": "desired_state/users.yaml:1"}
    assert record["targetIdentity"]["id"]
    assert record["targetSystem"]["details"]["url"] == company.repository.url
    assert record["sourceSystem"]["id"] == "desired_state"
    assert (record["jobId"], record["target"]) == ("acme", "acme")


def test_each_change_has_its_own_requests_and_no_others(company: Troubled) -> None:
    company.people |= {
        f"more{n}": {"userPrincipalName": f"more{n}@example.com", "displayName": "More"} for n in range(20)
    }
    company.apply()

    assert {record["requests"] for record in company.outcomes()} == {1}


def test_an_update_tells_the_old_and_the_new_value_and_each_member(company: Troubled) -> None:
    company.apply()
    company.people["grace"]["jobTitle"] = "Director"
    company.teams["engineering"]["members"] = ["grace", "bob"]
    company.apply()

    assert company.of("grace")["modifiedProperties"] == [
        {"displayName": "title", "oldValue": "Engineer", "newValue": "Director"}
    ]
    assert company.of("engineering")["modifiedProperties"] == [
        {"displayName": "members", "oldValue": None, "newValue": "bob"},
        {"displayName": "members", "oldValue": "ada", "newValue": None},
    ]


def test_scoping_tells_both_gates_and_each_clause(company: Troubled) -> None:
    company.apply()
    company.scopes = FILTERED
    company.target = TARGET.replace("{users: all,", "{users: assigned, assigned: {users: [ada, bob]}, filter: engineers,")  # fmt: skip
    company.teams["contractors"] = {"displayName": "Contractors", "members": ["grace"]}
    company.people["ada"]["jobTitle"] = "Clerk"
    company.people["bob"]["accountEnabled"] = False
    company.apply()

    ada, grace, bob = (details(company.of(key), "scoping") for key in ("ada", "grace", "bob"))
    assert ada == {
        "IsActive": "True", "Assigned": "True", "IsEffectivelyEntitledForProvisioning": "False",
        "IsInProvisioningScopeDisplayName": "False",
        "ScopeEvaluationResult": json.dumps({
            "all of": False, "jobTitle EQUALS Engineer": False, "not (a null makes this true)": True, "member of contractors": False,
        }),
    }  # fmt: skip
    assert (grace["Assigned"], grace["IsInProvisioningScopeDisplayName"]) == ("False", "False")
    assert (bob["IsActive"], bob["Assigned"], bob["IsInProvisioningScopeDisplayName"]) == ("False", "True", "True")  # fmt: skip
    assert steps(company.of("ada"))[1] == ("scoping", "skipped")


def test_a_member_who_could_not_be_made_is_a_reference_that_could_not_be_resolved(company: Troubled) -> None:
    company.apply()
    company.people["eve"] = {"userPrincipalName": "eve@example.com", "displayName": "Eve"}
    company.teams["engineering"]["members"].append("eve")
    company.refuse("POST", "/Users", 403)
    company.apply()

    record = company.of("engineering")
    assert record["statusInfo"]["errorCode"] == "UnableToResolveReferenceAttributeValue"
    assert steps(record)[-1] == ("referenceResolution", "failure")
    assert record["requests"] == 0


def test_what_was_answered_as_done_and_did_not_happen_is_a_failure_in_the_end(company: Troubled) -> None:
    company.apply()
    company.people["bob"]["accountEnabled"] = False
    company.refuse("PATCH PUT", "/Users", 204)
    assert company.apply().code == 5

    told = company.of("bob")["statusInfo"]
    assert (told["status"], told["errorCode"]) == ("failure", "NotKept")


def test_a_refused_plan_is_staged_with_what_to_type_and_said_once(company: Troubled) -> None:
    company.apply()
    company.people["bob"]["accountEnabled"] = False
    company.people["grace"]["jobTitle"] = "Director"
    company.target = company.target.replace("budgets: {", "budgets: {deactivate: {count: 0}, ")
    assert company.apply().code == 3
    assert company.apply().code == 3

    assert len(company.runs()) == 2
    run, end = company.runs()[-1][0], company.runs()[-1][-1]
    assert "budget deactivate: 1 planned, 0 allowed" in run["refused"]
    assert (end["record"], end["succeeded"], end["withheld"]) == ("end", 0, 2)
    bob, grace = company.of("bob"), company.of("grace")
    assert (bob["provisioningAction"], bob["statusInfo"]["errorCode"]) == ("stageddelete", "StagedDelete")
    assert (grace["provisioningAction"], grace["statusInfo"]["errorCode"]) == ("stagedaction", "StagedAction")
    assert "--approve acme:deactivate:sha256:" in bob["statusInfo"]["reason"]
    assert bob["statusInfo"]["status"] == "skipped"
    assert faults([record for run in company.runs() for record in run]) == []
    company.people["ada"]["jobTitle"] = "Director"
    company.apply()
    assert len(company.runs()) == 3


def test_a_refused_run_hides_no_interrupted_one(company: Troubled) -> None:
    """What the interrupted run held within its budgets is still held, although the next run was refused."""
    company.people |= {f"p{n}": {"userPrincipalName": f"p{n}@example.com"} for n in range(10)}
    company.apply()
    for n in range(5):
        company.people[f"p{n}"]["accountEnabled"] = False
    company.refuse("PATCH PUT", "/Users", 500)
    assert company.apply().code != 0
    company.answers.clear()
    for n in range(5, 10):
        company.people[f"p{n}"]["accountEnabled"] = False
    company.people["bob"]["accountEnabled"] = False
    assert company.apply().code == 3
    del company.people["bob"]["accountEnabled"]

    assert company.apply().code == 0


def test_who_began_a_run_is_told(company: Troubled, monkeypatch: Any) -> None:
    monkeypatch.setenv("GITHUB_ACTOR", "octocat")
    monkeypatch.setenv("GITHUB_RUN_ID", "17")
    monkeypatch.setenv("GITHUB_SHA", "0" * 40)
    company.apply()

    run = company.runs()[0][0]
    assert run["initiatedBy"] == {"id": "17", "displayName": "octocat", "initiatorType": "application"}
    assert run["sourceSystem"]["details"]["commit"] == "0" * 40


def test_a_log_that_cannot_be_written_any_more_stops_the_run(company: Troubled) -> None:
    """A disk that is full: what is not logged is not done."""
    company.people |= {f"p{n}": {"userPrincipalName": f"p{n}@example.com"} for n in range(40)}
    company.target = company.target.replace("requestsPerSecond", "concurrency: 1, requestsPerSecond")
    company.declare()
    environ = {**os.environ, "SCIM_URL": company.repository.url, "SCIM_TOKEN": TOKEN}
    command = f"ulimit -f 24; exec {sys.executable} -m reconciler -C {company.repository.base} apply --yes"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environ, capture_output=True, text=True, check=False)  # fmt: skip

    assert done.returncode == 5, done.stderr
    assert "the run log cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert company.apply().code == 0


def test_a_line_is_ascii_whatever_it_quotes(tmp_path: Path) -> None:
    names = ("plain", "\u202e\u2028\x85Zoë", "\ud800")
    with RunLog(tmp_path, "run", {"target": "Zoë"}) as log:
        for name in names:
            log.write({"record": "outcome", "requests": 1, "name": name}, at="2026-11-23T14:40:00.000Z")

    content = (tmp_path / "runs" / "run.jsonl").read_bytes()
    assert content.isascii()
    assert [json.loads(line)["name"] for line in content.splitlines()] == list(names)
    assert json.loads(content.splitlines()[0])["target"] == "Zoë"

"""What an endpoint answers, and what the log says of it: every code of a provisioning log, over HTTP (research: entra 7.2)."""

from __future__ import annotations

import asyncio
import os
import signal
from http import HTTPStatus

import pytest
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse

from reconciler.model.codes import CODES, SCIM
from reconciler.sandbox.rewrite import Serve, refuse
from tests.fuzz.small_endpoint import USERS, declare, small_endpoint
from tests.log.test_records import steps
from tests.log.troubled import Troubled
from tests.properties.bench import Repository

WRITES = "PATCH PUT"  # what is refused as a PATCH is tried as a PUT


@pytest.mark.parametrize(
    ("methods", "status", "detail", "scim_type", "code"),
    [
        ("POST", 400, "userName is required", "invalidValue", "MandatoryFieldsMissing"),
        (WRITES, 400, "title cannot be empty", "invalidValue", "MissingValues"),
        (WRITES, 400, "Unknown attribute title", None, "SchemaAttributeNotFound"),
        (WRITES, 400, "no such path", "invalidPath", "SchemaAttributeNotFound"),
        (WRITES, 400, "title is single-valued", None, "SchemaPropertyCanOnlyAcceptValue"),
        (WRITES, 400, "title is read-only", "mutability", "NotPermitted"),
        ("POST", 400, "The domain example.com is not verified", None, "InvalidDomain"),
        ("POST", 403, "No licences are left", None, "LicenseLimitExceeded"),
        ("POST", 402, "", None, "LicenseLimitExceeded"),
        (WRITES, 403, "scope is missing", None, "InsufficientRights"),
        (WRITES, 404, "", None, "InvalidAnchor"),
        (WRITES, 405, "", None, "MethodNotAllowed"),
        (WRITES, 501, "", None, "NotImplemented"),
        (WRITES, 422, "no", None, "UnprocessableEntity"),
        (WRITES, 409, "the name is taken", "uniqueness", "EntryConflict"),
        ("POST", 409, "the name is taken", "uniqueness", "EntryConflict"),
        (WRITES, 412, "", None, "Conflict"),
        (WRITES, 418, "", None, "WebExceptionProtocolError"),
        (WRITES, 500, "", None, "InternalServerError"),
        (WRITES, 401, "", None, "Unauthorized"),
    ],
)
def test_what_an_endpoint_refuses_is_logged_with_its_code(
    company: Troubled, methods: str, status: int, detail: str, scim_type: str | None, code: str
) -> None:
    assert company.apply().code == 0
    company.people["grace"]["jobTitle"] = "Director"
    company.people["eve"] = {"userPrincipalName": "eve@example.com", "displayName": "Eve"}
    company.refuse(methods, "/Users", status, detail, scim_type)
    company.apply()

    key = "eve" if methods == "POST" else "grace"
    record = company.of(key, "failure")
    told = record["statusInfo"]
    assert (told["status"], told["errorCode"]) == ("failure", code)
    assert told["additionalDetails"] == f"HTTP status {status}"
    assert (told["errorCategory"], told["recommendedAction"]) == (CODES[code].category, CODES[code].advice)
    assert str(status) in told["reason"]
    last = record["provisioningSteps"][-1]
    assert (last["provisioningStepType"], last["status"]) == ("export", "failure")
    assert last["details"]["httpStatus"] == status
    assert (
        company.of(key)["statusInfo"]["errorCode"] == code
    )  # and so where the value is withheld from now on


def test_haste_that_is_refused_for_too_long(company: Troubled) -> None:
    company.refuse("POST", "/Users", 429, Retry_After="0.05")
    company.teams, company.people = {}, {"ada": company.people["ada"]}
    company.apply()

    assert company.of("ada")["statusInfo"]["errorCode"] == "TooManyRequests"
    assert company.of("ada")["requests"] == 13


def test_an_answer_that_does_not_come_in_time(company: Troubled) -> None:
    async def sleep(request: ScimRequest, _: Serve) -> ScimResponse | None:
        if request.method != "PATCH":
            return None
        await asyncio.sleep(0.3)
        return refuse(HTTPStatus.BAD_REQUEST, "too late")

    company.target = company.target.replace("requestsPerSecond", "timeoutSeconds: 0.2, requestsPerSecond")
    company.people = {"ada": company.people["ada"]}
    company.teams = {}
    company.apply()
    company.answers.append(sleep)
    company.people["ada"]["jobTitle"] = "Director"
    company.apply()

    assert company.of("ada")["statusInfo"]["errorCode"] == "Timeout"


def test_an_answer_that_is_no_scim(company: Troubled) -> None:
    director = {"userPrincipalName": "ada@example.com", "displayName": "Ada", "jobTitle": "Director"}
    with small_endpoint(USERS[:1], (), refusal=b"<html>welcome</html>", status="200 OK") as server:
        declare(company.repository.base, server.url, {"ada": director}, {})
        repository = Repository(base=company.repository.base, url=server.url)
        repository.run("apply", "--yes")

    [record] = repository.outcomes()
    assert record["statusInfo"]["errorCode"] == f"{SCIM}ServiceIncompatible"


def test_several_resources_where_one_is_looked_for(company: Troubled) -> None:
    async def two(request: ScimRequest, serve: Serve) -> ScimResponse | None:
        if request.method == "GET" and request.path == "/Users" and "filter" in request.query:
            response = await serve(request)
            rows = [{"id": "1", "externalId": "ada"}, {"id": "2", "externalId": "ada"}]
            return ScimResponse(status=response.status, body={**(response.body or {}), "Resources": rows})
        return None

    company.answers.append(two)
    company.refuse("POST", "/Users", 409, "taken", "uniqueness")
    company.teams, company.people = {}, {"ada": company.people["ada"]}
    company.apply()

    told = company.of("ada")["statusInfo"]
    assert told["errorCode"] == f"{SCIM}MultipleEntriesInResponse"
    assert "2 resources have externalId ada" in told["reason"]


@pytest.mark.parametrize("code", ["CircuitOpen", "Deferred", "Interrupted"])
def test_what_was_not_begun_says_why(company: Troubled, code: str) -> None:
    async def interrupt(request: ScimRequest, serve: Serve) -> ScimResponse | None:
        if request.method == "POST" and b"p3" in request.body:
            os.kill(os.getpid(), signal.SIGINT)
        return None

    company.teams, company.people = (
        {},
        {f"p{n}": {"userPrincipalName": f"p{n}@example.com"} for n in range(30)},
    )
    company.target = company.target.replace("requestsPerSecond", "concurrency: 1, requestsPerSecond")
    if code == "Interrupted":
        company.answers.append(interrupt)
    else:
        # What is refused as a form is no failure yet: the rest waits for another form, and there is none for a POST.
        company.refuse("POST", "/Users", 418 if code == "CircuitOpen" else 422)
    company.apply()

    skipped = [record for record in company.outcomes() if record["statusInfo"]["status"] == "skipped"]
    assert {record["statusInfo"]["errorCode"] for record in skipped} == {code}
    assert {record["requests"] for record in skipped} == {0}
    assert all("not begun" in record["statusInfo"]["reason"] for record in skipped)
    assert [kind for kind, _ in steps(skipped[0])][-1] == "processing"

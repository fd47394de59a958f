"""The codes of a provisioning log, from what servers answer (research: entra 7.2)."""

import re

import pytest

from reconciler.model.codes import CODES, SCIM, code_of_answer

NEW, OLD = True, False


@pytest.mark.parametrize(
    ("status", "scim_type", "detail", "is_creation", "expected"),
    [
        (401, "", "", OLD, "Unauthorized"),
        (403, "", "Missing required scope users:write", OLD, "InsufficientRights"),
        (403, "", "No licences are left", NEW, "LicenseLimitExceeded"),
        (402, "", "", NEW, "LicenseLimitExceeded"),
        (409, "", "All seats of your plan are taken", NEW, "LicenseLimitExceeded"),
        (400, "", "You have reached the user limit of your plan", NEW, "LicenseLimitExceeded"),
        (404, "", "", OLD, "InvalidAnchor"),
        (410, "", "", OLD, "InvalidAnchor"),
        (405, "", "", OLD, "MethodNotAllowed"),
        (408, "", "", OLD, "Timeout"),
        (504, "", "", OLD, "Timeout"),
        (409, "uniqueness", "a seat is booked twice", NEW, "EntryConflict"),
        (409, "", "User x@domain.com already exists in an unknown domain", NEW, "EntryConflict"),
        (400, "uniqueness", "", NEW, "EntryConflict"),
        (412, "", "", OLD, "Conflict"),
        (429, "", "", OLD, "TooManyRequests"),
        (500, "", "attribute x is required", OLD, "InternalServerError"),
        (502, "", "", OLD, "InternalServerError"),
        (501, "", "", OLD, "NotImplemented"),
        (400, "", "", OLD, "UnprocessableEntity"),
        (422, "", "no", OLD, "UnprocessableEntity"),
        (400, "invalidSyntax", "", OLD, "UnprocessableEntity"),
        (415, "", "", OLD, "WebExceptionProtocolError"),
        (418, "", "", OLD, "WebExceptionProtocolError"),
        (400, "mutability", "", OLD, "NotPermitted"),
        (423, "", "", OLD, "NotPermitted"),
        (400, "invalidPath", "", OLD, "SchemaAttributeNotFound"),
        (400, "noTarget", "", OLD, "SchemaAttributeNotFound"),
        (400, "", "Unknown attribute: nickName", NEW, "SchemaAttributeNotFound"),
        (400, "invalidValue", "Attribute nickName is not defined in the schema", OLD, "SchemaAttributeNotFound"),
        (400, "", "Additional properties are not allowed ('foo' was unexpected)", NEW, "SchemaAttributeNotFound"),
        (400, "invalidValue", "userName: this field is required", NEW, "MandatoryFieldsMissing"),
        (422, "", "Email can't be blank", NEW, "MandatoryFieldsMissing"),
        (400, "", "name.familyName must not be null", NEW, "MandatoryFieldsMissing"),
        (400, "invalidValue", "displayName cannot be empty", OLD, "MissingValues"),
        (400, "", "The e-mail domain example.org is not verified", NEW, "InvalidDomain"),
        (403, "", "Unverified domain", NEW, "InvalidDomain"),
        (400, "invalidValue", "title is single-valued", OLD, "SchemaPropertyCanOnlyAcceptValue"),
        (400, "invalidVers", "", OLD, f"{SCIM}ServiceIncompatible"),
    ],
)  # fmt: skip
def test_an_answer_has_the_code_that_says_most(
    status: int, scim_type: str, detail: str, is_creation: bool, expected: str
) -> None:
    assert code_of_answer(status, scim_type, detail, is_creation=is_creation) == expected


def test_every_code_says_who_must_act_and_what_to_do() -> None:
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+", code) for code in CODES)
    assert {code.category for code in CODES.values()} == {"Failure", "NonServiceFailure"}
    assert all(
        code.advice.endswith((".", "printed.")) and code.advice[0].isupper() for code in CODES.values()
    )


@pytest.mark.parametrize("status", range(400, 600))
def test_every_status_has_a_code_that_is_told_of(status: int) -> None:
    assert code_of_answer(status) in CODES

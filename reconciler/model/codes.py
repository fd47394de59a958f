"""Codes: what went wrong, in the words of a provisioning log, who must act and what to do (research: entra 7.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

# Of Entra: `NonServiceFailure` waits for a person, `Failure` may be gone the next time.
Category = Literal["Failure", "NonServiceFailure"]
SCIM = "SystemForCrossDomainIdentityManagement"


@dataclass(frozen=True, slots=True)
class Code:
    """Whether a person must act, and what there is to do."""

    category: Category
    advice: str


def _person(advice: str) -> Code:
    return Code("NonServiceFailure", advice)


def _passing(advice: str) -> Code:
    return Code("Failure", advice)


CODES: dict[str, Code] = {
    # what the endpoint answered, or did not
    "Conflict": _passing("Somebody else wrote there meanwhile: plan again."),
    "EntryConflict": _person("Free the name or value at the endpoint, or say that it is the same one (adopt, previousIds); then plan again."),
    "TooManyRequests": _passing("Apply again later; a lower client.requestsPerSecond in the target asks less of the endpoint."),
    "InternalServerError": _passing("Apply again; if it stays, tell the endpoint's vendor the time and the request."),
    "Unauthorized": _person("Renew the target's token, then apply again."),
    f"{SCIM}InvalidCredentials": _person("Correct clientId, clientSecret or tokenUrl of the target, then apply again."),
    "InsufficientRights": _person("Give the token the right to do this at the endpoint, or list the resource under protected in the target."),
    "NotPermitted": _person("The endpoint lets nobody change this: unmap the attribute, or map it with apply: create."),
    "MethodNotAllowed": _person("The endpoint has no such request: choose another deprovision rule or profile for the target."),
    "NotImplemented": _person("The endpoint has no such feature: choose another deprovision rule or profile for the target."),
    "UnprocessableEntity": _person("Correct the value that the endpoint refuses, in the YAML or in the mapping."),
    "WebExceptionProtocolError": _passing("Check url, proxy and network of the target, then apply again."),
    "InvalidAnchor": _passing("The account is gone from the endpoint: plan again, which matches anew."),
    "MandatoryFieldsMissing": _person("Declare the attribute that the endpoint requires, or map it with a default."),
    "MissingValues": _person("Give the attribute a value: the endpoint does not let it go without one."),
    "SchemaAttributeNotFound": _person("Unmap the attribute, or write it into the target under learnt: {withhold: […]}."),
    "SchemaPropertyCanOnlyAcceptValue": _person("The endpoint takes one value there: map a source that has one."),
    "InvalidDomain": _person("Verify the domain at the endpoint, or correct the address in the YAML."),
    "LicenseLimitExceeded": _person("Free or buy licences at the endpoint, then apply again."),
    "Timeout": _passing("Apply again; a longer client.timeoutSeconds in the target waits longer."),
    f"{SCIM}ServiceIncompatible": _person("What answered is no SCIM: the url must end where /Users begins; look with `reconcile explain`, or ask the vendor."),
    f"{SCIM}MultipleEntriesInResponse": _person("Several resources at the endpoint have this value: make it unique there, then plan again."),
    # what the plan withholds
    "DuplicateTargetEntries": _person("Make the matching value unique at the endpoint, then plan again."),
    "DuplicateSourceEntries": _person("Say by previousIds which one it is, or give each a matching value of its own."),
    "EntrySynchronizationSkipped": _person("Nothing, if that is as it should be; else change what the reason names."),
    "RedundantExport": _person("Nothing: it is at the endpoint as declared."),
    "UnableToResolveReferenceAttributeValue": _passing("Nothing: it is linked by itself once it is at the target; apply again if that was to be made by this run."),
    "NotKept": _person("Unmap the attribute, or write into the target the learnt: line that apply printed."),
    "StagedDelete": _person("If they are to go, approve exactly that, as the reason shows; if not, correct the YAML."),
    "StagedAction": _person("Approve the budgets that the plan exceeds, or correct the YAML; then apply again."),
    # what was not begun
    "CircuitOpen": _passing("Repair what the failures before it name, then apply again."),
    "Interrupted": _passing("Apply again: it goes on with what is left."),
    "Deferred": _passing("Nothing, if a later record of it follows; else apply again."),
    "InternalError": _passing("Read the reason, then apply again."),
}  # fmt: skip

_BY_STATUS = {
    401: "Unauthorized", 402: "LicenseLimitExceeded", 403: "InsufficientRights", 404: "InvalidAnchor", 405: "MethodNotAllowed",
    408: "Timeout", 409: "EntryConflict", 410: "InvalidAnchor", 412: "Conflict", 423: "NotPermitted", 429: "TooManyRequests",
    451: "NotPermitted", 501: "NotImplemented", 504: "Timeout",
}  # fmt: skip
_BY_SCIM_TYPE = {
    "uniqueness": "EntryConflict", "mutability": "NotPermitted", "sensitive": "NotPermitted", "invalidpath": "SchemaAttributeNotFound",
    "notarget": "SchemaAttributeNotFound", "invalidvers": f"{SCIM}ServiceIncompatible",
}  # fmt: skip  # RFC 7644 table 9
# What servers say where their status says little, beside these statuses: the first that fits decides.
_SAID = tuple(
    (code, statuses, re.compile("|".join(patterns), re.IGNORECASE))
    for code, statuses, *patterns in (
        ("LicenseLimitExceeded", (400, 403, 409, 422), r"licen[cs]e|\bseats?\b|subscription", r"\b(plan|user|account|member) (limit|quota)"),
        ("InvalidDomain", (400, 403, 422), r"\b(invalid|not|unverified|unknown|disallowed|blocked)\b.{0,40}\bdomains?\b",
         r"\bdomains?\b.{0,60}\b(invalid|not|unverified|unknown|blocked)\b"),
        ("SchemaPropertyCanOnlyAcceptValue", (400, 422), r"single[- ]valued|multiple values|not multi-?valued", r"(only|at most) (a single|one) value"),
        ("SchemaAttributeNotFound", (400, 422), r"(unknown|unrecogni[sz]ed|undefined|unsupported|unexpected|no such|additional) (\w+ )?(attribute|propert|field|path)",
         r"\b(attribute|property|field|path)\b.{0,60}(unknown|unsupported|does not exist|not (found|defined|recogni[sz]ed|supported|known|allowed))"),
        ("MandatoryFieldsMissing", (400, 422), r"\b(required|missing|mandatory)\b", r"(must|can|may|should)( ?not|'t) be (blank|empty|null)"),
    )
)  # fmt: skip


def code_of_answer(status: int, scim_type: str = "", detail: str = "", *, is_creation: bool = False) -> str:
    """The code for an error answer: by its scimType, by what it says, else by its status alone.

    >>> code_of_answer(400, "invalidValue", "userName is required", is_creation=True)
    'MandatoryFieldsMissing'
    """
    told = _BY_SCIM_TYPE.get(scim_type.casefold())
    if told is not None and status in (400, 409, 422):
        return told
    for code, statuses, pattern in _SAID:
        if status in statuses and pattern.search(detail):
            return "MissingValues" if code == "MandatoryFieldsMissing" and not is_creation else code
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return "InternalServerError"
    return "UnprocessableEntity" if status in (400, 422) else "WebExceptionProtocolError"

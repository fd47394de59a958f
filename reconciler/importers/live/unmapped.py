"""Unmapped: what the endpoint shows of users and groups and the mapping says nothing about, with the line to write."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from reconciler.model.attribute_path import ENTERPRISE, AttributePath
from reconciler.model.column import Columns
from reconciler.model.finding import Finding
from reconciler.model.path_rules import is_one_value

# Entra's own mapping, backwards (research: entra 10.1): the source attribute that such a value has there.
USUAL = {
    "displayName": "displayName", "title": "jobTitle", "nickName": "mailNickname", "userType": "userType",
    "preferredLanguage": "preferredLanguage", "name.givenName": "givenName", "name.familyName": "surname",
    'emails[type eq "work"].value': "mail", 'phoneNumbers[type eq "work"].value': "telephoneNumber",
    'phoneNumbers[type eq "mobile"].value': "mobile", 'phoneNumbers[type eq "fax"].value': "facsimileTelephoneNumber",
    'addresses[type eq "work"].streetAddress': "streetAddress", 'addresses[type eq "work"].locality': "city",
    'addresses[type eq "work"].region': "state", 'addresses[type eq "work"].postalCode': "postalCode",
    'addresses[type eq "work"].country': "country", f"{ENTERPRISE}:employeeNumber": "employeeId",
    f"{ENTERPRISE}:department": "department", f"{ENTERPRISE}:division": "division", f"{ENTERPRISE}:costCenter": "costCenter",
    f"{ENTERPRISE}:organization": "companyName", f"{ENTERPRISE}:manager": "manager",
}  # fmt: skip
# Common attributes, what the endpoint makes itself, and what is no matter of provisioning.
OWN = ("id", "schemas", "meta", "groups", "password", "members", "externalid", "active")
INSIDE = (
    "display",
    "primary",
    "type",
    "$ref",
    "formatted",
)  # of an element or a name: made of the rest, as a rule
AGAIN = "import into fresh files"
_NAME = re.compile(r"[A-Za-z$][\w$-]*")
_URN = re.compile(r"urn:[\w()+,.:=@;$!*'%/?#-]+")


def find_unmapped(documents: Iterable[Mapping[str, object]], columns: Columns) -> Iterator[Finding]:
    """A finding for each value of these resources that no column reads."""
    documents = list(documents)
    mapped = [column.path for column in columns.all]
    counts = Counter(path for document in documents for path in set(_paths(document)))
    for path, count in sorted(counts.items(), key=lambda one: str(one[0])):
        if not any(is_one_value(path, other) for other in mapped):
            yield Finding(severity="info", code="unmapped", text=_text(path, count, len(documents), columns))


def _text(path: AttributePath, count: int, total: int, columns: Columns) -> str:
    written, usual = str(path), USUAL.get(str(path))
    kind = f"{columns.type.lower()}s"
    text = f"{written} of {count:,} of {total:,} {kind} looked at is not mapped, so not imported"
    if columns.type == "Group":
        return text
    if usual is not None:
        return f"{text}; to have it, map '{written}: {usual}', and {AGAIN}"
    name = path.sub if path.sub not in (None, "value") else path.name
    return f"{text}; to have it, declare attributes: {{{name}: {{type: text}}}}, map '{written}: {name}', and {AGAIN}"


def _paths(document: Mapping[str, object]) -> Iterator[AttributePath]:
    for name, value in document.items():
        if name.casefold() in OWN or _is_empty(value):
            continue
        if _URN.fullmatch(name) and isinstance(value, dict):
            yield from (
                _path(name, inner, None)
                for inner in value
                if _NAME.fullmatch(inner) and not _is_empty(value[inner])
            )
        elif _NAME.fullmatch(name):
            yield from _core(name, value)


def _core(name: str, value: object) -> Iterator[AttributePath]:
    if isinstance(value, dict):
        yield from (_path(None, name, sub) for sub in value if sub not in INSIDE and _NAME.fullmatch(sub))
    elif isinstance(value, list):
        for element in (one for one in value if isinstance(one, dict)):
            kind = element.get("type")
            for sub in element:
                if sub not in INSIDE and _NAME.fullmatch(sub) and not _is_empty(element[sub]):
                    is_typed = isinstance(kind, str) and kind.isalnum()
                    yield (
                        AttributePath(None, name, "type", kind, sub) if is_typed else _path(None, name, None)
                    )
    else:
        yield _path(None, name, None)


def _path(urn: str | None, name: str, sub: str | None) -> AttributePath:
    return AttributePath(urn, name, sub=sub)


def _is_empty(value: object) -> bool:
    return value is None or value in ("", [], {})

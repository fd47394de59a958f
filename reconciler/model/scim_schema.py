"""SCIM schema: the characteristics of attributes that RFC 7643 sections 4.1, 4.2, 4.3 and 8.7 give."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from reconciler.model.attribute_path import ENTERPRISE, AttributePath
from reconciler.model.resource import Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Characteristic:
    """One attribute's characteristics (RFC 7643 section 7)."""

    type: str = "string"
    case_exact: bool = False
    multi_valued: bool = False
    read_only: bool = False


_PLURAL = ("value", "display", "type", "primary")
_SIMPLE = "userName displayName nickName profileUrl title userType preferredLanguage locale timezone".split()
_NAME = "formatted familyName givenName middleName honorificPrefix honorificSuffix".split()
_ADDRESS = "formatted streetAddress locality region postalCode country type primary".split()
_ENTERPRISE = "employeeNumber costCenter organization division department manager".split()


def _user() -> dict[str, Characteristic]:
    known = {name: Characteristic() for name in _SIMPLE}
    known["externalId"] = Characteristic(case_exact=True)
    known["active"] = Characteristic(type="boolean")
    known["password"] = Characteristic(case_exact=True)
    known["id"] = Characteristic(case_exact=True, read_only=True)
    known["groups"] = known["meta"] = Characteristic(type="complex", read_only=True)
    known["name"] = Characteristic(type="complex")
    known |= {f"name.{sub}": Characteristic() for sub in _NAME}
    for plural in ("emails", "phoneNumbers", "ims", "photos", "entitlements", "roles", "x509Certificates"):
        known[plural] = Characteristic(type="complex", multi_valued=True)
        known |= {
            f"{plural}.{sub}": Characteristic(type="boolean" if sub == "primary" else "string")
            for sub in _PLURAL
        }
    known["addresses"] = Characteristic(type="complex", multi_valued=True)
    known |= {
        f"addresses.{sub}": Characteristic(type="boolean" if sub == "primary" else "string")
        for sub in _ADDRESS
    }
    known |= {f"{ENTERPRISE}:{name}": Characteristic() for name in _ENTERPRISE}
    known[f"{ENTERPRISE}:manager"] = known[f"{ENTERPRISE}:manager.value"] = Characteristic(
        type="reference", case_exact=True
    )
    return known


KNOWN: dict[Type, dict[str, Characteristic]] = {
    "User": _user(),
    "Group": {
        "displayName": Characteristic(),
        "externalId": Characteristic(case_exact=True),
        "members": Characteristic(type="complex", case_exact=True, multi_valued=True),
        "id": Characteristic(case_exact=True, read_only=True),
        "meta": Characteristic(type="complex", read_only=True),
    },
}


@lru_cache(maxsize=1024)
def characteristic(path: AttributePath, type_: Type) -> Characteristic | None:
    """What RFC 7643 says about the attribute that `path` names, or None if it knows none."""
    return KNOWN[type_].get(str(AttributePath(path.urn, path.name, sub=path.sub)))

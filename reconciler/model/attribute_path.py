"""Attribute paths: where in a SCIM resource a value lives (RFC 7644 section 3.5.2, figure 7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"

_PATH = re.compile(
    r"(?:(?P<urn>urn:[\w()+,.:=@;$!*'%/?#-]+):)?"
    r"(?P<name>[A-Za-z$][\w$-]*)"
    r"(?:\[\s*(?P<key>[A-Za-z]\w*)\s+[eE][qQ]\s+(?:\"(?P<text>[^\"\\\x00-\x1f\x7f]*)\"|(?P<flag>true|false))\s*\])?"
    r"(?:\.(?P<sub>[A-Za-z$][\w$-]*))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class AttributePath:
    """`[urn:]name[key eq "value"].sub`; `urn` is None for the core schema."""

    urn: str | None
    name: str
    key: str | None = None
    value: str | bool | None = None
    sub: str | None = None

    def __str__(self) -> str:
        urn = f"{self.urn}:" if self.urn else ""
        sub = f".{self.sub}" if self.sub else ""
        return f"{urn}{self.selector}{sub}"

    @property
    def selector(self) -> str:
        """The path without urn and sub-attribute: `emails[type eq "work"]`."""
        if self.key is None:
            return self.name
        value = str(self.value).lower() if isinstance(self.value, bool) else f'"{self.value}"'
        return f"{self.name}[{self.key} eq {value}]"

    @property
    def element(self) -> str:
        """The attribute or the selected element, with its urn: what one PATCH operation may address."""
        return f"{self.urn}:{self.selector}" if self.urn else self.selector


def quoted(path: str) -> str:
    """A path as YAML has it within a list."""
    return f"'{path}'" if any(c in path for c in ' :[]"') else path


@lru_cache(maxsize=4096)
def parse_path(text: str) -> AttributePath:
    """The path written as `text`.

    Raises ValueError with what to write instead.
    """
    found = _PATH.fullmatch(text.strip())
    if not found:
        raise ValueError(
            f'`{text}` is not a SCIM path; write for example `name.givenName` or `emails[type eq "work"].value`'
        )
    urn = found["urn"]
    if urn in (CORE_USER, CORE_GROUP):
        urn = None
    value: str | bool | None = found["text"]
    if found["flag"]:
        value = found["flag"] == "true"
    elif found["key"] == "primary" and value is not None:
        value = str(value).lower() == "true"  # Entra writes roles[primary eq "True"]
    return AttributePath(urn, found["name"], found["key"], value, found["sub"])

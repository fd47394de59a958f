"""Findings: what a person should know, and which nothing acts upon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reconciler.model.resource import Type

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom a finding is about: our key, what people call it, and its live id if there is one.

    `text` is what there is to say of this one, where the finding sums up many.
    """

    type: Type
    key: str
    name: str
    id: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to know: severity, a stable code, the text with its remedy, and the place if there is one.

    Where it withholds something, `about` says from whom (some, where there are many) and `error_code` is that of a
    provisioning log; only the run log tells these two.
    """

    severity: Severity
    code: str
    text: str
    source: str | None = None
    about: tuple[Subject, ...] = ()
    error_code: str = ""

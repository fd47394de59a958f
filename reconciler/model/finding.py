"""Findings: what a person should know, and which nothing acts upon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to know: severity, a stable code, the text with its remedy, and the place if there is one."""

    severity: Severity
    code: str
    text: str
    source: str | None = None

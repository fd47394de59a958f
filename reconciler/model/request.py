"""Requests: one HTTP request that carries out a change, and what a batch of them came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Ref:
    """Stands for the live id of a user that this run creates."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A write: method, path below the endpoint's base, and body, in which Ref values may stand."""

    method: Literal["POST", "PATCH", "PUT", "DELETE"]
    path: str
    body: dict[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one change came to."""

    target: str
    action: str
    type: str
    key: str
    name: str
    id: str | None
    status: Literal["success", "failure", "skipped"]
    requests: int
    text: str = ""
    code: str = ""

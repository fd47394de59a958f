"""Requests: one HTTP request that carries out a change, and what a batch of them came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reconciler.model.change import Change


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
    etag: str | None = None  # sent as If-Match


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one change came to; `status` of the HTTP answer, 0 where there was none, and the requests it took.

    `is_refused_form`: the endpoint does not understand how it was said, so another form may do. `may_have_written`:
    something of it may be at the endpoint.
    """

    change: Change
    id: str | None
    status: Literal["success", "failure", "skipped"]
    requests: int = 1
    code: str = ""
    text: str = ""
    http_status: int = 0
    milliseconds: int = 0
    may_have_written: bool = True

    @property
    def is_refused_form(self) -> bool:
        """Another form of the request may do: a refusal of this one, by what real servers answer to it."""
        return self.status == "failure" and self.http_status in (400, 404, 405, 415, 422, 500, 501)

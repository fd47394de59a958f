"""Breaker: stops a run that mostly fails, as Entra's quarantine does, at a size that fits small tenants too."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.errors import UnresolvedReference
from reconciler.model.request import Outcome

LEAST = 20  # failures are not judged before that many changes
SHARE = 0.4  # Entra's share of failures (research: entra 6)
SILENCE = 4  # that many changes in a row without any answer: nobody is there


@dataclass(slots=True)
class Breaker:
    """Counts outcomes; `reason` says why it opened, and it stays open."""

    finished: int = 0
    failed: int = 0
    silent: int = 0
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """The run is to end."""
        return bool(self.reason)

    def count(self, outcome: Outcome) -> None:
        """Takes one outcome in; what could not be said in this form is no failure yet, nor what was not begun."""
        if outcome.status == "skipped":
            return
        self.finished += 1
        is_reference = outcome.code == UnresolvedReference.code  # Entra does not count these either
        is_failure = (
            outcome.status == "failure" and outcome.http_status not in (404, 409, 412) and not is_reference
        )
        self.failed += is_failure
        self.silent = self.silent + 1 if is_failure and not outcome.http_status else 0
        if outcome.http_status == 401:
            self.reason = f"the endpoint refuses the credentials: {outcome.text}"
        elif self.silent >= SILENCE:
            self.reason = f"the endpoint does not answer any more: {outcome.text}"
        elif self.finished >= LEAST and self.failed > SHARE * self.finished:
            self.reason = (
                f"{self.failed} of {self.finished} changes failed, more than {SHARE:.0%}: {outcome.text}"
            )

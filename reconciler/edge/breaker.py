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
    """Counts outcomes; `reason` says why it opened, and it stays open.

    What is refused as a form of request is no failure yet: another form may do. Much of that makes it doubt, and a
    run in doubt stops to find a form that works before it goes on.
    """

    finished: int = 0
    failed: int = 0
    refused: int = 0
    silent: int = 0
    is_trusting: bool = False  # the forms were tried; what is still refused is nobody's form
    reason: str = ""
    last: str = ""

    @property
    def is_open(self) -> bool:
        """The run is to end."""
        return bool(self.reason)

    @property
    def is_doubting(self) -> bool:
        """So much was refused that the rest had better wait for a form that works."""
        return not self.is_trusting and not self.is_open and self._is_most(self.failed + self.refused)

    def count(self, outcome: Outcome) -> None:
        """Takes one outcome in; what was not begun counts for nothing, nor does what waits for somebody else."""
        if outcome.status == "skipped" or outcome.code == UnresolvedReference.code:
            return
        self.finished += 1
        is_failure = outcome.status == "failure" and outcome.http_status not in (409, 412)
        self.refused += outcome.is_refused_form
        self.failed += is_failure and not outcome.is_refused_form
        self.silent = self.silent + 1 if is_failure and not outcome.http_status else 0
        self.last = outcome.text if is_failure else self.last
        if outcome.http_status == 401:
            self.reason = f"the endpoint refuses the credentials: {outcome.text}"
        elif self.silent >= SILENCE:
            self.reason = f"the endpoint does not answer any more: {outcome.text}"
        elif self._is_most(self.failed):
            self.reason = (
                f"{self.failed} of {self.finished} changes failed, more than {SHARE:.0%}: {outcome.text}"
            )

    def trust(self) -> None:
        """A form that works was found, or what is not kept is known: the rest may go on."""
        self.is_trusting = True

    def give_up(self) -> None:
        """No form helped: the run ends."""
        self.reason = f"{self.refused} of {self.finished} changes were refused in every form: {self.last}"

    def _is_most(self, number: int) -> bool:
        return self.finished >= LEAST and number > SHARE * self.finished

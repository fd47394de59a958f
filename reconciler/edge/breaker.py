"""Breaker: stops a run that mostly fails, as Entra's quarantine does, at a size that fits small tenants too (research: entra 6)."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.codes import SCIM
from reconciler.model.errors import UnresolvedReference
from reconciler.model.quarantine_reason import QuarantineReason
from reconciler.model.request import Outcome

LEAST = (
    20  # changes before failures are judged; Entra waits for 5,000 failures, and never judges a small tenant
)
SHARE = 0.4  # Entra's share of failures
MOST = 40_000  # failures, whatever else went well: Entra's
MOST_IN_ALL = 60_000  # with those who wait for somebody who could not be made: Entra's
SILENCE = 4  # that many changes in a row without an answer of a SCIM endpoint: nobody is there
DENIED = 10  # that many that the token may not do, before anything succeeded: it may read and not write
CREDENTIALS = ("Unauthorized", f"{SCIM}InvalidCredentials")


@dataclass(slots=True)
class Breaker:
    """Counts outcomes; `reason` says why it opened and `code` how Graph calls that, and it stays open.

    What is refused as a form of request is no failure yet: another form may do. Much of that makes it doubt, and a
    run in doubt stops to find a form that works before it goes on. Who waits for a manager or member that could not
    be made is counted apart, as in Entra.
    """

    finished: int = 0
    failed: int = 0
    refused: int = 0
    references: int = 0
    silent: int = 0
    denied: int = 0
    is_trusting: bool = False  # the forms were tried; what is still refused is nobody's form
    reason: str = ""
    code: QuarantineReason | None = None
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
        """Takes one outcome in; what was not begun counts for nothing."""
        if outcome.status == "skipped":
            return
        if outcome.code == UnresolvedReference.CODE:
            self.references += 1
        else:
            self._take(outcome)
        if not self.is_open:
            self._judge(outcome)

    def trust(self) -> None:
        """A form that works was found, or what is not kept is known: the rest may go on."""
        self.is_trusting = True

    def give_up(self) -> None:
        """No form helped: the run ends."""
        text = f"{self.refused} of {self.finished} changes were refused in every form: {self.last}"
        self._open("EncounteredEscrowProportionThreshold", text)

    def _take(self, outcome: Outcome) -> None:
        self.finished += 1
        is_failure = outcome.status == "failure" and outcome.http_status not in (409, 412)
        self.refused += outcome.is_refused_form
        self.failed += is_failure and not outcome.is_refused_form
        self.silent = self.silent + 1 if is_failure and not outcome.http_status else 0
        is_denied = outcome.http_status == 403 and self.denied == self.finished - 1
        self.denied = self.finished if is_denied else self.denied
        self.last = outcome.text if is_failure else self.last

    def _judge(self, outcome: Outcome) -> None:
        if outcome.code in CREDENTIALS:
            self._open(
                "EncounteredQuarantineException", f"the endpoint refuses the credentials: {outcome.text}"
            )
        elif self.silent >= SILENCE:
            what = "is no SCIM endpoint" if outcome.code.startswith(SCIM) else "does not answer any more"
            self._open("EncounteredQuarantineException", f"the endpoint {what}: {outcome.text}")
        elif self.denied == self.finished == DENIED:
            text = f"the token may read and not write: {self.denied} of {self.finished} changes were refused: {outcome.text}"
            self._open("EncounteredQuarantineException", text)
        elif self._is_most(self.failed):
            text = f"{self.failed} of {self.finished} changes failed, more than {SHARE:.0%}: {outcome.text}"
            self._open("EncounteredEscrowProportionThreshold", text)
        elif self.failed > MOST:
            text = f"{self.failed:,} changes failed, more than {MOST:,}: {outcome.text}"
            self._open("EncounteredBaseEscrowThreshold", text)
        elif self.failed + self.references > MOST_IN_ALL:
            text = f"{self.failed + self.references:,} changes failed or waited in vain, more than {MOST_IN_ALL:,}: {outcome.text}"
            self._open("EncounteredTotalEscrowThreshold", text)

    def _open(self, code: QuarantineReason, text: str) -> None:
        self.code, self.reason = code, text

    def _is_most(self, number: int) -> bool:
        return self.finished >= LEAST and number > SHARE * self.finished

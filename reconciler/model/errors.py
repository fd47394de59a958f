"""Errors: what stops a run, split by who must act.

ReconcilerError
├── DesiredStateError     the author: invalid YAML, every mistake at once          exit 1
├── UsageError            the operator: wrong usage                                exit 64
├── ImportRefused         the operator: a file is not what can be imported         exit 1
├── TargetError           the target's operator                                    exit 1
│   ├── TransportError    no answer, or one that never became usable
│   │   └── AnswerLost    a write was sent and nobody knows whether it took effect
│   ├── Refused           the endpoint answered with an error status
│   ├── UnresolvedReference   a change needs a resource that could not be made
│   └── IncompleteRead    a list is not whole or contradicts itself                exit 6
└── PlanStale             the reviewer: the plan is not what was reviewed          exit 4
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.codes import code_of_answer

if TYPE_CHECKING:
    from reconciler.model.place import Mistake


class ReconcilerError(Exception):
    """A condition that stops a run; its text is for a person and never holds a secret."""

    exit_code = 1


class DesiredStateError(ReconcilerError):
    """The YAML is invalid; `mistakes` holds every mistake, sorted by place."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


class UsageError(ReconcilerError):
    """The command line asks for something that does not exist."""

    exit_code = 64


class ImportRefused(ReconcilerError):
    """A file cannot be imported: it is not of the kind that was asked for, or it is broken."""


class TargetError(ReconcilerError):
    """One target cannot be worked with; the others are not concerned. `code` as in a provisioning log (research: entra 7.2)."""

    def __init__(self, text: str = "", *, code: str = "InternalError") -> None:
        super().__init__(text)
        self.code = code


class TransportError(TargetError):
    """The endpoint could not be reached, or never gave a usable answer within the retries."""

    def __init__(self, text: str, *, code: str = "WebExceptionProtocolError") -> None:
        super().__init__(text, code=code)


class AnswerLost(TransportError):
    """A write was sent and its answer was lost: look before it is repeated; `status` if a 5xx came, else 0."""

    def __init__(self, text: str, *, status: int = 0, code: str = "") -> None:
        super().__init__(
            text, code=code or (code_of_answer(status) if status else "WebExceptionProtocolError")
        )
        self.status = status


class Refused(TargetError):
    """The endpoint refused a request (RFC 7644 section 3.12)."""

    def __init__(
        self, text: str, *, status: int, scim_type: str | None = None, detail: str = "", code: str = ""
    ) -> None:
        super().__init__(text, code=code or code_of_answer(status, scim_type or "", detail))
        self.status = status
        self.scim_type = scim_type
        self.detail = detail


class UnresolvedReference(TargetError):
    """A change refers to a resource that could not be made; nothing was sent."""

    CODE = "UnableToResolveReferenceAttributeValue"

    def __init__(self, text: str) -> None:
        super().__init__(text, code=self.CODE)


class IncompleteRead(TargetError):
    """A list is not whole or contradicts itself; nothing may be concluded from it."""

    exit_code = 6


class PlanStale(ReconcilerError):
    """The plan is stale, edited or not the reviewed one; nothing was written."""

    exit_code = 4

"""Trials: what `check --write-probe` wrote, and what the endpoint held afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from reconciler.model.resource import Type

About = Literal[
    "create", "twin", "otherCase", "deactivate", "reactivate", "attribute", "rename", "clear", "reference", "stale",
    "membersOnCreate", "addMembers", "addAgain", "removeMember",
]  # fmt: skip
FULL = "in full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One write: what about, in which form; the status (0: no answer) and words of the answer.

    `kept`: afterwards the endpoint held what was meant. `held` says in words what it held instead, or how it spelt it.
    """

    type: Type
    about: About
    form: str = ""
    path: str = ""
    status: int
    text: str = ""
    kept: bool
    held: str = ""

    @property
    def is_taken(self) -> bool:
        """The endpoint said that it did so."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What became of removing one canary; `state` is what a look at it showed afterwards."""

    type: Type
    name: str
    id: str | None
    status: int
    text: str = ""
    state: Literal["gone", "inactive", "there", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """Everything that a write probe tried at one target; `stopped` says why it ended early."""

    trials: tuple[Trial, ...] = ()
    removals: tuple[Removal, ...] = ()
    earlier: tuple[Removal, ...] = ()  # canaries that an earlier probe had left
    stopped: str = ""
    is_interrupted: bool = False
    has_written: bool = field(default=False)

"""Verdicts: what `check` makes of what it saw: one line each, with what to write where something is to be written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Severity = Literal["ok", "info", "warning", "error"]
# The parts of a check, in the order in which they are told.
Section = Literal[
    "connection", "credentials", "discovery", "look-ups", "lists", "attributes", "tempo", "writes", "canaries"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One finding of a check: `remedy` says what to write in the target or the profile, or whom to ask.

    `exit_code` is what an error means for the command (DESIGN 4): 1, or 6 for a list that contradicts itself.
    """

    severity: Severity
    code: str
    text: str
    remedy: str = ""
    exit_code: int = 0


Verdicts = dict[Section, tuple[Verdict, ...]]


def well(code: str, text: str) -> Verdict:
    """As it should be."""
    return Verdict(severity="ok", code=code, text=text)


def note(code: str, text: str, remedy: str = "") -> Verdict:
    """Worth knowing, and nothing is wrong."""
    return Verdict(severity="info", code=code, text=text, remedy=remedy)


def warn(code: str, text: str, remedy: str = "") -> Verdict:
    """Not as the RFCs or the profile have it; plan and apply cope."""
    return Verdict(severity="warning", code=code, text=text, remedy=remedy)


def fail(code: str, text: str, remedy: str = "", *, exit_code: int = 1) -> Verdict:
    """Plan or apply would fail."""
    return Verdict(severity="error", code=code, text=text, remedy=remedy, exit_code=exit_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """What checking one target came to, by section."""

    target: str
    url: str
    profile: str
    verdicts: Verdicts
    learnt: str = ""  # the line to write into the target
    profile_lines: tuple[str, ...] = ()  # the lines to write into its profile

    @property
    def all(self) -> tuple[Verdict, ...]:
        """Every verdict, in the order in which they are told."""
        return tuple(verdict for verdicts in self.verdicts.values() for verdict in verdicts)

    @property
    def error(self) -> str | None:
        """What plan or apply would fail of, if anything: the first error."""
        return next((verdict.text for verdict in self.all if verdict.severity == "error"), None)

    @property
    def exit_code(self) -> int:
        """What this means for the command: the first that holds (DESIGN 4)."""
        return first_code(verdict.exit_code for verdict in self.all)

    def also(self, section: Section, verdicts: Iterable[Verdict]) -> Checkup:
        """The same with one section more."""
        found = tuple(verdicts)
        return replace(self, verdicts={**self.verdicts, section: found}) if found else self


def first_code(codes: Iterable[int]) -> int:
    """The exit code that several come to: something left behind comes first, then what DESIGN 4 has."""
    given = set(codes)
    return next((code for code in (5, 130, 1, 6) if code in given), 0)

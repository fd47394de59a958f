"""Stand-ins: what a plan holds where a value is not to be shown, or is not there yet (DESIGN 5).

A report shows a stand-in by `shown`, or simply as text; a digest seals it by `sealed`; only what is sent has the bare value.
"""

from __future__ import annotations

from dataclasses import dataclass, field

REDACTED = "[Redact]"
UNKNOWN = "(known after apply)"


@dataclass(frozen=True, slots=True)
class Redacted:
    """A value that is sent and shown nowhere."""

    value: object = field(repr=False)

    def __str__(self) -> str:
        return REDACTED


@dataclass(frozen=True, slots=True)
class KnownAfterApply:
    """A value that only apply can make; its expression, in which all else is filled in, stands for it."""

    expression: str
    tree: object = field(compare=False, repr=False, default=None)  # the same, ready to be worked out

    def __str__(self) -> str:
        return UNKNOWN


@dataclass(frozen=True, slots=True)
class AsOf:
    """A value that the plan's moment gives; its expression stands for it, for time may not move a digest."""

    value: object = field(compare=False)
    expression: str

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Values of which the first that nobody has is to be taken; no plan holds any."""

    values: tuple[object, ...]


def shown(value: object) -> object:
    """The value as people may see it; what is no stand-in as it is."""
    match value:
        case Redacted() | KnownAfterApply():
            return str(value)
        case AsOf(value=known):
            return known
    return value


def sealed(value: object) -> object:
    """What stands for a stand-in in a digest. Raises TypeError for anything else."""
    match value:
        case Redacted():
            return REDACTED
        case KnownAfterApply(expression=expression) | AsOf(expression=expression):
            return {"expression": expression}
        case Candidates(values=values):
            return list(values)
    raise TypeError(f"{type(value).__name__} is no JSON value")


def unveiled(value: object) -> object:
    """The value behind `[Redact]`."""
    return value.value if isinstance(value, Redacted) else value


def veiled(value: object) -> object:
    """The value behind `[Redact]`, but for one that is none: that there is nothing is no secret."""
    return value if value is None or isinstance(value, Redacted) else Redacted(value)


def known(value: object) -> object:
    """The value that is sent, None where only apply can tell it."""
    value = unveiled(value)
    if isinstance(value, AsOf):
        return value.value
    return None if isinstance(value, KnownAfterApply) else value


def expression_of(value: object) -> str | None:
    """The expression that stands for the value, if one does and may be shown."""
    return value.expression if isinstance(value, KnownAfterApply | AsOf) else None

"""Notes: what an import could not carry over, what means something else here, and what it had to assume."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from reconciler.model.neutral import neutral, shortened

Kind = Literal["lost", "differs", "assumed"]
HEADS: dict[Kind, str] = {
    "lost": "Not carried over",
    "differs": "Means something else here",
    "assumed": "Not in the schema, so assumed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing to know: the place in the schema (a JSON path; empty for what is not in it), and the text with its remedy."""

    kind: Kind
    place: str
    text: str

    def __str__(self) -> str:
        said = shortened(neutral(self.text))
        return f"{neutral(self.place)}: {said}" if self.place else said


@dataclass(slots=True)
class Notes:
    """The notes on one document so far."""

    all: dict[Note, None] = field(default_factory=dict)  # in their order, each once

    def add(self, kind: Kind, place: str, text: str) -> str:
        """Takes note, and gives the text for a comment where it would have stood."""
        self.all[Note(kind=kind, place=place, text=text)] = None
        return text

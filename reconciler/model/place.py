"""Places: where in the desired state something was written."""

from __future__ import annotations

from dataclasses import dataclass

NodePath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One YAML file of the desired state: its path as shown to people (with `/`) and its text."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A node of a document, by keys and indexes; its line is looked up only when it is shown."""

    document: str
    path: NodePath = ()


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake: 1-based line and column, what is wrong, and what to write instead."""

    document: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}:{self.column}: {self.text}"

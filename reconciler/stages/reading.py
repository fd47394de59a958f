"""Reading: the values of documents with the place of each, and every mistake gathered on the way."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from reconciler.model.place import Document, Mistake, NodePath, Origin
from reconciler.stages.read import locate, text_of

T = TypeVar("T")


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?` where something known is close, else what is known."""
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6) or [
        other for other in names if other.casefold() == name.casefold()
    ]
    if close:
        return f"; did you mean `{close[0]}`?"
    return f"; known are {', '.join(names[:12])}{' …' if len(names) > 12 else ''}" if names else ""


class Gathered:
    """The mistakes so far; `wrong` places one at a node."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self.documents = documents
        self.mistakes: list[Mistake] = []

    def wrong(self, origin: Origin, text: str) -> None:
        """Notes a mistake at a node."""
        line, column = locate(self.documents[origin.document], origin.path)
        self.mistakes.append(Mistake(origin.document, line, column, text))


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands; its methods give typed values, or note a mistake and give a fallback."""

    value: object
    document: str
    path: NodePath
    gathered: Gathered

    @property
    def origin(self) -> Origin:
        """Where the node stands."""
        return Origin(document=self.document, path=self.path)

    @property
    def name(self) -> str:
        """The node's own key."""
        return str(self.path[-1]) if self.path else self.document

    def wrong(self, text: str) -> None:
        """Notes a mistake here."""
        self.gathered.wrong(self.origin, text)

    def child(self, key: str | int) -> Node:
        """The value under `key`, None if there is none."""
        inner: object = None
        if isinstance(self.value, dict):
            inner = self.value[key]
        if isinstance(self.value, list):
            inner = self.value[int(key)]
        return Node(inner, self.document, (*self.path, key), self.gathered)

    def has(self, key: str) -> bool:
        """The mapping has that key."""
        return isinstance(self.value, dict) and key in self.value

    def items(self, known: Iterable[str] | None = None) -> list[Node]:
        """The values of a mapping; keys outside of `known` are mistakes."""
        if not isinstance(self.value, dict):
            self.wrong(f"`{self.name}` is {_kind(self.value)}; write a mapping of keys to values")
            return []
        allowed = set(known) if known is not None else None
        children = [self.child(key) for key in self.value]
        for node in children:
            if allowed is not None and node.name not in allowed:
                node.wrong(f"`{node.name}` is not known here{nearest(node.name, allowed)}")
        return [node for node in children if allowed is None or node.name in allowed]

    def entries(self) -> list[Node]:
        """The values of a list."""
        if not isinstance(self.value, list):
            self.wrong(f"`{self.name}` is {_kind(self.value)}; write a list: [a, b], or [] for none")
            return []
        return [self.child(index) for index in range(len(self.value))]

    def text(self) -> str:
        """A scalar as it was written."""
        if self.value is None or isinstance(self.value, list | dict):
            self.wrong(f"`{self.name}` is {_kind(self.value)}; write a text")
            return ""
        return text_of(self.value)

    def texts(self) -> tuple[str, ...]:
        """A text, or a list of them."""
        return (
            tuple(entry.text() for entry in self.entries())
            if isinstance(self.value, list)
            else (self.text(),)
        )

    def number(self, least: float = 0) -> float:
        """A number of at least `least`."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or self.value < least:
            self.wrong(f"`{self.name}` is {_kind(self.value)}; write a number of at least {least:g}")
            return least
        return self.value

    def choice(self, options: Iterable[T], default: T) -> T:
        """One of `options`."""
        found = [option for option in options if option == self.value]
        if not found:
            self.wrong(
                f"`{self.name}` is `{self.value}`; write one of {', '.join(str(option) for option in options)}"
            )
        return found[0] if found else default

    def read(self, reader: Callable[[str], T], fallback: T) -> T:
        """What `reader` makes of the text; its ValueError is a mistake here."""
        text = self.text()
        try:
            return reader(text) if text else fallback
        except ValueError as error:
            self.wrong(str(error) or f"`{text}` cannot be read")
            return fallback


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else f"`{value}`"

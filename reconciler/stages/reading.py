"""Reading: values of documents whose shape is right, with the place of each, and every mistake on the way."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from reconciler.model.neutral import neutral, shortened
from reconciler.model.place import Document, Mistake, NodePath, Origin
from reconciler.stages.read import locate, text_of
from reconciler.stages.read_within import locate_within

T = TypeVar("T")
FEW = 12
MANY = 1000


class Wrong:
    """Stands for a node that was told to be wrong: it has a name and a place, and no value."""

    def __repr__(self) -> str:
        return "WRONG"


WRONG = Wrong()


def nearest(name: str, known: Collection[str]) -> str:
    """`; did you mean …?` where something known is close, else what is known."""
    names = sorted(set(known))
    if close := closest(name, names):
        return f"; did you mean `{close}`?"
    return f"; known are {', '.join(names[:FEW])}{' …' if len(names) > FEW else ''}" if names else ""


def closest(name: str, known: Collection[str]) -> str | None:
    """What `name` was probably meant to be, if anything known is close."""
    names: Iterable[str] = known
    if len(known) > MANY:  # comparing with each of them takes seconds: a slip is seldom in the first letter
        names = [other for other in known if other[:1] == name[:1] and abs(len(other) - len(name)) < 2][:MANY]
    names = sorted(names)
    same = [other for other in names if other.casefold() == name.casefold()]
    return next(iter(same or difflib.get_close_matches(name, names, n=1, cutoff=0.6)), None)


class Gathered:
    """The mistakes so far; `wrong` places one at a node."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self.documents = documents
        self.mistakes: list[Mistake] = []

    def wrong(self, origin: Origin, text: str) -> None:
        """Notes a mistake at a node."""
        line, column = self.place(origin)
        self.mistakes.append(Mistake(origin.document, line, column, shortened(neutral(text))))

    def wrong_within(self, origin: Origin, offset: int, text: str) -> None:
        """Notes a mistake at a character of the text at a node."""
        line, column = locate_within(self.documents[origin.document], origin.path, offset)
        self.mistakes.append(Mistake(origin.document, line, column, shortened(neutral(text))))

    def place(self, origin: Origin) -> tuple[int, int]:
        """Line and column of a node; the document is read again."""
        return locate(self.documents[origin.document], origin.path)


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands. The file schema has judged its shape, and taken out what is wrong.

    What a mapping says nothing about, the one `beneath` says.
    """

    value: object
    document: str
    path: NodePath
    gathered: Gathered
    beneath: Node | None = None

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

    def wrong_within(self, offset: int, text: str) -> None:
        """Notes a mistake at a character of the text here."""
        self.gathered.wrong_within(self.origin, offset, text)

    def at(self, key: str | int, value: object) -> Node:
        """The node below this one under `key`."""
        return Node(value, self.document, (*self.path, key), self.gathered)

    def get(self, key: str) -> Node | None:
        """The value under `key`; None if there is none, or a wrong one."""
        if isinstance(self.value, dict) and key in self.value:
            value = self.value[key]
            return None if value is WRONG else self.at(key, value)
        return self.beneath.get(key) if self.beneath else None

    def names(self) -> list[str]:
        """The keys of a mapping, those of wrong values too."""
        lower = self.beneath.names() if self.beneath else []
        return list(dict.fromkeys([*lower, *(self.value if isinstance(self.value, dict) else ())]))

    def items(self) -> list[Node]:
        """The values of a mapping."""
        pairs = self.value.items() if isinstance(self.value, dict) else ()
        return [self.at(key, value) for key, value in pairs if value is not WRONG]

    def entries(self) -> list[Node]:
        """The values of a list."""
        entries = self.value if isinstance(self.value, list) else ()
        return [self.at(index, value) for index, value in enumerate(entries) if value is not WRONG]

    def text(self) -> str:
        """A scalar as it was written."""
        return text_of(self.value)

    def texts(self) -> tuple[str, ...]:
        """A scalar, or a list of them."""
        if isinstance(self.value, list):
            return tuple(entry.text() for entry in self.entries())
        return (self.text(),)

    def read(self, key: str, reader: Callable[[Node], T], fallback: T) -> T:
        """What `reader` makes of the value under `key`, or `fallback` if there is none."""
        node = self.get(key)
        return fallback if node is None else reader(node)

    def known(self, names: Collection[str], what: str) -> str:
        """The text, which must be one of `names`: the ids of what is declared as a `what`."""
        text = self.text()
        if text not in names:
            # Nobody reads a thousandth suggestion, and each is a search.
            close = closest(text, names) if len(self.gathered.mistakes) < MANY else None
            self.wrong(f"`{text}` is no {what}; did you mean `{close}`?" if close else
                       f"`{text}` is no {what}; declare it, or take it out{_listed(names)}")  # fmt: skip
        return text


class Anything(Collection[str]):
    """The ids of a kind of which something could not be read: whatever is asked for may be there."""

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _listed(names: Collection[str]) -> str:
    return f" (declared: {', '.join(sorted(names))})" if 0 < len(names) <= FEW else ""

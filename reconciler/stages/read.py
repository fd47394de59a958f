"""Read: one YAML document into plain values by YAML 1.2's core rules, with bounds (research: perf 1).

Built on libyaml's events: `NO` is text, dates are text, keys are text, and a number keeps how it was written.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import isfinite
from typing import Any, NamedTuple

import yaml

from reconciler.model.neutral import neutral, shortened
from reconciler.model.place import Document, Mistake, NodePath
from reconciler.stages.read_fast import DEEPEST, UNSURE, find_entry, read_plain

LARGEST_EXPANSION = 100_000
TEXT_OF_A_NODE = 1000  # characters of an aliased text that weigh as much as a node
UPPER = 2  # users/ada
_INT = re.compile(r"[-+]?[0-9]+")
_OTHER_INT = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {"null": None, "Null": None, "NULL": None, "~": None, "": None, "true": True, "True": True, "TRUE": True,
          "false": False, "False": False, "FALSE": False}  # fmt: skip
# Ten times as fast where PyYAML was built with libyaml, as its wheels are.
_SUSPECT = frozenset({"", *"nNtTfF~0123456789+-."})  # how what is no text begins
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class WrittenInt(int):
    """An integer that was written otherwise than it prints: `010`."""

    text: str


class WrittenFloat(float):
    """A number that was written otherwise than it prints: `1.10`."""

    text: str


def read_yaml(document: Document) -> tuple[object, tuple[Mistake, ...]]:
    """The document's value, and its mistakes; the value is None if it cannot be read at all."""
    plain = read_plain(document.text)
    if plain is not UNSURE:
        return plain, ()
    value, _, mistakes = _read(document)
    return value, mistakes


def locate(document: Document, path: NodePath) -> tuple[int, int]:
    """Line and column, from 1, of the node at `path`, or of its nearest parent that exists."""
    entry = find_entry(document.text, path)
    if entry is not None:
        return entry
    places = _upper_places(document) if len(path) <= UPPER else _read(document)[1]
    while path and path not in places:
        path = path[:-1]
    return places.get(path, (1, 1))


class Scalar(NamedTuple):
    """A text, how it is quoted or folded (`"`, `'`, `|`, `>`, or plainly), and from where to where it stands in the document."""

    value: str
    style: str
    start: int
    end: int


@lru_cache(maxsize=16)
def find_scalar(document: Document, path: NodePath) -> Scalar | None:
    """The text at `path` as it stands in the document; None where there is none of its own."""
    seeking = _Seeking(document, path)
    try:
        seeking.stream()
    except (yaml.YAMLError, _UnreadableError):
        return None
    return seeking.found


def text_of(value: object) -> str:
    """A scalar as it was written."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.text if isinstance(value, WrittenInt | WrittenFloat) else str(value)


@lru_cache(maxsize=256)
def _upper_places(document: Document) -> dict[NodePath, tuple[int, int]]:
    # Reports ask for users and groups all over: their places are few, so many documents' may be kept.
    return {path: place for path, place in _read(document)[1].items() if len(path) <= UPPER}


@lru_cache(maxsize=4)
def _read(document: Document) -> tuple[object, dict[NodePath, tuple[int, int]], tuple[Mistake, ...]]:
    builder = _Builder(document)
    try:
        value = builder.stream()
    except yaml.YAMLError as error:
        builder.mistakes.append(_not_yaml(document, error))
        value = None
    except _UnreadableError as error:
        builder.mistakes.append(error.mistake)
        value = None
    return value, builder.places, tuple(builder.mistakes)


def _not_yaml(document: Document, error: yaml.YAMLError) -> Mistake:
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = getattr(error, "problem", None) or "cannot be read"
    lines = document.text.splitlines()
    has_tab = line <= len(lines) and "\t" in lines[line - 1][:column]
    remedy = "indent by spaces instead of tabs" if has_tab else "check indentation and quotes here"
    return Mistake(document.path, line, column, f"is not YAML: {neutral(problem)}; {remedy}")


class _UnreadableError(Exception):
    def __init__(self, mistake: Mistake) -> None:
        super().__init__(str(mistake))
        self.mistake = mistake


class _Builder:
    """Builds the value from events, with the place of every key and entry."""

    def __init__(self, document: Document) -> None:
        self.path = document.path
        self.parser = _PARSER(document.text.removeprefix("\ufeff"))
        self.next: Any = self.parser.get_event
        self.places: dict[NodePath, tuple[int, int]] = {}
        self.mistakes: list[Mistake] = []
        self.anchors: dict[str, tuple[object, int]] = {}
        self.nodes = 0

    def stream(self) -> object:
        """The one document of the stream."""
        self.next()
        if isinstance(self.next(), yaml.StreamEndEvent):
            return None
        event: Any = self.next()
        self.places[()] = self.mark(event)
        value = self.node(event, ())
        self.next()
        event = self.next()
        if not isinstance(event, yaml.StreamEndEvent):
            self.wrong(event, "is a second document; write one document per file")
        return value

    def node(self, event: Any, path: NodePath) -> object:
        kind = type(event)
        self.nodes += 1
        if kind is yaml.ScalarEvent and event.tag is None and event.anchor is None:
            return self.scalar(event)
        if len(path) > DEEPEST:
            raise _UnreadableError(self.mistake(event, f"is nested deeper than {DEEPEST}; flatten it"))
        if kind is yaml.AliasEvent:
            return self.alias(event)
        if event.tag is not None and not (
            kind is yaml.ScalarEvent and event.implicit[1] and event.tag == "!"
        ):
            self.wrong(event, f"has the tag {event.tag}; write the plain value without it")
        before = self.nodes
        if kind is yaml.ScalarEvent:
            value: object = self.scalar(event)
        else:
            value = self.sequence(path) if kind is yaml.SequenceStartEvent else self.mapping(path)
        if event.anchor:
            weight = len(value) // TEXT_OF_A_NODE if isinstance(value, str) else 0
            self.anchors[event.anchor] = (value, self.nodes - before + 1 + weight)
        return value

    def alias(self, event: Any) -> object:
        value, size = self.anchors.get(event.anchor, (None, 0))
        if not size:
            text = f"*{event.anchor} stands for nothing here; define &{event.anchor} before it"
            raise _UnreadableError(self.mistake(event, text))
        self.nodes += size
        if self.nodes > LARGEST_EXPANSION * 10 or size > LARGEST_EXPANSION:
            raise _UnreadableError(self.mistake(event, "aliases expand to too much; write the values out"))
        return value

    def sequence(self, path: NodePath) -> list[object]:
        entries: list[object] = []
        event: Any
        while type(event := self.next()) is not yaml.SequenceEndEvent:
            inner = (*path, len(entries))
            mark = event.start_mark
            self.places[inner] = (mark.line + 1, mark.column + 1)
            entries.append(self.node(event, inner))
        return entries

    def mapping(self, path: NodePath) -> dict[str, object]:
        value: dict[str, object] = {}
        event: Any
        while type(event := self.next()) is not yaml.MappingEndEvent:
            if type(event) is not yaml.ScalarEvent:
                raise _UnreadableError(self.mistake(event, "is a key that is no text; write a plain word"))
            key: str = event.value
            inner = (*path, key)
            if key == "<<" and event.implicit[0]:
                self.wrong(event, "is a merge key; write the values out, or use defaults")
                self.node(self.next(), inner)
            elif event.tag is not None:
                self.wrong(event, f"has the tag {event.tag}; write the plain key without it")
                self.node(self.next(), inner)
            elif key in value:
                first = self.places[inner][0]
                self.wrong(event, f"`{key}` stands here twice, first in line {first}; keep one of them")
                self.node(self.next(), (*path, ""))
            else:
                mark: Any = event.start_mark
                self.places[inner] = (mark.line + 1, mark.column + 1)
                value[key] = self.node(self.next(), inner)
        return value

    def scalar(self, event: Any) -> object:
        text: str = event.value
        if not event.implicit[0]:
            return text
        if text[:1] not in _SUSPECT:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INT.fullmatch(text) and len(text) < 300:
            return _as_written(int(text), WrittenInt, text)
        if _OTHER_INT.fullmatch(text) and len(text) < 300:
            return _as_written(int(text, 0), WrittenInt, text)
        if _FLOAT.fullmatch(text) and isfinite(float(text)):
            return _as_written(float(text), WrittenFloat, text)
        return text

    def wrong(self, event: Any, text: str) -> None:
        self.mistakes.append(self.mistake(event, text))

    def mark(self, event: Any) -> tuple[int, int]:
        return event.start_mark.line + 1, event.start_mark.column + 1

    def mistake(self, event: Any, text: str) -> Mistake:
        return Mistake(self.path, *self.mark(event), shortened(neutral(text)))


class _Seeking(_Builder):
    """Reads the document again, and keeps the one text that is asked for."""

    def __init__(self, document: Document, path: NodePath) -> None:
        super().__init__(document)
        self.wanted = path
        self.found: Scalar | None = None

    def node(self, event: Any, path: NodePath) -> object:
        if path == self.wanted and type(event) is yaml.ScalarEvent:
            start, end = event.start_mark, event.end_mark
            if start and end:
                self.found = Scalar(event.value, event.style or "", start.index, end.index)
        return super().node(event, path)


def _as_written(number: float, kind: type, text: str) -> object:
    if str(number) == text:
        return number
    written = kind(number)
    written.text = text
    return written

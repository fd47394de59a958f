"""Read fast: the common case of a document, with exactly the answer that the reader of events gives.

ryaml scans as libyaml does and resolves some plain scalars otherwise. Whatever it may resolve otherwise is looked for in
the text and in the value, and left to the reader of events, which is the one semantics and the only one that explains.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ryaml import loads  # type: ignore[attr-defined]

from reconciler.model.place import NodePath

DEEPEST = 50
FEW = 24  # words looked for in a text before all of them are noted: that costs as much
UNSURE = object()

# Where a token begins, an anchor, an alias or a tag.
_MARKED = re.compile(r"[&*!](?<=[\s\[\]{},:?\-][&*!])(?:(?<=!)|(?=\S))")
# Where a token begins, an integer that is not written as it prints: 010, +5, -0, 0x1F. Floats show in the value.
_NUMBER = re.compile(
    r"[0+](?:(?<=[\s\[\]{},:?].)|(?<=[\s\[\]{},:?]-.))"
    r"(?:(?<=0)[0-9xob]|(?<=\+)[0-9.]|(?<=-0)(?=\s|[,\]}:#]|\Z))[0-9a-fA-FxobE_.+-]*"
    r"(?=\s*(?:[,\]}:#]|\n|\Z))"
)
_TEXT = {str}
_ODD = "\x85\u2028\u2029\ufeff"
_WORD = re.compile(r"[A-Za-z0-9._@\-]*\Z")
_WORD_SIGN = re.compile(r"[A-Za-z0-9._@\-]")
_COLON = re.compile(r"[\"' \n]*:")
_TOP = re.compile(r"\n[^\s#]")
_HEAD = re.compile(r":[ ]*(?:#.*)?\n(?:[ ]*(?:#.*)?\n)*([ ]+)(?=\S)")
_BRACKETS = re.compile(r"[\[\]{}]")
_COMMENTS = re.compile(r"(?:[ ]*+(?:#[^\n]*+)?\n)*+---\r?\n")


def read_plain(text: str) -> object:
    """The value of a document in which nothing is out of the ordinary, else UNSURE."""
    text = text.removeprefix("\ufeff")
    start = _COMMENTS.match(text)
    body = text[start.end() :] if start else text
    if _is_out_of_the_ordinary(body):
        return UNSURE
    try:
        value = loads(body)
    except Exception:  # noqa: BLE001  # whatever it says, the reader of events says it better
        return UNSURE
    return _checked(value, 0) if isinstance(value, dict) else UNSURE


def _is_out_of_the_ordinary(text: str) -> bool:
    if text[:1] in ("", *"+-.0123456789&*!%"):
        return True
    if "<<" in text or _is_deep(text):
        return True
    if text.count("\r") != text.count("\r\n") or _has_any(text, "" if text.isascii() else _ODD):
        return True
    has_mark = _has_any(text, "&*!") and _MARKED.search(text) is not None
    return has_mark or _NUMBER.search(text) is not None


def _is_deep(text: str) -> bool:
    """Whether brackets nest too deep, be it in a text: ryaml takes a time quadratic in that."""
    if text.count("{") + text.count("[") <= DEEPEST:
        return False
    depth = 0
    for bracket in _BRACKETS.finditer(text):
        if bracket[0] in "}]":
            depth = max(0, depth - 1)
        elif (depth := depth + 1) > DEEPEST:
            return True
    return False


def _checked(value: object, depth: int) -> object:
    """The value with keys as text; UNSURE if something in it may be read otherwise."""
    if depth > DEEPEST:
        return UNSURE
    if type(value) is dict:
        return _checked_mapping(value, depth)
    if type(value) is list:
        for index, entry in enumerate(value):
            kind = type(entry)
            if kind is dict or kind is list:
                checked = _checked(entry, depth + 1)
                if checked is UNSURE:
                    return UNSURE
                value[index] = checked
            elif kind is float:
                return UNSURE
    return value


def _checked_mapping(value: dict[object, object], depth: int) -> object:
    if _TEXT == set(map(type, value)) == set(map(type, value.values())):  # as in most mappings
        return value
    for key, inner in value.items():
        if type(key) is not str:
            return _with_text_keys(value, depth)
        kind = type(inner)
        if kind is dict or kind is list:
            checked = _checked(inner, depth + 1)
            if checked is UNSURE:
                return UNSURE
            value[key] = checked
        elif kind is float:
            return UNSURE
    return value


def _with_text_keys(value: dict[object, object], depth: int) -> object:
    if not all(type(key) is str or type(key) is int for key in value):
        return UNSURE
    texts: dict[object, object] = {str(key): inner for key, inner in value.items()}
    return _checked_mapping(texts, depth) if len(texts) == len(value) else UNSURE


def find_entry(text: str, path: NodePath) -> tuple[int, int] | None:
    """Line and column of a named entry of a section (users/ada) by looking at its text, or None where that proves nothing.

    A key stands on one line and, in a text without backslashes, as it is spelled; before a colon, as long as there is no `?`.
    So if the spelling stands before a colon only once, that is the entry. It must begin its line, as far to the right as the
    section's first entry does, with nothing but entries of that section above.
    """
    match path:
        case (str(section), str(key)) if key:
            text = text.removeprefix("\ufeff")
            span = _span(text, section)
            found = _spellings(text).place(key) if span else -1
        case _:
            return None
    if span is None or found < 0:
        return None
    begin = text.rfind("\n", 0, found) + 1
    if not span[0] <= begin < span[1] or text[begin:found] != span[2]:
        return None
    return text.count("\n", 0, begin) + 1, found - begin + 1


@lru_cache(maxsize=512)
def _span(text: str, section: str) -> tuple[int, int, str] | None:
    """Where the section's entries begin and end, and how far they are indented; None where looking would prove nothing."""
    if _has_any(text, "\\?\r\t") or _has_any(text, "" if text.isascii() else _ODD):
        return None
    head = f"\n{section}:"
    at = 0 if text.startswith(head[1:]) else text.find(head) + 1
    begun = _HEAD.match(text, at + len(section)) if text.startswith(head[1:], at) else None
    if begun is None or text.find(head, at) >= 0:
        return None
    after = _TOP.search(text, begun.end())
    return begun.start(1), after.start() if after else len(text), begun[1]


def _has_any(text: str, signs: str) -> bool:
    return any(sign in text for sign in signs)


class _Spellings:
    """Where words stand that stand before a colon. A few are looked for one by one; for more, all are noted at once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._asked = 0
        self._places: dict[str, int] = {}

    def place(self, word: str) -> int:
        """The place of a word that stands before a colon only once, else -1."""
        self._asked += 1
        if self._asked <= FEW:
            return self._look_for(word)
        if not self._places:
            self._places = _before_colon(self._text)
        return self._places.get(word, -1)

    def _look_for(self, word: str) -> int:
        text, found = self._text, -1
        at = text.find(word)
        while at >= 0:
            after = at + len(word)
            if _COLON.match(text, after) and not (at and _WORD_SIGN.match(text, at - 1)):
                if found >= 0:
                    return -1
                found = at
            at = text.find(word, after)
        return found


@lru_cache(maxsize=256)
def _spellings(text: str) -> _Spellings:
    return _Spellings(text)


def _before_colon(text: str) -> dict[str, int]:
    """Where each word stands that stands before a colon; -1 for one that does so more than once."""
    places: dict[str, int] = {}
    begin = 0
    for part in text.split(":")[:-1]:
        until_colon = part.rstrip("\"' \n")
        word = until_colon[until_colon.rfind(" ") + 1 :]
        if not word.isalnum() and (found := _WORD.search(word)):  # after a line break, a bracket, a quote
            word = found[0]
        places[word] = -1 if word in places else begin + len(until_colon) - len(word)
        begin += len(part) + 1
    return places

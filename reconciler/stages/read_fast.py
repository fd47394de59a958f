"""Read fast: the common case of a document, with exactly the answer that the reader of events gives.

ryaml scans as libyaml does and resolves some plain scalars otherwise. Whatever it may resolve otherwise is looked for in
the text and in the value, and left to the reader of events, which is the one semantics and the only one that explains.
"""

from __future__ import annotations

import re

from ryaml import loads  # type: ignore[attr-defined]

DEEPEST = 50
UNSURE = object()

# Where a token begins, an anchor, an alias or a tag.
_MARKED = re.compile(r"[&*!](?<=[\s\[\]{},:?\-][&*!])(?:(?<=!)|(?=\S))")
# Where a token begins, an integer that is not written as it prints: 010, +5, -0, 0x1F. Floats show in the value.
_NUMBER = re.compile(
    r"[0+](?:(?<=[\s\[\]{},:?].)|(?<=[\s\[\]{},:?]-.))"
    r"(?:(?<=0)[0-9xob]|(?<=\+)[0-9.]|(?<=-0)(?=\s|[,\]}:#]|\Z))[0-9a-fA-FxobE_.+-]*"
    r"(?=\s*(?:[,\]}:#]|\n|\Z))"
)
_BRACKETS = re.compile(r"[\[\]{}]")
_ODD = re.compile("[\x85\u2028\u2029\ufeff]")
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
    if text.count("\r") != text.count("\r\n") or (not text.isascii() and _ODD.search(text)):
        return True
    return _MARKED.search(text) is not None or _NUMBER.search(text) is not None


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

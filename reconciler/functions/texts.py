"""Texts: Entra's functions that make one text of others (research: entra 3.2). Null gives null unless it says otherwise."""

from __future__ import annotations

import base64

from reconciler.functions.casing import to_lower
from reconciler.functions.values import LARGEST, Value, as_text


def append(source: str | None, suffix: str | None) -> str | None:
    """Append: the source and then the suffix."""
    return None if source is None else bounded(source, suffix or "")


def prepend(prefix: str | None, source: str | None) -> str | None:
    """Prepend: the prefix and then the source."""
    return None if source is None else bounded(prefix or "", source)


def bounded(*parts: str, separator: str = "") -> str | None:
    """The parts in one; None where that would be too large."""
    size = sum(map(len, parts)) + len(separator) * len(parts)
    return separator.join(parts) if size <= LARGEST else None


def join(separator: str | None, *sources: tuple[str, ...]) -> str | None:
    """Join: all values of all sources, but for empty ones, with the separator between them."""
    return bounded(*[text for source in sources for text in source if text], separator=separator or "")


def left(source: str | None, count: int | None) -> str | None:
    """Left: the first characters; all for a negative count, none of null."""
    if source is None:
        return ""
    return None if count is None else source if count < 0 else source[:count]


def mid(source: str | None, start: int | None, length: int | None) -> str | None:
    """Mid: some characters from `start` on, which counts from 1."""
    if source is None or start is None or length is None or start < 1 or length < 0:
        return None
    return source[start - 1 : start - 1 + length]


def word(source: str | None, number: int | None, delimiters: str | None) -> str | None:
    """Word: the word of that number, each character of `delimiters` between words; empty where there is none."""
    if source is None or number is None or number < 1:
        return ""
    for delimiter in (delimiters or "")[1:]:
        source = source.replace(delimiter, (delimiters or "")[0])
    words = [part for part in source.split((delimiters or "")[0]) if part] if delimiters else [source]
    return words[number - 1] if number <= len(words) else ""


def find(source: str | None, wanted: str | None, start: int | None, compare: Value) -> int | None:
    """InStr: where `wanted` begins, from 1; 0 where it is not. Only vbTextCompare ignores case."""
    start = 1 if start is None else start
    if source is None or wanted is None or start < 1:
        return None
    if compare in ("vbTextCompare", 1, "1"):
        source, wanted = to_lower(source) or "", to_lower(wanted) or ""
    return source.find(wanted, start - 1) + 1


def strip_spaces(source: str | None) -> str | None:
    """StripSpaces: without any space."""
    return None if source is None else source.replace(" ", "")


def split(source: tuple[str, ...], delimiter: str | None) -> tuple[str, ...] | None:
    """Split: the parts between delimiters, without white space around them and without empty ones."""
    parts = [part.strip() for text in source for part in (text.split(delimiter) if delimiter else [text])]
    return tuple(part for part in parts if part) or None


def to_base64(source: str | None) -> str | None:
    """ConvertToBase64: of the text as UTF-16, little-endian."""
    if source is None:
        return None
    return bounded(base64.b64encode(source.encode("utf-16-le", "surrogatepass")).decode("ascii"))


def to_utf8_hex(source: str | None) -> str | None:
    """ConvertToUTF8Hex: the text's bytes in UTF-8 as upper-case hex digits."""
    return None if source is None else bounded(source.encode("utf-8", "surrogatepass").hex().upper())


def to_string(value: Value) -> str | None:
    """CStr: the value as text."""
    return as_text(value)

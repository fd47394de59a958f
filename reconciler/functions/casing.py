"""Casing: upper and lower case as .NET does it: character by character, and Turkish only where a culture says so."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from reconciler.functions.values import Value

TURKIC = ("tr", "az")
_BREAKS = frozenset("Zs Zl Zp Cc Cf Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So".split())  # what separates words in .NET


def to_lower(source: str | None, culture: str | None = None) -> str | None:
    """ToLower: `source` in lower case by the culture's rules; none is the invariant culture."""
    if source is None:
        return None
    if _is_turkic(culture):
        source = source.replace("I", "\u0131").replace("\u0130", "i")
    return source.lower() if source.isascii() else "".join([_lower(c, bool(culture)) for c in source])


def to_upper(source: str | None, culture: str | None = None) -> str | None:
    """ToUpper: `source` in upper case by the culture's rules; none is the invariant culture."""
    if source is None:
        return None
    if _is_turkic(culture):
        source = source.replace("i", "\u0130").replace("\u0131", "I")
    return source.upper() if source.isascii() else "".join([_upper(c, bool(culture)) for c in source])


@lru_cache(maxsize=10_000)  # many share a title or a name
def proper_case(source: str | None, separators: str | None = None) -> str | None:
    """PCase: each word's first letter in upper case, all else in lower; without separators words are .NET's."""
    lowered = to_lower(source)
    if lowered is None:
        return None
    if separators is not None:
        before = ["", *lowered[:-1]]
        return "".join(
            [_upper(c, False) if not b or b in separators else c for b, c in zip(before, lowered, strict=True)]
        ) if lowered else ""  # fmt: skip
    shown, is_inside = [], False
    for character in lowered:
        category = unicodedata.category(character)
        if category.startswith("L"):
            shown.append(character if is_inside else _title(character))
            is_inside = True
        else:
            # An apostrophe does not end a word in .NET, and a digit does not begin one.
            is_inside = is_inside and (character == "'" or category not in _BREAKS)
            shown.append(character)
    return "".join(shown)


def _is_turkic(culture: Value) -> bool:
    return isinstance(culture, str) and culture.partition("-")[0].lower() in TURKIC


@lru_cache(maxsize=4096)
def _lower(character: str, is_of_a_culture: bool) -> str:
    if character == "\u0130":
        return "i" if is_of_a_culture else character
    lowered = character.lower()
    return lowered if len(lowered) == 1 else character


@lru_cache(maxsize=4096)
def _upper(character: str, is_of_a_culture: bool) -> str:
    if character == "\u0131" and not is_of_a_culture:
        return character
    raised = character.upper()
    return raised if len(raised) == 1 else character


@lru_cache(maxsize=4096)
def _title(character: str) -> str:
    raised = character.title()
    return raised if len(raised) == 1 else character

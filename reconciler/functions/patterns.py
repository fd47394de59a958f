"""Patterns: .NET's regular expressions by the `regex` module, and Replace, which takes them (research: entra 3.4).

What the two read differently is translated; what cannot be is refused in words when the expression is parsed. A search ends
after a second, for a pattern may run away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import regex

from reconciler.functions.texts import bounded
from reconciler.functions.values import LARGEST

SECONDS = 1.0  # a longer search is a runaway pattern
LONGEST = 10_000  # characters of a pattern, as of an expression in Entra

_LETTERS = frozenset("abcdefknprstuvwxzABDGPSWZ")  # that mean something after a backslash in .NET
DEEPEST = 5  # sets taken away from sets
_QUANTIFIER = re.compile(r"\{\d{1,5}(,\d{0,5})?\}")
_GROUP = re.compile(r"\(\?(?:<(?P<angled>\w+)>|'(?P<quoted>\w+)')")
_PLAIN_GROUP = re.compile(r"\(\?(?::|=|!|<=|<!|>|#|\()|\(\?[imsx]+(?:-[imsx]+)?:|\((?![?*])")
_OPTIONS = re.compile(r"\(\?[imsx]+\)")
_UNREADABLE = (
    (re.compile(r"\(\?(?:<\w*-\w*>|'\w*-\w*')"), "balances groups, `(?<open-close>…)`, which only .NET can; write it without"),
    (re.compile(r"\(\?P"), "names a group as Python does, which .NET cannot; write (?<name>…)"),
    (re.compile(r"\(\?[imsx]*-?[imsx]*n"), "asks for explicit captures, `(?n)`; write (?:…) for groups that are not to be captured"),
    (re.compile(r"\(\?[imsx]*(?:-[imsx]+)?\)"), "changes an option in its middle; write it around what it is for: (?i:…)"),
)  # fmt: skip
_REFERENCE = re.compile(r"\\k(?:<(?P<angled>\w+)>|'(?P<quoted>\w+)')")
_NUMBER = re.compile(r"(?<!\\)(?:\\\\)*\\[1-9]")
_PARTS = re.compile(r"\$(?:\{(?P<name>\w+)\}|(?P<number>\d{1,2})|(?P<sign>[$&`'_+]))")
_FAILURES = (regex.error, RecursionError, OverflowError, MemoryError, ValueError, TypeError, AttributeError,
             IndexError, KeyError)  # fmt: skip


class PatternError(ValueError):
    """What is wrong with a pattern, and what to write instead."""


@lru_cache(maxsize=1024)
def compile_pattern(text: str) -> regex.Pattern[str]:
    """The .NET pattern, ready to search. Raises PatternError."""
    if len(text) > LONGEST:
        raise PatternError(f"is longer than {LONGEST:,} characters; shorten it")
    translated = "".join(_translated(text))
    try:
        compiled = regex.compile(translated)
    except _FAILURES as error:
        why = str(error) if isinstance(error, regex.error) else "nested too deep"
        raise PatternError(
            f"is no regular expression: {why}; put \\\\ before a sign that is meant itself"
        ) from None
    if compiled.groups > len(compiled.groupindex) > 0 and _NUMBER.search(text):
        raise PatternError(
            "counts named and unnamed groups, which .NET numbers one after the other; write \\\\k<name>"
        )
    return compiled


def _translated(text: str) -> Iterator[str]:
    """The pattern piece by piece in the words of `regex`."""
    at, is_after_quantifier = 0, False
    while at < len(text):
        piece, at_next = _piece(text, at)
        is_quantifier = text[at] in "*+?" or (text[at] == "{" and at_next > at + 1)
        if is_after_quantifier and text[at] == "+":
            raise PatternError("repeats a repetition by `+`; group what is repeated: (?:a*)+")
        is_after_quantifier = is_quantifier
        at = at_next
        yield piece


def _piece(text: str, at: int) -> tuple[str, int]:
    """The piece at that place, and where the next begins."""
    match text[at]:
        case "\\":
            return _escape(text, at)
        case "[":
            return _set(text, at)
        case "(":
            return _opening(text, at)
        case "{":
            found = _QUANTIFIER.match(text, at)
            return (found[0], found.end()) if found else ("\\{", at + 1)
    return text[at], at + 1


def _escape(text: str, at: int) -> tuple[str, int]:
    letter = text[at + 1 : at + 2]
    if found := _REFERENCE.match(text, at):
        return f"(?P={found['angled'] or found['quoted']})", found.end()
    match letter:
        case "":
            raise PatternError("ends in a lone backslash; write \\\\\\\\ for one that is meant itself")
        case "z":
            return r"\Z", at + 2
        case "Z":
            return r"(?=\n?\Z)", at + 2
        case "e":
            return r"\x1b", at + 2
        case "c" if text[at + 2 : at + 3].isalpha() and text[at + 2].isascii():
            return f"\\x{ord(text[at + 2].upper()) - 64:02x}", at + 3
        case "k" | "c":
            raise PatternError(f"`\\{letter}` names nothing; write it as \\k<name>")
        case "p" | "P":
            end = text.find("}", at)
            if text[at + 2 : at + 3] != "{" or end < 0:
                raise PatternError(f"`\\{letter}` names no category; write for example \\p{{Lu}}")
            name = text[at + 3 : end]
            # What .NET calls IsGreek is the block, to `regex` it is the script.
            return f"\\{letter}{{In{name[2:]}}}" if name.startswith("Is") else text[at : end + 1], end + 1
    if letter.isascii() and letter.isalpha() and letter not in _LETTERS:
        raise PatternError(f"`\\{letter}` means nothing in .NET; take the backslash out")
    return text[at : at + 2], at + 2


def _set(text: str, at: int, depth: int = 0) -> tuple[str, int]:
    """A set of characters, in which only the backslash, `]`, `^` and `-` are signs; one without another is looked ahead."""
    if depth > DEEPEST:
        raise PatternError(f"takes sets away from each other more than {DEEPEST} deep; write what is left")
    shown, end = ["["], at + 1
    if text[end : end + 1] == "^":
        shown.append("^")
        end += 1
    first = end
    while end < len(text) and (text[end] != "]" or end == first):
        if text[end] == "\\":
            piece, after = ("\\x08", end + 2) if text[end + 1 : end + 2] == "b" else _escape(text, end)
            shown.append(piece)
            end = after
            continue
        if text.startswith("-[", end) and end > first:
            without, after = _set(text, end + 1, depth + 1)
            if text[after : after + 1] != "]":
                raise PatternError(
                    "takes a set away before its end; write what is taken away last: [a-z-[aeiou]]"
                )
            return f"(?:(?!{without}){''.join(shown)}])", after + 1
        shown.append("\\" + text[end] if text[end] in "[]&|~" else text[end])
        end += 1
    if end >= len(text):
        raise PatternError("has a `[` that is never closed; add `]`, or write \\\\[ for the sign itself")
    return "".join(shown) + "]", end + 1


def _opening(text: str, at: int) -> tuple[str, int]:
    if found := _GROUP.match(text, at):
        name = found["angled"] or found["quoted"]
        if name[0].isdigit() or not name.isascii():
            raise PatternError(f"names a group `{name}`; write a word of letters: (?<part>…)")
        return f"(?P<{name}>", found.end()
    if found := _PLAIN_GROUP.match(text, at):
        if found[0] == "(?#":
            end = text.find(")", at)
            return (text[at : end + 1], end + 1) if end > 0 else (text[at:], len(text))
        return found[0], found.end()
    if (found := _OPTIONS.match(text, at)) and at == 0:
        return found[0], found.end()
    for form, what in _UNREADABLE:
        if form.match(text, at):
            raise PatternError(what)
    raise PatternError(f"has `{text[at : at + 4]}`, which cannot be read; write a plain group, (?:…), (?<name>…) or (?i:…)")  # fmt: skip


def replace(
    source: str | None, old: str | None, pattern: str | None, group: str | None, replacement: str | None, other: str | None,
    template: str | None,
) -> str | None:  # fmt: skip
    """Replace, in the mode that its arguments say; None stands for one that was left out, and null for a null source.

    Raises TimeoutError for a pattern that runs away.
    """
    if other is not None:
        return source or _extracted(pattern, group, other)
    if source is None or len(source) > LARGEST:
        return None
    if pattern is not None:
        found = _compiled(pattern)
        if found is None or (group is not None and group not in found.groupindex):
            return None
        spans = _groups(found, source, group, replacement or "") if group else _matches(found, source, replacement or "")  # fmt: skip
        return _spliced(source, spans)
    if not old:
        return source
    whole, new = (source, replacement or "") if template is None else (template, source)
    if len(whole) + whole.count(old) * len(new) > LARGEST:
        return None
    return whole.replace(old, new)


def _compiled(pattern: str) -> regex.Pattern[str] | None:
    try:
        return compile_pattern(pattern)
    except PatternError:
        return None  # a constant one was refused when the expression was parsed


def _extracted(pattern: str | None, group: str | None, other: str) -> str | None:
    """What the group matches in the other attribute's value."""
    found = _compiled(pattern or "")
    if found is None or not group or group not in found.groupindex or len(other) > LARGEST:
        return None
    hit = found.search(other, timeout=SECONDS)
    part = hit[group] if hit else None
    return part if isinstance(part, str) else None


Spans = Iterator[tuple[int, int, str]]


def _groups(pattern: regex.Pattern[str], source: str, group: str, new: str) -> Spans:
    """The places of the group in every match."""
    last = 0
    for hit in pattern.finditer(source, timeout=SECONDS):
        for start, end in sorted(set(hit.spans(group))):
            if start >= last:
                yield start, end, new
                last = end


def _matches(pattern: regex.Pattern[str], source: str, new: str) -> Spans:
    """The places of every match, with what stands there instead: `$1`, `${name}`, `$&` and `$$` as in .NET."""
    parts = _parts(new)
    for hit in pattern.finditer(source, timeout=SECONDS):
        yield (
            hit.start(),
            hit.end(),
            "".join(part if is_text else _said(hit, part) for is_text, part in parts),
        )


@lru_cache(maxsize=1024)
def _parts(new: str) -> tuple[tuple[bool, str], ...]:
    """The replacement as (is text, text) and (is not, the sign)."""
    parts, at = [], 0
    for found in _PARTS.finditer(new):
        parts += [(True, new[at : found.start()]), (False, found[0])]
        at = found.end()
    return tuple(part for part in (*parts, (True, new[at:])) if part[1])


def _said(hit: regex.Match[str], sign: str) -> str:
    name = sign[1:].strip("{}")
    found: object = None
    match name:
        case "$":
            found = "$"
        case "&":
            found = hit[0]
        case "`":
            found = hit.string[: hit.start()]
        case "'":
            found = hit.string[hit.end() :]
        case "_":
            found = hit.string
        case "+":
            found = hit[len(hit.groups())]
        case _:
            try:
                found = hit[int(name) if name.isdigit() else name]
            except (IndexError, KeyError):
                found = sign  # .NET leaves what names no group
    return found if isinstance(found, str) else ""


def _spliced(source: str, spans: Spans) -> str | None:
    """The source with other text at these places; None where that grows too large."""
    shown, at, size = [], 0, 0
    for start, end, new in spans:
        size += start - at + len(new)
        if size > LARGEST:
            return None
        shown += [source[at:start], new]
        at = end
    return bounded(*shown, source[at:])

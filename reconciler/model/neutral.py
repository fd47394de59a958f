"""Neutral: untrusted text made harmless for terminals and build logs (DESIGN 7)."""

from __future__ import annotations

import json
import unicodedata

INVISIBLE = (
    "Cc",
    "Cf",
    "Cs",
    "Co",
    "Zl",
    "Zp",
)  # control, bidi and other formats, surrogates, line separators
LONGEST = 2000


def neutral(text: str) -> str:
    """`text` with control, bidi and other invisible characters escaped, and no `##[`, which a build log obeys anywhere.

    The other workflow command, `::`, is obeyed at the start of a line only: no text begins a line of ours.
    """
    if "##[" in text:
        text = text.replace("##[", "#\\u0023[")
    if text.isprintable() and text.isascii():
        return text
    return "".join(c if unicodedata.category(c) not in INVISIBLE else _escaped(ord(c)) for c in text)


def neutral_json(text: str) -> str:
    """JSON whose texts have invisible characters as JSON's own escapes, and no `##[`: the same values."""
    text = text.replace("##[", "#\\u0023[")
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(
        c
        if c == "\n" or unicodedata.category(c) not in INVISIBLE
        else json.dumps(c).strip('"')
        if c != "\x7f"
        else "\\u007f"
        for c in text
    )


def shortened(text: str) -> str:
    """`text` without its middle if nobody would read all of it; what to do instead stands at its end."""
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]} … {text[-half:]}"


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def neutral_lines(text: str) -> str:
    """A text of ours that quotes others: its line breaks stay, and no line is a workflow command (`::`)."""
    lines = (neutral(line) for line in text.split("\n"))
    return "\n".join(f"\\{line}" if line.lstrip().startswith("::") else line for line in lines)

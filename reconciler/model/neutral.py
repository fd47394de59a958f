"""Neutral: untrusted text as people may see it: nothing in it moves a cursor, turns a line round or starts a new one."""

from __future__ import annotations

import unicodedata

INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def neutral(text: str) -> str:
    """`text` with control, bidi and other invisible characters escaped (DESIGN 7)."""
    if text.isprintable() and text.isascii():
        return text
    return "".join(c if unicodedata.category(c) not in INVISIBLE else f"\\u{ord(c):04x}" for c in text)


def neutral_lines(text: str) -> str:
    """A text of ours that holds untrusted parts: its line breaks stay, and no line is a workflow command (`::`, `##[`)."""
    lines = (neutral(line) for line in text.split("\n"))
    return "\n".join(f"\\{line}" if line.lstrip().startswith(("::", "##[")) else line for line in lines)

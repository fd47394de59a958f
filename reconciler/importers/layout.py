"""Layout: YAML as a person writes it: values quoted right by PyYAML, comments where they belong.

PyYAML writes no comments, so lines are laid out here; every scalar in them is of its making, or a plain word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import yaml

from reconciler.model.neutral import INVISIBLE, neutral

WIDEST = 120
FURTHEST = 76  # where a block's comments begin at most
SHORT = 12  # a comment that never gets a line of its own
LONGEST_COMMENT = 240
_PLAIN = re.compile(
    r"[A-Za-z][A-Za-z0-9_]*(?:[ .@/+-]+[A-Za-z0-9_]+)*|https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[A-Za-z0-9._~-]+)*"
)
_WORDS = frozenset("null true false yes no on off y n".split())
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: YAML at a depth, with a comment; or, where `is_out`, what would have stood there."""

    text: str
    depth: int = 0
    comment: str = ""
    is_out: bool = False


def lay_out(lines: Iterable[Line]) -> str:
    """The document of `lines`; the comments of neighbours at one depth begin in one column."""
    blocks = (list(block) for _, block in groupby(lines, key=lambda line: (line.depth, bool(line.comment))))
    return "".join(f"{row}\n" for block in blocks for row in _rows(block))


def comment(text: str) -> str:
    """`text` as a comment of one line, whatever is in it."""
    plain = neutral(text)
    half = LONGEST_COMMENT // 2
    return plain if len(plain) <= LONGEST_COMMENT else f"{plain[:half]} … {plain[-half:]}"


def scalar(text: str) -> str:
    """A text as YAML, on one line: a plain word, or quoted."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS:
        return text
    is_visible = "##[" not in text and all(unicodedata.category(sign) not in INVISIBLE for sign in text)
    written: str = yaml.dump(
        text, Dumper=_DUMPER, default_style="'" if is_visible else '"', width=2**30, allow_unicode=is_visible
    )
    return written.removesuffix("\n").replace("##[", "#\\x23[")  # which a build log obeys anywhere


def flow(pairs: Mapping[str, str]) -> str:
    """`{key: value}` of keys and values that are YAML already."""
    return "{" + ", ".join(f"{key}: {value}" for key, value in pairs.items()) + "}"


def listed(entries: Sequence[str]) -> str:
    """`[entry, entry]` of texts."""
    return "[" + ", ".join(map(scalar, entries)) + "]"


def _rows(block: list[Line]) -> Iterable[str]:
    indent = "  " * block[0].depth
    texts = [f"{indent}{'# ' if line.is_out else ''}{line.text}" for line in block]
    said = [comment(line.comment) for line in block]
    is_above = [
        len(text) + len(words) > WIDEST and len(words) > SHORT
        for text, words in zip(texts, said, strict=True)
    ]
    beside = (
        len(text) for text, above in zip(texts, is_above, strict=True) if not above and len(text) < FURTHEST
    )
    column = max(beside, default=0)
    for line, text, words, above in zip(block, texts, said, is_above, strict=True):
        if not words:
            yield text.rstrip()
        elif not line.text:
            yield f"{indent}# {words}"
        elif above:
            yield f"{indent}# {words}"
            yield text
        else:
            yield f"{text.ljust(column)}  # {words}"

"""Hostile values, and what no output may hold."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

from hypothesis import strategies as st

NASTY = (
    "\x1b[31mred\x1b[0m", "a\u202eb", "a\u2066b\u2069", "a\nb", "a\r\n::error::b", "\n::error::b", "::error::b", "##[error]b",
    "x ##[group]b", "\u2028::warning::b", "a\x00b", "\x7f", "\x9b31m", "\ufeffa", "\u200bzero", "\U000e0041tag", "<b>&amp;",
    "'; drop table", '"] or members[value pr', "../../etc/passwd", "a/b?c#d%2e", "{{ 7 * 7 }}", "${HOME}", "%s%n", "x" * 10_000,
    "[bold]x[/bold]", ":smile:", "\ud7ff", "𝕏", "ß", "İ", "e\u0301", "-", "--help", "~", "null", "NO", "010", "1e999", " ", "",
    "9" * 5000, "0x" + "f" * 5000, "@everyone", "`code`", "|a|b|", "\t",
)  # fmt: skip
PLACE = re.compile(r"[^\n]+?:\d+:\d+: [^\n]+")
_COMMAND = re.compile(r"^\s*::|##\[", re.MULTILINE)

texts = st.one_of(
    st.sampled_from(NASTY), st.text(max_size=30), st.from_regex(r"[A-Za-z0-9._@-]{1,20}", fullmatch=True)
)
scalars: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.sampled_from([0, -1, 2**63, 2**64, 10**30, 0.5, 1e300, -0.0]), texts,
)  # fmt: skip
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)


def assert_neutral(output: str) -> None:
    """No raw control, bidi or invisible character, and no line that a build log would obey."""
    for character in set(output) - {"\n"}:
        category = unicodedata.category(character)
        assert category not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"), f"{character!r} in {output[:2000]!r}"
    found = _COMMAND.search(output)
    assert found is None, f"{output[max(0, found.start() - 80) : found.end() + 80]!r}"


def as_yaml(value: object) -> str:
    """The value as YAML, with escapes for whatever YAML does not take as it is (a JSON surrogate pair is not one)."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return "".join(c if c == "\n" or c.isprintable() else f"\\U{ord(c):08x}" for c in text)


def paths(value: object, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every node of a JSON value, its own too."""
    found = [at]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += paths(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += paths(inner, (*at, index))
    return found


GONE = object()


def mutated(value: Any, path: tuple[Any, ...], other: object) -> Any:
    """A copy of a JSON value with `other` at `path`, or without what is there."""
    if not path:
        return other
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1 and other is GONE:
        del copy[path[0]]
    else:
        copy[path[0]] = mutated(value[path[0]], path[1:], other) if path[1:] else other
    return copy

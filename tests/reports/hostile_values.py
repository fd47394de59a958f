"""Hostile values in large numbers: pieces of what markup, terminals and build logs obey, put together by chance."""

from __future__ import annotations

import random

from tests.fuzz.hostile import NASTY

PIECES = (
    "`", "``", "```", "|", "\\", "\\|", "*", "_", "~~", "[", "](", ")", "![", "<", ">", "</code>", "</td>", "<!--", "-->", "&amp;", "&#x60;",
    "@octocat", "#12", "o/r#3", "4be19c2a01d7", "https://evil.example/x.png", "www.evil.example", "mailto:a@b.example", "a@b.example",
    "<img src=x onerror=alert(1)>", "<script>window.pwned = 1</script>", "</script>", "<!--<script>", "{{ 7 * 7 }}", "${{ github.token }}",
    "\n", "\r", "\r\n", "\t", "\x00", "\x1b[31m", "\x7f", "\u2028", "\u2029", "\u202e", "\u2066", "\u200b", "\ufeff", "\U000e0041", "\ud800",
    "::error::", "##[group]", "%0A", "EOF", "$", ":smile:", " ", "  ", "\u00a0", "\u3000", "é", "ß", "田", "م", "😀", "𝕏", "x", "Ada", "-", "1.", "---",
    "    ", "|--|", "> ", "# ", "[^1]", "[x]: y",
)  # fmt: skip


def hostile_values(count: int, seed: int = 20_000) -> list[str]:
    """So many values, the same for the same seed; the known nasty ones come first."""
    chance = random.Random(seed)
    known = [text for text in (*NASTY, *PIECES) if len(text) < 200]
    made = ("".join(chance.choices(PIECES, k=chance.randint(1, 9))) for _ in range(count))
    return [*known, *made][:count]

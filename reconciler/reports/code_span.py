"""Code spans: the only place in Markdown where untrusted text is harmless (research: actions 2.1)."""

from __future__ import annotations

import re

from reconciler.model.neutral import neutral

FENCES = re.compile("`+")


def code(text: str) -> str:
    """`text` as a code span outside tables: what is invisible is escaped, and the fence is longer than any inside.

    Nothing in it is a link, a mention, an image, HTML or an emoji; an empty text is the word *empty*.

    >>> code("a`b")
    '``a`b``'
    """
    shown = neutral(text)
    if not shown:
        return "*empty*"
    fence = "`" * (max(map(len, FENCES.findall(shown)), default=0) + 1)
    # One space on either side is taken away again, but not from a text of spaces only (CommonMark 6.1).
    needs_room = shown.strip(" ") and (shown[0] in "` " or shown[-1] in "` ")
    room = " " if needs_room else ""
    return f"{fence}{room}{shown}{room}{fence}"


def cell(text: str) -> str:
    """`text` as a code span in a cell of a table, where even inside it `|` must be escaped (GFM 4.10)."""
    return code(text).replace("|", "\\|")

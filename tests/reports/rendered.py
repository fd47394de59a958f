"""Markdown as GitHub's own renderer reads it: which tags it makes, what stands in code spans and what does not."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

OURS = frozenset(
    "h3 h4 h5 p table thead tbody tr th td code pre strong em blockquote ul li details summary sub br".split()
)
LIVELY = re.compile(
    r"@[\w-]|#\d|https?:|www\.|://|<[a-z!/]"
)  # what GitHub turns into something, outside code


@dataclass
class Rendered(HTMLParser):
    """What a renderer made of a text."""

    tags: Counter[str] = field(default_factory=Counter)
    codes: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    plain: str = ""
    uneven: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)
    _cells: int = 0
    _width: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")
        if tag == "code":
            self.codes.append("")
        if tag == "tr":
            self._cells = 0
        if tag in ("td", "th"):
            self._cells += 1
        if tag != "br":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.uneven.append(tag)
        if tag == "thead":
            self._width = self._cells
        if tag == "tr" and "tbody" in self._open and self._cells != self._width:
            self.uneven.append("a row")

    def handle_data(self, data: str) -> None:
        if "code" in self._open:
            self.codes[-1] += data
        else:
            self.plain += data


def rendered(markdown: str) -> Rendered:
    """What GitHub's renderer makes of it, with the HTML that it lets through."""
    html = cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE)
    found = Rendered()
    found.feed(html)
    found.close()
    return found


def assert_sound(markdown: str, *, may_link: bool = False) -> Rendered:
    """Only our own structure, whole; nothing that GitHub would turn into something stands outside code."""
    found = rendered(markdown)
    assert set(found.tags) <= (OURS | {"a"} if may_link else OURS), set(found.tags) - OURS
    assert found.uneven == []
    assert found._open == []
    assert LIVELY.search(found.plain) is None, LIVELY.search(found.plain)
    assert "|" not in found.plain
    assert "`" not in found.plain
    assert markdown.count("<details>") == markdown.count("</details>")
    return found

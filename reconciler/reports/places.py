"""Places: where in the desired state something was written, as a link where an address of its files is known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from reconciler.reports.code_span import cell

PLACE = re.compile(r"(?P<path>[^/:][^:]*):(?P<line>\d{1,9})(:\d{1,9})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """How places are shown: below the folder `root`; linked to `base` + path, with its line, where there is a base."""

    root: str = ""
    base: str | None = None

    def below(self, place: str) -> str:
        """The place without the folder that all of them share."""
        return place.removeprefix(f"{self.root}/")

    def address(self, place: str) -> str | None:
        """The address of a place's line; None without a base, or for what is no path below it."""
        found = PLACE.fullmatch(place) if self.base is not None else None
        if found is None or ".." in found["path"].split("/"):
            return None
        return f"{self.base}{quote(found['path'], safe='/', errors='surrogatepass')}#L{found['line']}"

    def mark(self, place: str | None) -> str:
        """A place for a table's cell in Markdown; an empty text for none."""
        if not place:
            return ""
        address = self.address(place)
        shown = cell(self.below(place))
        return f"[{shown}]({address})" if address else shown

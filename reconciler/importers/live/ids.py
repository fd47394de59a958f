"""Ids: a stable id for each live resource: its externalId where that is a legal id, else made of its name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable

from reconciler.importers.live.values import Way
from reconciler.model.resource import LiveResource

LEGAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
LONGEST = 64
_STRANGE = re.compile(r"[^A-Za-z0-9._-]+")


def choose_ids(rows: Iterable[LiveResource], external: Way | None, taken: Collection[str]) -> dict[str, str]:
    """The id of each of `rows` by its live id, unique ignoring case, and none of `taken` (in lower case).

    `external` is the way in which the mapping makes externalId of the id, None if it makes it of something else.
    """
    used, ids = set(taken), dict[str, str]()
    rows = sorted(rows, key=lambda row: row.id)
    for row in rows:
        own = _of_external_id(row, external)
        if own is not None and own.casefold() not in used:
            used.add(own.casefold())
            ids[row.id] = own
    for row in rows:
        if row.id not in ids:
            own = _unique(_of_name(row.name) or _of_name(row.id) or "unnamed", used)
            used.add(own.casefold())
            ids[row.id] = own
    return ids


def _of_external_id(row: LiveResource, external: Way | None) -> str | None:
    if row.external_id is None:
        return None
    own = external.back(row.external_id) if external is not None else row.external_id
    return own if own is not None and LEGAL.fullmatch(own) else None


def _of_name(name: str) -> str:
    """A name as an id: what stands before the @ of an address, without accents, in lower case."""
    plain = unicodedata.normalize("NFKD", name.partition("@")[0]).encode("ascii", "ignore").decode()
    return _STRANGE.sub("-", plain).strip("-._").casefold()[:LONGEST]


def _unique(name: str, used: Collection[str]) -> str:
    if name not in used:
        return name
    number = 2
    while (told := f"{name[: LONGEST - len(str(number)) - 1]}-{number}") in used:
        number += 1
    return told

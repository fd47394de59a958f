"""Listing: a list read page by page and proven whole, or not at all (RFC 7644 section 3.4.2.4; research: scim_quirks B.2 #11, #13)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Protocol, TypeVar

from reconciler.model.errors import IncompleteRead, Refused, TransportError

Row = TypeVar("Row")
Row_co = TypeVar("Row_co", covariant=True)
LARGEST_LIST = 5_000_000  # resources; a list that is longer has no end
SAFE_COUNT = 100  # what an endpoint is asked for that refuses more


class PageReader(Protocol):
    """What reads an answer and leaves its content alone."""

    async def get_bytes(self, path: str, params: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and content of a GET below the base. Raises Refused or TransportError."""


class Page(Protocol[Row_co]):
    """One page: the total that it claims, its ids in order, and its resources."""

    @property
    def total(self) -> int:
        """How many resources the whole list has."""

    @property
    def ids(self) -> Sequence[str]:
        """The ids, none of them empty."""

    @property
    def rows(self) -> Sequence[Row_co]:
        """The resources, as many as ids."""


async def read_pages(
    reader: PageReader, endpoint: str, page_size: int, decode: Callable[[bytes], Page[Row]], ahead: int = 1,
    tell: Callable[[int, int], None] = lambda read, total: None,
) -> list[Row]:  # fmt: skip
    """Every resource of a list, in its order; up to `ahead` pages are under way at once; `tell` hears how many were read.

    Raises IncompleteRead unless unique ids = total and no id comes twice; Refused and TransportError as the reader does.
    """
    pages = _Pages(reader, endpoint, page_size, ahead)
    proof = _Proof(endpoint)
    rows: list[Row] = []
    try:
        while not proof.is_whole:
            page = _decoded(endpoint, await pages.take(proof.read + 1), decode)
            proof.add(page.total, page.ids)
            rows.extend(page.rows)
            tell(proof.read, page.total)
            pages.fetch(proof.read + 1, len(page.ids), page.total)
    finally:
        await pages.close()
    return rows


def _decoded(endpoint: str, content: bytes, decode: Callable[[bytes], Page[Row]]) -> Page[Row]:
    try:
        return decode(content)
    except IncompleteRead as error:
        raise IncompleteRead(f"{endpoint}: {error}") from None
    except TransportError as error:
        raise TransportError(f"GET {endpoint}: {error}", code=error.code) from None


class _Pages:
    """Pages under way. They are guessed from what the last page held, and dropped where the guess was wrong."""

    def __init__(self, reader: PageReader, endpoint: str, count: int, ahead: int) -> None:
        self._reader, self._endpoint, self._count, self._ahead = reader, endpoint, count, ahead
        self._under_way: deque[tuple[int, asyncio.Task[bytes]]] = deque()

    async def take(self, start: int) -> bytes:
        """The content of the page that begins at `start`."""
        if self._under_way and self._under_way[0][0] != start:
            await self.close()
        if not self._under_way:
            return await self._get(start)
        return await self._under_way.popleft()[1]

    def fetch(self, start: int, step: int, total: int) -> None:
        """Fetches ahead from `start`, if the endpoint goes on giving `step` resources a page."""
        following = self._under_way[-1][0] + step if self._under_way else start
        while len(self._under_way) < self._ahead and following <= total:
            self._under_way.append((following, asyncio.create_task(self._get(following))))
            following += step

    async def close(self) -> None:
        """Drops what is under way."""
        tasks = [task for _, task in self._under_way]
        self._under_way.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _get(self, start: int) -> bytes:
        count = self._count
        try:
            return await self._ask(start, count)
        except Refused as refused:
            # Some endpoints refuse a count above their maximum, which nothing tells.
            if refused.status != 400 or count <= SAFE_COUNT:
                raise
            content = await self._ask(start, SAFE_COUNT)
            self._count = SAFE_COUNT
            return content

    async def _ask(self, start: int, count: int) -> bytes:
        _, content = await self._reader.get_bytes(
            self._endpoint, {"startIndex": str(start), "count": str(count)}
        )
        return content


class _Proof:
    """What was read of a list so far, and whether that is all of it."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._seen: set[str] = set()
        self._pages: list[Sequence[str]] = []
        self._total: int | None = None

    @property
    def read(self) -> int:
        """How many resources were read."""
        return len(self._seen)

    @property
    def is_whole(self) -> bool:
        """Whether every resource was read."""
        return self._total == len(self._seen)

    def add(self, said: int, ids: Sequence[str]) -> None:
        """Takes a page's ids. Raises IncompleteRead if they contradict what was read, or end too early."""
        endpoint, seen, before = self._endpoint, self._seen, len(self._seen)
        if "." in ids or ".." in ids:
            raise IncompleteRead(
                f"{endpoint}: a resource has the id `.` or `..`, which names another place in a url"
            )
        if self._total is not None and said != self._total:
            raise IncompleteRead(
                f"{endpoint}: the total went from {self._total} to {said} between pages; try again when nothing writes there"
            )
        if said > LARGEST_LIST:
            raise IncompleteRead(
                f"{endpoint}: the endpoint says that there are more than {LARGEST_LIST:,} resources"
            )
        self._total = said
        self._pages.append(ids)
        seen.update(ids)
        if len(seen) < before + len(ids):
            raise IncompleteRead(self._twice())
        if len(seen) == before and before < said:
            raise IncompleteRead(f"{endpoint}: the pages end after {before} of {said} resources")
        if len(seen) > said:
            raise IncompleteRead(f"{endpoint}: {len(seen)} resources came, but the endpoint says {said}")

    def _twice(self) -> str:
        seen: set[str] = set()
        for id_ in chain.from_iterable(self._pages):
            if id_ in seen:
                return (
                    f"{self._endpoint}: the id {id_} came twice; {len(seen)} of {self._total} were read, "
                    "so the list is not whole"
                )
            seen.add(id_)
        raise AssertionError

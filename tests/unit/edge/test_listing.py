"""A list is read whole or not at all, in order, with as many pages under way as one likes; over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from reconciler.edge.listing import read_pages
from reconciler.model.errors import IncompleteRead, Refused, TransportError


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    total: int
    ids: tuple[str, ...]
    rows: tuple[str, ...]


def decode(content: bytes) -> Listed:
    try:
        body = json.loads(content)
    except ValueError:
        raise TransportError("the answer is no JSON object") from None
    if "totalResults" not in body:
        raise IncompleteRead("the answer is no list: totalResults is None")
    ids = tuple(row["id"] for row in body["Resources"])
    return Listed(total=body["totalResults"], ids=ids, rows=tuple(f"row {id_}" for id_ in ids))


Answer = Callable[[int, int], tuple[int, Any]]  # startIndex, count -> status, body


@dataclass(slots=True, kw_only=True)
class Server:
    """An endpoint whose one list is whatever `answer` says; it remembers what it was asked and how much of it at once."""

    answer: Answer
    delay: float = 0.0
    asked: list[tuple[int, int]] = field(default_factory=list)
    under_way: int = 0
    most: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                query = parse_qs(urlsplit(head.split()[1].decode()).query)
                start, count = int(query["startIndex"][0]), int(query["count"][0])
                self.asked.append((start, count))
                self.under_way += 1
                self.most = max(self.most, self.under_way)
                await asyncio.sleep(self.delay)
                self.under_way -= 1
                status, body = self.answer(start, count)
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                writer.write(
                    b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n" % (status, len(content)) + content
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


class Reader:
    """The least of a reader: status and content of a GET, Refused for an error status."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def get_bytes(self, path: str, params: Mapping[str, str]) -> tuple[int, bytes]:
        response = await self._http.get(path, params=params)
        if response.status_code >= 400:
            raise Refused(f"status {response.status_code}", status=response.status_code)
        return response.status_code, response.content


@asynccontextmanager
async def reading(server: Server) -> AsyncIterator[Reader]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening, httpx.AsyncClient(base_url=base, trust_env=False) as http:
        yield Reader(http)


def read(server: Server, page_size: int = 10, ahead: int = 3) -> list[str]:
    async def run() -> list[str]:
        async with reading(server) as reader:
            return await read_pages(reader, "/Users", page_size, decode, ahead)

    return asyncio.run(run())


def listing(
    total: int,
    most: int = 10_000,
    ids: Mapping[int, str] | None = None,
    totals: Mapping[int, int] | None = None,
) -> Answer:
    """A list of `total`, at most `most` a page; `ids` and `totals` say by index what comes instead."""

    def answer(start: int, count: int) -> tuple[int, Any]:
        indexes = range(start, min(start + min(count, most), total + 1))
        rows = [{"id": (ids or {}).get(index, str(index))} for index in indexes]
        return 200, {"totalResults": (totals or {}).get(start, total), "Resources": rows}

    return answer


def rows_of(total: int) -> list[str]:
    return [f"row {index}" for index in range(1, total + 1)]


# -------------------------------------------------------------------------------------------------------- whole lists


@pytest.mark.parametrize("ahead", [1, 2, 5, 50])
@pytest.mark.parametrize("total", [0, 1, 9, 10, 11, 95, 100])
def test_a_list_comes_whole_and_in_order(total: int, ahead: int) -> None:
    server = Server(answer=listing(total))

    assert read(server, ahead=ahead) == rows_of(total)
    assert sorted(server.asked) == [(start, 10) for start in range(1, max(2, total + 1), 10)]


def test_pages_are_fetched_ahead_but_no_more_than_told() -> None:
    server = Server(answer=listing(100), delay=0.01)

    assert read(server, ahead=4) == rows_of(100)
    assert server.most == 4


def test_an_endpoint_that_gives_fewer_than_asked_for_is_followed_by_what_came() -> None:
    server = Server(answer=listing(50, most=7))

    assert read(server, page_size=1000) == rows_of(50)
    assert len(server.asked) == 8


def test_an_endpoint_whose_pages_differ_in_length_is_followed_by_what_came() -> None:
    sizes = {1: 10, 11: 3, 14: 10, 24: 1, 25: 10}

    def answer(start: int, count: int) -> tuple[int, Any]:
        return listing(40, most=sizes.get(start, 10))(start, count)

    assert read(Server(answer=answer), ahead=4) == rows_of(40)


def test_an_endpoint_that_refuses_a_large_count_is_asked_for_less_from_then_on() -> None:
    def answer(start: int, count: int) -> tuple[int, Any]:
        return listing(250)(start, count) if count <= 100 else (400, {})

    server = Server(answer=answer)

    assert read(server, page_size=1000) == rows_of(250)
    assert sorted(server.asked) == [(1, 100), (1, 1000), (101, 100), (201, 100)]


# ----------------------------------------------------------------------------------------------- lists that are not whole


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (listing(30, ids={25: "3"}), "/Users: the id 3 came twice; 24 of 30 were read, so the list is not whole"),
        (listing(30, ids={5: "3"}), "/Users: the id 3 came twice; 4 of 30 were read, so the list is not whole"),
        (listing(20, totals={1: 30, 11: 30, 21: 30}), "/Users: the pages end after 20 of 30 resources"),
        (listing(0, totals={1: 3}), "/Users: the pages end after 0 of 3 resources"),
        (listing(30, totals={11: 31}), "/Users: the total went from 30 to 31 between pages; try again when nothing writes there"),
        (listing(10, totals={1: 8}), "/Users: 10 resources came, but the endpoint says 8"),
        (lambda start, count: (200, {}), "/Users: the answer is no list: totalResults is None"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ahead", [1, 4])
def test_a_list_that_contradicts_itself_is_no_list(answer: Answer, text: str, ahead: int) -> None:
    with pytest.raises(IncompleteRead) as raised:
        read(Server(answer=answer), ahead=ahead)

    assert str(raised.value) == text


def test_a_page_that_always_is_the_first_is_no_list() -> None:
    def answer(start: int, count: int) -> tuple[int, Any]:
        return 200, listing(30)(1, count)[1]

    with pytest.raises(IncompleteRead, match="the id 1 came twice; 10 of 30 were read"):
        read(Server(answer=answer))


def test_an_answer_that_is_no_json_names_the_request() -> None:
    with pytest.raises(TransportError, match="GET /Users: the answer is no JSON object"):
        read(Server(answer=lambda start, count: (200, b"<html>")))


def test_an_error_in_the_middle_ends_the_reading_and_all_that_is_under_way() -> None:
    def answer(start: int, count: int) -> tuple[int, Any]:
        return (403, {}) if start == 21 else listing(1000)(start, count)

    server = Server(answer=answer, delay=0.005)

    with pytest.raises(Refused):
        read(server, ahead=5)
    assert len(server.asked) < 10


def test_a_small_count_that_is_refused_is_refused() -> None:
    with pytest.raises(Refused):
        read(Server(answer=lambda start, count: (400, {})), page_size=100)

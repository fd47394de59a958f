"""Hostile answers: each ends as an error of our own, in bounded time and memory, and says nothing that it should not."""

# ruff: noqa: PT017  # hostile input may be taken or refused; how it is refused is looked at where it is

from __future__ import annotations

import asyncio
import gzip
import json
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.edge import client as client_module
from reconciler.edge.answers import LARGEST_BODY
from reconciler.edge.client import ScimWriter, open_writer
from reconciler.edge.credentials import open_token
from reconciler.edge.discovery import discover
from reconciler.edge.listing import read_pages
from reconciler.model.attribute_path import parse_path
from reconciler.model.column import Columns, build_columns
from reconciler.model.errors import IncompleteRead, Refused, TargetError, TransportError
from reconciler.model.mapping import AttributeMapping, ObjectMapping
from reconciler.model.place import Origin
from reconciler.model.target import Client
from reconciler.stages.normalize_page import PageDecoder, build_page_decoder
from tests.fuzz.hostile import NASTY, assert_neutral, mutated, paths, values
from tests.fuzz.raw_server import Answers, RawServer, answer, raw_server
from tests.fuzz.volume import IS_FULL, LONGEST, counted, tries, within

QUICK = Client(concurrency=1, requests_per_second=1000, timeout_seconds=0.3)
TOKEN = "canary-9b1f7c-token"
MB = 1024 * 1024


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may pass is not tried again: that would take seconds each time, and shows nothing new."""
    monkeypatch.setattr(client_module, "RETRIES", 0)


async def _token(renew: bool) -> str | None:
    return None if renew else TOKEN


def talk(
    answers: Answers,
    ask: Callable[[ScimWriter], Any],
    server: list[RawServer] | None = None,
    client: Client = QUICK,
) -> Any:
    """What `ask` gives, or the TargetError that it ends with: nothing else may come out."""

    async def run(url: str) -> Any:
        async with open_writer(url, _token, client) as writer:
            return await ask(writer)

    with raw_server(answers) as raw:
        if server is not None:
            server.append(raw)
        try:
            return within(LONGEST, lambda: asyncio.run(run(raw.url)))
        except TargetError as error:
            assert TOKEN not in str(error)
            assert len(str(error)) < 3000
            return error


def ask_all(writer: ScimWriter) -> Any:
    """Discovery, a list and a look-up by id and by filter; the error of each, if any."""

    async def run() -> list[Any]:
        found: list[Any] = []
        for ask in (
            discover(writer), read_pages(writer, "/Users", 100, build_page_decoder(columns())), writer.resource("/Users", "a/b?c"),
            writer.find("/Users", "userName", 'x"y\\'), writer.send("POST", "/Users", {"a": 1}),
            writer.send("PATCH", "/Users/1", {"a": 1}, etag='W/"\u202e\n"'),
        ):  # fmt: skip
            try:
                found.append(await ask)
            except TargetError as error:
                assert TOKEN not in str(error)
                assert_neutral(str(error))
                found.append(error)
        return found

    return run()


def columns() -> Columns:
    """Columns of every sort."""
    texts = ("externalId", "userName", "active", "name.givenName", 'emails[type eq "work"].value', "roles", "title",
             "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager")  # fmt: skip
    origin = Origin(document="mappings.yaml")
    mapped = tuple(
        AttributeMapping(path=parse_path(text), kind="source", text="mail", origin=origin) for text in texts
    )
    return build_columns("User", ObjectMapping(match=("externalId", "userName"), attributes=mapped), {})


def zipped(size: int, times: int = 1) -> bytes:
    content = b" " * size
    for _ in range(times):
        content = gzip.compress(content, 9)
    return content


def drip(count: int, pause: float = 0.05) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    for _ in range(count):
        time.sleep(pause)
        yield b" "


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
WIRES: dict[str, Callable[[], bytes | Iterable[bytes]]] = {
    "nothing": lambda: b"",
    "noise": lambda: bytes(range(256)) * 10,
    "half a head": lambda: b"HTTP/1.1 200 OK\r\nContent-Le",
    "a status of words": lambda: b"HTTP/1.1 abc OK\r\n\r\n",
    "status 999": lambda: b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n",
    "status 100 for ever": lambda: b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
    "a length below nothing": lambda: b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
    "a length without end": lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
    "two lengths": lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a thousand headers": lambda: answer({}, headers=[(f"X-{n}", "y" * 20) for n in range(1000)]),
    "a header of 10 MB": lambda: answer({}, headers=[("X", "y" * 10 * MB)]),
    "chunks of noise": lambda: CHUNKED + b"zz\r\nnoise",
    "a chunk without end": lambda: CHUNKED + b"ffffffffffffffff\r\n" + b" " * 1000,
    "a chunk of nothing and noise": lambda: CHUNKED + b"0\r\nnoise\r\n",
    "gzip that is none": lambda: answer(b"{}", headers=[("Content-Encoding", "gzip")]),
    "deflate that is none": lambda: answer(b"{}", headers=[("Content-Encoding", "deflate")]),
    "a coding that nobody knows": lambda: answer(b"{}", headers=[("Content-Encoding", "x\u202ey")]),
    "gzip in gzip": lambda: answer(zipped(100, 2), headers=[("Content-Encoding", "gzip, gzip")]),
    "utf-16": lambda: answer("{}".encode("utf-16")),
    "a byte order mark": lambda: answer(b"\xef\xbb\xbf{}"),
    "invalid utf-8": lambda: answer(b'{"totalResults": 0, "a": "\xff\xfe"}'),
    "nested without end": lambda: answer(b"[" * 100_000),
    "nested objects without end": lambda: answer(b'{"Resources":' * 100_000),
    "a number without end": lambda: answer(b'{"totalResults": ' + b"9" * 10_000 + b"}"),
    "1e400": lambda: answer(b'{"totalResults": 1e400, "Resources": [{"id": 1e400}]}'),
    "not a number": lambda: answer(b'{"totalResults": NaN, "Resources": [Infinity]}'),
    "half a character": lambda: answer(b'{"totalResults": 1, "Resources": [{"id": "\\ud800"}]}'),
    "keys twice": lambda: answer(b'{"totalResults": 0, "totalResults": 1, "Resources": [{"id": "a", "id": "b", "ID": "c"}]}'),
    "a redirect to itself": lambda: answer({}, "302 Found", [("Location", "/scim/v2/Users")]),
    "a redirect to no url": lambda: answer({}, "302 Found", [("Location", "http://[")]),
    "a redirect with a password": lambda: answer({}, "307 Go", [("Location", "http://u:p@127.0.0.1:1/x")]),
    "a redirect without end": lambda: answer({}, "308 Go", [("Location", "x" * 50_000)]),
    "a refusal of lists": lambda: answer([1], "400 Bad"),
    "a refusal of numbers": lambda: answer({"detail": 1, "scimType": {"a": []}, "status": []}, "400 Bad"),
    "wait: soon": lambda: answer({}, "503 Busy", [("Retry-After", "0")]),
}  # fmt: skip


@pytest.mark.parametrize("name", WIRES)
@counted("bytes on the wire")
def test_whatever_comes_over_the_wire_ends_as_an_error_of_our_own(name: str) -> None:
    talk(lambda method, path: WIRES[name](), ask_all)


def test_a_body_that_drips_for_ever_is_given_up() -> None:
    quick = Client(concurrency=1, requests_per_second=1000, timeout_seconds=0.1)

    async def run(url: str) -> None:
        async with open_writer(url, _token, quick) as writer:
            await writer.send("POST", "/Users", {})

    with raw_server(lambda method, path: drip(1000)) as raw, pytest.raises(TargetError, match="no answer"):
        within(5, lambda: asyncio.run(run(raw.url)))


@pytest.mark.parametrize("coding", ["identity", "gzip", "deflate"] if IS_FULL else ["gzip"])
def test_a_body_without_bounds_is_not_read_to_its_end(coding: str) -> None:
    def endless() -> Iterator[bytes]:
        yield CHUNKED.removesuffix(b"\r\n") + f"Content-Encoding: {coding}\r\n\r\n".encode()
        packer = zlib.compressobj(9, wbits=31) if coding == "gzip" else zlib.compressobj(9)
        plain = b" " * (16 * MB)
        for _ in range(LARGEST_BODY // len(plain) + 2):
            part = plain if coding == "identity" else packer.compress(plain) + packer.flush(zlib.Z_SYNC_FLUSH)
            yield f"{len(part):x}\r\n".encode() + part + b"\r\n"

    patient = replace(QUICK, timeout_seconds=LONGEST)  # so much takes seconds on a busy machine
    error = talk(lambda method, path: endless(), lambda writer: writer.get("/Users"), client=patient)

    assert isinstance(error, TransportError)
    assert "larger than" in str(error)


def test_codings_that_multiply_are_refused_before_the_body_is_read() -> None:
    body = zipped(64 * MB, 3)
    headers = [("Content-Encoding", "gzip, gzip, gzip")]

    error = talk(lambda method, path: answer(body, headers=headers), lambda writer: writer.get("/Users"))

    assert isinstance(error, TransportError)
    assert "compressed" in str(error)


def test_what_is_zipped_in_earnest_is_read() -> None:
    body = gzip.compress(
        json.dumps({"totalResults": 1, "Resources": [{"id": "1", "userName": "ada"}]}).encode()
    )

    rows = talk(
        lambda method, path: answer(body, headers=[("Content-Encoding", "gzip")]),
        lambda writer: read_pages(writer, "/Users", 100, build_page_decoder(columns())),
    )

    assert [row.id for row in rows] == ["1"]


DETAILS = st.one_of(st.sampled_from(NASTY), st.text(max_size=20), values)


@tries(40, slow=True)
@given(
    DETAILS,
    DETAILS,
    st.sampled_from(
        ["400 Bad", "401 No", "403 No", "404 No", "409 Conflict", "412 No", "413 No", "501 No", "302 Go"]
    ),
    st.sampled_from(NASTY),
)
@counted("error answer")
def test_the_words_of_an_endpoint_are_told_without_what_terminals_and_logs_obey(
    detail: Any, scim_type: Any, status: str, header: str
) -> None:
    line = header.replace("\r", "").replace("\n", "").replace("\x00", "")
    said = answer(
        {"detail": detail, "scimType": scim_type},
        status,
        [("Location", line), ("ETag", line), ("Content-Type", line)],
    )

    for found in talk(lambda method, path: said, ask_all):
        if isinstance(found, Refused):
            assert_neutral(f"x {found.detail} {found.scim_type}")


PAGE: dict[str, Any] = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 2, "startIndex": 1, "itemsPerPage": 2,
    "Resources": [
        {"id": "1", "externalId": "ada", "userName": "ada@example.com", "active": True, "name": {"givenName": "Ada"}, "title": None,
         "emails": [{"type": "work", "value": "ada@example.com"}], "meta": {"version": 'W/"1"', "resourceType": "User"},
         "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"manager": {"value": "2"}}},
        {"id": "2", "userName": "bob", "emails": [], "active": "false"},
    ],
}  # fmt: skip


@tries(400)
@given(st.data())
@counted("page of a list with nodes replaced")
def test_whatever_a_page_holds_it_is_read_or_refused(data: st.DataObject) -> None:
    decoder = PageDecoder(columns())
    decoder.decode(json.dumps(PAGE).encode())
    assert decoder._typed is not None, "the typed decoder knows the shape by now"
    page: Any = PAGE
    for _ in range(data.draw(st.integers(1, 3))):
        page = mutated(page, data.draw(st.sampled_from(paths(page))), data.draw(values))

    try:
        found = within(LONGEST, lambda: decoder.decode(json.dumps(page).encode()))
    except (IncompleteRead, TransportError):
        return

    assert all(row.id for row in found.rows)
    assert all(isinstance(row.name, str) for row in found.rows)
    for row in found.rows:
        for column, cell in zip(columns().all, row.values, strict=True):
            column.compare(cell)


@tries(300)
@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf{}")
@counted("page of noise")
def test_a_page_of_noise_is_refused(content: bytes) -> None:
    with pytest.raises((IncompleteRead, TransportError)):
        build_page_decoder(columns())(content)


TOKENS: dict[str, Callable[[], bytes | Iterable[bytes]]] = {
    "nested without end": lambda: answer(b'{"access_token":' * 100_000),
    "a number without end": lambda: answer(b'{"access_token": "a", "expires_in": ' + b"9" * 400 + b"}"),
    "longer than a float": lambda: answer(b'{"access_token": "a", "expires_in": 1' + b"0" * 400 + b"}"),
    "no list": lambda: answer([1]),
    "null": lambda: answer(b"null"),
    "a token with a line break": lambda: answer({"access_token": "a\r\nX: y"}),
    "too large": lambda: answer(b" " * MB),
    "a bomb": lambda: answer(zipped(64 * MB), headers=[("Content-Encoding", "gzip")]),
    "a refusal that repeats the secret": lambda: answer({"error": "canary-9b1f7c-client"}, "400 Bad"),
    "noise": lambda: b"noise",
    "a redirect": lambda: answer({}, "302 Found", [("Location", "https://elsewhere.example")]),
    "not a number": lambda: answer(b'{"access_token": "a", "expires_in": NaN}'),
    "soon": lambda: answer({"access_token": "a", "expires_in": -5}),
}  # fmt: skip


@pytest.mark.parametrize("name", TOKENS)
@counted("token answer")
def test_whatever_a_token_endpoint_says_is_a_token_or_an_error_without_the_secret(
    name: str, tmp_path: Any
) -> None:
    from tests.fuzz.targets import oauth_target

    with raw_server(lambda method, path: TOKENS[name]()) as raw:
        give = open_token(oauth_target(raw.url), {"SECRET": "canary-9b1f7c-client"}, root=tmp_path)

        async def ask() -> str | None:
            return await give(False)

        try:
            assert within(LONGEST, lambda: asyncio.run(ask())) == "a"
        except TargetError as error:
            assert "canary" not in str(error)
            assert_neutral(str(error))

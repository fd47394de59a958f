"""A proxy on loopback that numbers the requests between the command line and a server, and strikes at chosen ones."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Literal, assert_never
from urllib.parse import urlsplit

from tests.properties.bench import drop_connections

LOOPBACK = "127.0.0.1"
LONGEST = 1 << 24  # bytes of an answer
Counting = str  # "writes", "requests", or the start of a request line: "POST /v2/Users"
Kind = Literal["refuse", "reset", "cut", "slow", "answer", "signal"]


@dataclass(slots=True, kw_only=True)
class Record:
    """One request that reached the proxy; numbers count from 1."""

    number: int
    write_number: int  # of this write, or of the last one before this read
    method: str
    path: str
    body: bytes = field(repr=False)
    status: int | None = None  # what was answered, by the server or by a fault; None: nothing
    forwarded: bool = False
    fault: str = ""

    @property
    def is_write(self) -> bool:
        """Whether it may change something (a search by POST does not)."""
        return self.method not in ("GET", "HEAD") and not self.path.partition("?")[0].endswith("/.search")

    def counts_as(self, counting: Counting) -> bool:
        """Whether it is one of those that are counted."""
        match counting:
            case "requests":
                return True
            case "writes":
                return self.is_write
            case _:
                return f"{self.method} {self.path}".startswith(counting)

    @property
    def may_have_written(self) -> bool:
        """Whether the server got a write and did not refuse it itself."""
        return self.is_write and self.forwarded and (bool(self.fault) or (self.status or 500) < 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong: before the server sees the request, or after it took effect."""

    name: str
    kind: Kind
    forwards: bool = False
    answer: Callable[[], bytes] = bytes
    seconds: float = 0.0
    signal: int = 0
    is_lasting: bool = False


@dataclass(slots=True, kw_only=True)
class _Aim:
    fault: Fault
    hits: Callable[[Record], bool]


class Proxy:
    """Forwards HTTP/1.1 from its own port to a server's; strikes where it was told to."""

    def __init__(self, server_port: int, loop: asyncio.AbstractEventLoop) -> None:
        self._server_port, self._loop = server_port, loop
        self._lock = threading.Lock()
        self._aim: _Aim | None = None
        self._has_struck = False
        self._victim: int | None = None
        self._victim_known = threading.Event()
        self._listener: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []  # connections to the server
        self._open = 0
        self.port = 0
        self.records: list[Record] = []

    def arm(self, fault: Fault, at: int, counting: Counting) -> None:
        """Strike at the request of that number among those that are counted; a lasting fault from there on."""
        with self._lock:
            self._clear()

            def hits(record: Record) -> bool:
                if self._has_struck:
                    return fault.is_lasting
                number = sum(other.counts_as(counting) for other in self.records)
                return record.counts_as(counting) and number == at

            self._aim = _Aim(fault=fault, hits=hits)

    def arm_every(self, fault: Fault, step: int) -> None:
        """Strike at every write whose number is a multiple of `step`."""
        with self._lock:
            self._clear()
            self._aim = _Aim(
                fault=fault, hits=lambda record: record.is_write and record.write_number % step == 0
            )

    def heal(self) -> None:
        """Strike no more, take connections, and count from 1 again."""
        with self._lock:
            self._clear()
        if self._listener is None:
            self.call(self.listen())

    def call(self, what: Coroutine[None, None, None]) -> None:
        """Do something in the proxy's own thread."""
        asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    def aim_at(self, pid: int) -> None:
        """Say which process a signal goes to."""
        self._victim = pid
        self._victim_known.set()

    def settle(self) -> None:
        """Wait until nothing is under way to the server any more, as after a kill."""
        end = time.monotonic() + 10
        while self._open:
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.002)

    @property
    def has_struck(self) -> bool:
        """Whether the fault happened since it was armed."""
        return self._has_struck

    @property
    def writes(self) -> list[Record]:
        """The writes since the last arming or healing."""
        return [record for record in list(self.records) if record.is_write]

    def _clear(self) -> None:
        self._aim, self._has_struck, self._victim = None, False, None
        self._victim_known.clear()
        self.records = []

    async def listen(self) -> None:
        """Take connections; after the first time on the same port."""
        self._listener = await asyncio.start_server(self._serve, LOOPBACK, self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Refuse connections and drop those that are open."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for writer in list(self._writers):
            _reset(writer)

    async def hang_up(self) -> None:
        """Close what is open to the server."""
        while self._idle:
            self._idle.pop()[1].close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                while await self._exchange(reader, writer):
                    pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length(head))
        self._open += 1
        try:
            record, fault = self._note(head, body)
            if fault is not None:
                return await self._strike(fault, record, head, reader, writer)
            writer.write(await self._forward(record, head, body))
            await writer.drain()
        finally:
            self._open -= 1
        return True

    def _note(self, head: bytes, body: bytes) -> tuple[Record, Fault | None]:
        method, path, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        with self._lock:
            record = Record(number=len(self.records) + 1, write_number=0, method=method, path=path, body=body)
            record.write_number = sum(r.is_write for r in self.records) + record.is_write
            self.records.append(record)
            fault = self._aim.fault if self._aim and self._aim.hits(record) else None
            if fault:
                record.fault, self._has_struck = fault.name, True
        return record, fault

    async def _strike(
        self,
        fault: Fault,
        record: Record,
        head: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        real = await self._forward(record, head, record.body) if fault.forwards else b""
        match fault.kind:
            case "refuse":
                await self.close()
                if not fault.is_lasting:
                    await asyncio.sleep(fault.seconds)
                    await self.listen()
            case "reset":
                _reset(writer)
            case "cut":
                end = real.index(b"\r\n\r\n") + 4
                writer.write(real[: end + (len(real) - end) // 2] if len(real) > end else real[: end // 2])
                await writer.drain()
                await asyncio.sleep(0.01)
                _reset(writer)
            case "slow":
                await asyncio.sleep(fault.seconds)
                writer.write(real)
                await writer.drain()
                return True
            case "answer":
                answer = fault.answer()
                record.status = int(answer.split(b" ", 2)[1])
                writer.write(answer)
                await writer.drain()
                return True
            case "signal":
                await asyncio.to_thread(self._victim_known.wait, 10)
                assert self._victim is not None
                os.kill(self._victim, fault.signal)
                await asyncio.sleep(fault.seconds)
                writer.write(real or await self._forward_if_alive(record, head, reader))
                await writer.drain()
                return True
            case _ as never:
                assert_never(never)
        return False

    async def _forward_if_alive(self, record: Record, head: bytes, reader: asyncio.StreamReader) -> bytes:
        """A process that was killed has closed its end by now: what it sent is dropped, as by a dying host."""
        return b"" if reader.at_eof() else await self._forward(record, head, record.body)

    async def _forward(self, record: Record, head: bytes, body: bytes) -> bytes:
        lines = [line for line in head[:-4].split(b"\r\n") if not line.lower().startswith(b"connection:")]
        reader, writer = await self._connection()
        writer.write(b"\r\n".join([*lines, b"", b""]) + body)
        await writer.drain()
        start = await reader.readuntil(b"\r\n\r\n")
        is_chunked = b"\ntransfer-encoding: chunked" in start.lower()
        rest = await (
            reader.readuntil(b"\r\n0\r\n\r\n") if is_chunked else reader.readexactly(_length(start))
        )
        self._idle.append((reader, writer))
        record.forwarded, record.status = True, int(start.split(b" ", 2)[1])
        return start + rest

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(LOOPBACK, self._server_port, limit=LONGEST)


@contextmanager
def open_proxy(server_url: str) -> Iterator[Proxy]:
    """A proxy before the server at `server_url`."""
    port = urlsplit(server_url).port
    assert port is not None
    with _loop() as loop:
        proxy = Proxy(port, loop)
        proxy.call(proxy.listen())
        try:
            yield proxy
        finally:
            proxy.call(proxy.close())
            proxy.call(proxy.hang_up())


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="proxy", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
        drop_connections()


async def _cancel_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the other side sees a reset, not an end."""
    with contextlib.suppress(OSError):
        peer: socket.socket | None = writer.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def answer(status: int, body: bytes, *headers: str, kind: str = "application/scim+json") -> bytes:
    """An HTTP answer."""
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


def error(status: int, *headers: str) -> Callable[[], bytes]:
    """A SCIM error."""
    text = f'{{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"{status}"}}'
    return lambda: answer(status, text.encode(), *headers)


def page(status: int) -> Callable[[], bytes]:
    """HTML where JSON is due, as load balancers send."""
    return lambda: answer(status, b"<!doctype html><title>Sorry</title>", kind="text/html")


def date_in(seconds: float) -> str:
    """That many seconds from now, as HTTP writes it."""
    return formatdate(time.time() + seconds, usegmt=True)

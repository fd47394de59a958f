"""A server on loopback that answers with whatever bytes it is told to, however wrong."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

from tests.loopback import LOOPBACK, serving

Answers = Callable[
    [str, str], "bytes | Iterable[bytes]"
]  # method and path with query → the answer, byte for byte


@dataclass(slots=True)
class RawServer:
    """Where it listens, what it answers, and what it was asked."""

    answers: Answers
    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The requests that would change something."""
        return [(method, path) for method, path in self.asked if method != "GET"]


def answer(body: object, status: str = "200 OK", headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """A well-formed answer with any body: bytes as they are, everything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(content)}",
        "Content-Type: application/scim+json",
        "Connection: close",
    ]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + content


class _Handler(socketserver.BaseRequestHandler):
    request: socket.socket

    def handle(self) -> None:
        raw = cast("_Listener", self.server).raw
        received = b""
        while b"\r\n\r\n" not in received:
            part = self.request.recv(65536)
            if not part:
                return
            received += part
        head, _, rest = received.partition(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length")
            ),
            0,
        )
        while len(rest) < length:
            rest += self.request.recv(65536)
        method, path = head.split(b"\r\n")[0].decode("latin-1").split(" ")[:2]
        raw.asked.append((method, path))
        said = raw.answers(method, path)
        with contextlib.suppress(OSError):  # a client may have heard enough
            for part in (said,) if isinstance(said, bytes) else said:
                self.request.sendall(part)
            self.request.shutdown(socket.SHUT_WR)


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, raw: RawServer) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.raw = raw

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away says nothing about the server."""


@contextmanager
def raw_server(answers: Answers) -> Iterator[RawServer]:
    """A server that answers so."""
    raw = RawServer(answers)
    with serving(_Listener(raw)) as listener:
        raw.url = f"http://{LOOPBACK}:{listener.server_address[1]}/scim/v2"
        yield raw

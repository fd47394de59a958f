"""Endpoints that cannot be reached, that refuse, that point elsewhere: words, an exit code, and nothing written."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.faults.bench import Bench, Boundary
from tests.faults.company import Company
from tests.faults.faults import GONE, redirect
from tests.faults.test_boundaries import PLACES
from tests.loopback import LOOPBACK, make_certificate, serving
from tests.properties.bench import TOKEN
from tests.tool import Run, Tool


class _Elsewhere(BaseHTTPRequestHandler):
    """Another host: answers everything as an endpoint would, and notes what it is told."""

    def do_GET(self) -> None:
        seen: list[str | None] = getattr(self.server, "seen")  # noqa: B009  # the handler's only way to its server
        seen.append(self.headers.get("Authorization"))
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b'{"totalResults": 0, "Resources": []}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815  # the library's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
        del format, args


@contextlib.contextmanager
def _serve(certificate: Path | None = None) -> Iterator[tuple[int, list[str | None]]]:
    server = ThreadingHTTPServer((LOOPBACK, 0), _Elsewhere)
    seen: list[str | None] = []
    server.seen = seen  # type: ignore[attr-defined]
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a refused handshake is the point
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with serving(server):
        yield server.server_address[1], seen


@pytest.fixture(scope="module")
def unreachable(
    tool: Tool, company: Company, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Run]]:
    """An apply to each endpoint that cannot be reached; all at once, since each is tried for seconds."""
    folder = tmp_path_factory.mktemp("unreachable")
    with (
        _serve() as (plain, _),
        _serve(make_certificate(folder)) as (unknown, seen),
        socket.socket() as taken,
    ):
        taken.bind((LOOPBACK, 0))  # bound and not listening: refuses
        urls = {
            "nobody listens": f"http://{LOOPBACK}:{taken.getsockname()[1]}/v2",
            "no TLS": f"https://{LOOPBACK}:{plain}/v2",
            "unknown certificate": f"https://{LOOPBACK}:{unknown}/v2",
            "no such host": "https://scim.invalid/v2",
        }
        runs = {}
        for name, url in urls.items():
            company.write(folder / name, url)
            runs[name] = tool.start(folder / name, ("apply", "--yes"), {"SCIM_TOKEN": TOKEN})
        yield runs
        assert seen == [], "the token went to a host with an unknown certificate"


@pytest.fixture
def elsewhere() -> Iterator[tuple[int, list[str | None]]]:
    with _serve() as found:
        yield found


def test_an_endpoint_that_is_gone_before_the_read_back_is_exit_5_and_the_next_run_finishes(
    bench: Bench, boundaries: list[Boundary], unreachable: dict[str, Run]
) -> None:
    assert unreachable, "they are being tried meanwhile"
    result = bench.apply_under(GONE, PLACES["read-back"](boundaries))

    assert result.code == 5, str(result)
    assert "reach" in result.err
    bench.converge(result, most=1)


@pytest.mark.parametrize(
    ("status", "place"),
    [
        (301, "list of users"), (302, "list of users"), (307, "list of users"), (308, "list of users"),
        (307, "a user's POST"), (308, "a user's POST"), (302, "first write"),
    ],
)  # fmt: skip
def test_a_redirect_to_another_host_never_gets_the_token(
    bench: Bench,
    boundaries: list[Boundary],
    elsewhere: tuple[int, list[str | None]],
    status: int,
    place: str,
) -> None:
    port, seen = elsewhere
    fault = redirect(status, f"http://{LOOPBACK}:{port}/v2/Users")
    result = bench.apply_under(fault, PLACES[place](boundaries))

    assert [given for given in seen if given is not None] == []
    if place == "list of users":
        assert result.code == 1, str(result)
        assert "redirect" in result.err
        assert bench.live() == bench.first
    bench.converge(result)


def test_a_refused_token_is_exit_1_and_nothing_is_written(bench: Bench) -> None:
    for command in (("plan",), ("apply", "--yes")):
        result = bench.tool.run(bench.base, command, {"SCIM_TOKEN": "another"})

        assert result.code == 1, str(result)
        assert "token" in result.err
    assert bench.proxy.writes == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nobody listens", ("reach", "refused")),
        ("no TLS", ("ssl", "tls")),
        ("unknown certificate", ("certificate",)),
        ("no such host", ("reach", "name")),
    ],
)
def test_an_endpoint_that_cannot_be_reached_is_exit_1_with_words_that_help(
    unreachable: dict[str, Run], name: str, words: tuple[str, ...]
) -> None:
    result = unreachable[name].wait()

    assert result.code == 1, str(result)
    assert any(word in result.err.casefold() for word in words), str(result)
    assert "Traceback" not in result.err
    assert TOKEN not in result.out + result.err

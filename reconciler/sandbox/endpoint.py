"""Endpoint: a SCIM server of its own on loopback, to try and to prove things against."""

import hmac
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep

import uvicorn
from scim2_models import ScimProvider, UnauthorizedException
from scim2_server.applications.asgi import ASGIApplication
from scim2_server.memory import AsyncInMemoryStorage, InMemoryStorage
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.testserver.application import BEARER_TOKEN_SCHEME
from scim2_server.utils import load_default_provider

from reconciler.sandbox.dialects import DIALECTS, Dialect, find_dialect
from reconciler.sandbox.rewrite import Rewrite, wrap
from reconciler.sandbox.storage import FileStorage

_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a running sandbox is reached, and the bearer token that it asks for."""

    url: str
    token: str = field(repr=False)


def serve(database: Path, port: int, token: str, dialect: Dialect = DIALECTS["rfc"]) -> None:
    """Serve the resources of a SQLite file until the process is interrupted.

    Raises OSError when the port or the file is in use.
    """
    provider = _make_provider()
    with (
        _listen(port) as listener,
        closing(FileStorage(database, provider)) as storage,
        suppress(KeyboardInterrupt),  # how one ends it; uvicorn raises it once the last answer is out
    ):
        _make_server(provider, storage, token, dialect).run(sockets=[listener])


@contextmanager
def running(
    database: Path | None, token: str, port: int = 0, *, dialect: str | Dialect = "rfc"
) -> Iterator[Endpoint]:
    """Give an endpoint that answers, and stop it afterwards; without a database it lives in memory.

    Port 0 is any free port. Raises OSError when the port or the file is in use, ValueError for an unknown dialect.
    """
    spoken = dialect if isinstance(dialect, Dialect) else find_dialect(dialect)
    provider = _make_provider()
    with _listen(port) as listener:
        storage = InMemoryStorage() if database is None else FileStorage(database, provider)
        server = _make_server(provider, storage, token, spoken)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True
        )
        try:
            thread.start()
            _wait_until_ready(server, thread)
            yield Endpoint(url=f"http://{_LOOPBACK}:{listener.getsockname()[1]}/v2", token=token)
        finally:
            server.should_exit = True
            thread.join()
            if isinstance(storage, FileStorage):
                storage.close()


class _TokenApplication(ASGIApplication):
    """The library's application, closed to whoever does not bring the token, and speaking a dialect."""

    def __init__(
        self, storage: InMemoryStorage, provider: ScimProvider, token: str, rewrites: Sequence[Rewrite]
    ) -> None:
        super().__init__(AsyncInMemoryStorage(storage), provider)
        self._expected = f"Bearer {token}".encode()
        self._serve = wrap(super().serve, rewrites)

    async def serve(self, request: ScimRequest) -> ScimResponse:
        """The answer to a request, in the dialect; a request without the token is the library's to refuse."""
        return await (self._serve(request) if self._is_let_in(request) else super().serve(request))

    def check_auth(self, request: ScimRequest) -> None:
        """Refuse a request without the token.

        Raises UnauthorizedException.
        """
        if not self._is_let_in(request):
            raise UnauthorizedException

    def _is_let_in(self, request: ScimRequest) -> bool:
        given = (request.header("Authorization") or "").encode()
        return hmac.compare_digest(given, self._expected)


def _make_provider() -> ScimProvider:
    provider = load_default_provider()
    assert provider.config is not None
    # Announced schemes give a 401 its WWW-Authenticate header.
    provider.config.authentication_schemes = [BEARER_TOKEN_SCHEME]
    return provider


def _make_server(
    provider: ScimProvider, storage: InMemoryStorage, token: str, dialect: Dialect
) -> uvicorn.Server:
    application = _TokenApplication(storage, provider, token, dialect.rewrites())
    return uvicorn.Server(
        uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=5,
        )
    )


def _listen(port: int) -> socket.socket:
    # Only a socket that says it is TCP gets TCP_NODELAY from asyncio; without, each answer waits some 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_LOOPBACK, port))
    except OSError:
        listener.close()
        raise
    return listener


def _wait_until_ready(server: uvicorn.Server, thread: threading.Thread) -> None:
    while not server.started:
        if not thread.is_alive():
            raise OSError("the sandbox did not start")
        sleep(0.005)

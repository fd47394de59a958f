"""Starts a real SCIM server as a process of its own and stops it."""

import os
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-for-tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a running server is reached: ``url`` is the base of ``/Users``."""

    name: str
    url: str
    token: str = field(repr=False)

    def connect(self) -> httpx.Client:
        """Give a client that carries the token."""
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=60)

    def reset(self) -> None:
        """Forget every resource, through a path that our set-up of the server adds outside its SCIM paths."""
        with self.connect() as client:
            client.post(httpx.URL(self.url).join("/-/reset")).raise_for_status()


@contextmanager
def run_server(
    name: str, command: Sequence[str | Path], base_path: str, folder: Path, environment: Mapping[str, str]
) -> Iterator[Server]:
    """Give a server that answers; the command gets the descriptor of its listening socket as last argument.

    Raises RuntimeError with what the server said when it does not answer.
    """
    log = folder / f"{name}.log"
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
        # Inherited by every accepted connection: without, some servers' answers wait 40 ms for an acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port = listener.getsockname()[1]
        process = subprocess.Popen(
            [*command, str(listener.fileno())],
            cwd=ROOT,
            env={
                **os.environ,
                **environment,
                "SCIM_TOKEN": TOKEN,
                "SCIM_DATABASE": str(folder / f"{name}.sqlite3"),
            },
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = Server(name=name, url=f"http://127.0.0.1:{port}{base_path}", token=TOKEN)
    try:
        _reset_or_explain(server, log)
        yield server
    finally:
        process.terminate()
        process.communicate()


def _reset_or_explain(server: Server, log: Path) -> None:
    # The socket listens from the start, so the first request simply waits until the server takes it.
    try:
        server.reset()
    except httpx.HTTPError as error:
        raise RuntimeError(f"{server.name} does not answer:\n{log.read_text()}") from error

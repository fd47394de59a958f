"""A strict endpoint whose storage tests may look into, and the command line run on it in this process."""

from __future__ import annotations

import gc
import io
import itertools
import json
import os
import socket
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep
from typing import Any, cast
from unittest.mock import patch

import uvicorn
from scim2_models import Context, Resource, ResourceType, ScimProvider, UnauthorizedException
from scim2_server.applications.asgi import ASGIApplication
from scim2_server.memory import AsyncInMemoryStorage, InMemoryStorage
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.utils import load_default_provider

from reconciler.cli import main

TOKEN = "a-token-for-tests"
KINDS = {"/Users": "User", "/Groups": "Group"}
Document = dict[str, Any]
Live = Iterable[Mapping[str, Any]]


class _Memory(InMemoryStorage):
    """The library's storage with ids that count up, so that a failing example can be read."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = itertools.count(1)

    def generate_id(self, resource_type: ResourceType, resource: Resource[Any]) -> str:
        kind = type(resource).__name__ if resource_type.name is None else resource_type.name
        return f"{kind[0].lower()}-{next(self.numbers):03}"


class _Application(ASGIApplication):
    """The library's application with a token, which notes every request."""

    def __init__(self, memory: _Memory, provider: ScimProvider) -> None:
        super().__init__(AsyncInMemoryStorage(memory), provider)
        self.requests: list[tuple[str, str]] = []
        self.discovery: dict[str, ScimResponse] = {}  # it never changes, and takes long to put together

    def check_auth(self, request: ScimRequest) -> None:
        if request.header("Authorization") != f"Bearer {TOKEN}":
            raise UnauthorizedException

    async def dispatch_request(self, request: ScimRequest) -> ScimResponse:
        self.requests.append((request.method, request.path))
        if request.path in self.discovery:
            return self.discovery[request.path]
        response = await super().dispatch_request(request)
        if request.path in ("/ServiceProviderConfig", "/ResourceTypes", "/Schemas"):
            self.discovery[request.path] = response
        return response


class Strict:
    """A running scim2-server: what it holds can be put there and read without a request."""

    def __init__(self, url: str, memory: _Memory, application: _Application, provider: ScimProvider) -> None:
        self.url, self._memory, self._application, self._provider = url, memory, application, provider

    def hold(self, live: Live) -> None:
        """Forgets everything and holds `live`: SCIM documents with their ids."""
        self._memory.resources = []
        self._memory.numbers = itertools.count(1)
        self._memory.resources = [self._read(document) for document in live]
        self._application.requests.clear()

    def documents(self) -> dict[str, Document]:
        """Everything that it holds now, by id."""
        found = [resource.model_dump(scim_ctx=Context.DEFAULT) for resource in self._memory.resources]
        return {document["id"]: document for document in found}

    def contents(self) -> dict[str, Document]:
        """Everything that it holds now, by id, without `meta`."""
        return {
            id_: {key: value for key, value in document.items() if key != "meta"}
            for id_, document in self.documents().items()
        }

    def shuffle(self, order: list[int]) -> None:
        """Holds the same in another order, which is the order of its lists."""
        resources = self._memory.resources
        self._memory.resources = [resources[index] for index in order]

    def writes(self) -> list[tuple[str, str]]:
        """The method and path of each request that was no GET since the last `hold`."""
        return [request for request in self._application.requests if request[0] != "GET"]

    def forget_requests(self) -> None:
        """Counts from here."""
        self._application.requests.clear()

    def _read(self, document: Mapping[str, Any]) -> Resource[Any]:
        name = "Group" if any("Group" in schema for schema in document["schemas"]) else "User"
        kind = next(known for known in self._provider.resource_types if known.name == name)
        model = cast("type[Resource[Any]]", self._provider.model_for(kind))
        meta = {"resourceType": name, "version": f'W/"{document["id"]}"'}
        return model.model_validate({**document, "meta": meta})


@contextmanager
def strict_endpoint() -> Iterator[Strict]:
    """A strict endpoint on loopback, empty."""
    memory, provider = _Memory(), load_default_provider()
    application = _Application(memory, provider)
    config = uvicorn.Config(
        application, log_config=None, access_log=False, lifespan="off", ws="none", timeout_keep_alive=60
    )
    server = uvicorn.Server(config)
    # A socket that says it is TCP gets TCP_NODELAY from asyncio; without, each answer waits some 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            sleep(0.005)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v2"
        try:
            yield Strict(url, memory, application, provider)
        finally:
            server.should_exit = True
            thread.join()
            drop_connections()


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a command line came to."""

    code: int
    out: str
    err: str

    def json(self) -> Document:
        """Its stdout, which is JSON."""
        return cast("Document", json.loads(self.out))


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A folder with a desired state, and the endpoint that its target `acme` is."""

    base: Path
    url: str = field(default="")

    def write(self, files: Mapping[str, str]) -> None:
        """Writes these files below the desired state, and nothing else stays there."""
        root = self.base / "desired_state"
        for path in sorted(root.rglob("*.yaml")):
            path.unlink()
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def forget(self) -> None:
        """Loses run logs and learnt facts, as a fresh checkout has none."""
        for path in sorted((self.base / ".reconcile").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()

    def run(self, *arguments: str) -> Done:
        """Runs `reconcile` with these arguments, here and now, through the entry point that people call."""
        out, err, code, back = io.StringIO(), io.StringIO(), 0, Path.cwd()
        environ = {"SCIM_URL": self.url, "SCIM_TOKEN": TOKEN, "RECONCILE_TRACEBACK": "1"}
        line = ["reconcile", "-C", str(self.base), *arguments]
        with (
            patch.dict(os.environ, environ),
            patch.object(sys, "argv", line),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 1
            finally:
                os.chdir(back)
        return Done(code=code, out=out.getvalue(), err=err.getvalue())

    def outcomes(self) -> list[Document]:
        """What the latest run log says of each change."""
        runs = sorted((self.base / ".reconcile" / "runs").glob("*.jsonl"))
        lines = runs[-1].read_text(encoding="utf-8").splitlines() if runs else []
        return [record for record in map(json.loads, lines) if record["record"] == "outcome"]


def drop_connections() -> None:
    """Collects what a server's loop was accepting as it ended, so that no later test is blamed for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()

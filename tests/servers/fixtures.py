"""One fixture for each real server: started once when first asked for, empty at the start of every test."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.install import HERE, install_django, install_scimmy
from tests.servers.running import Server, run_server

SERVERS = ("scim2_server", "scimmy", "scimmy_express5", "django_scim2", "django_scim2_server")


@pytest.fixture(scope="session")
def _running_scim2_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    command = [sys.executable, "-m", "tests.servers.scim2_server.serve"]
    with run_server("scim2_server", command, "/v2", tmp_path_factory.mktemp("server"), {}) as server:
        yield server


@pytest.fixture(scope="session")
def _running_scimmy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _run_scimmy("scimmy", "express", tmp_path_factory)


@pytest.fixture(scope="session")
def _running_scimmy_express5(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _run_scimmy("scimmy_express5", "express5", tmp_path_factory)


@pytest.fixture(scope="session")
def _running_django_scim2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _run_django("django_scim2", tmp_path_factory)


@pytest.fixture(scope="session")
def _running_django_scim2_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _run_django("django_scim2_server", tmp_path_factory)


@pytest.fixture
def scim2_server(_running_scim2_server: Server) -> Server:
    """scim2-server: the one that follows the RFCs most closely."""
    return _emptied(_running_scim2_server)


@pytest.fixture
def scimmy(_running_scimmy: Server) -> Server:
    """SCIMMY on Express 4: wraps around past the last page, finds userName by its exact case only."""
    return _emptied(_running_scimmy)


@pytest.fixture
def scimmy_express5(_running_scimmy_express5: Server) -> Server:
    """SCIMMY on Express 5: never gives more than the first 20."""
    return _emptied(_running_scimmy_express5)


@pytest.fixture
def django_scim2(_running_django_scim2: Server) -> Server:
    """django-scim2: keeps few attributes, answers 501 to most PATCH requests."""
    return _emptied(_running_django_scim2)


@pytest.fixture
def django_scim2_server(_running_django_scim2_server: Server) -> Server:
    """django-scim2-server: accepts and drops, and its DELETE only deactivates."""
    return _emptied(_running_django_scim2_server)


@pytest.fixture(params=SERVERS)
def any_server(request: pytest.FixtureRequest) -> Server:
    """Each of the real servers in turn."""
    server: Server = request.getfixturevalue(request.param)
    return server


def _emptied(server: Server) -> Server:
    server.reset()
    return server


def _run_scimmy(name: str, express: str, folders: pytest.TempPathFactory) -> Iterator[Server]:
    command: list[str | Path] = [install_scimmy(), HERE / "scimmy" / "serve.mjs"]
    with run_server(name, command, "/scim/v2", folders.mktemp("server"), {"EXPRESS": express}) as server:
        yield server


def _run_django(name: str, folders: pytest.TempPathFactory) -> Iterator[Server]:
    command: list[str | Path] = [install_django(name), "-m", f"tests.servers.{name}.serve"]
    with run_server(name, command, "/scim/v2", folders.mktemp("server"), {}) as server:
        yield server

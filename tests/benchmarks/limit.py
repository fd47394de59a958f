"""The limit of a plan: what reading the same bytes costs at least, with nothing of the product in between.

    python -m tests.benchmarks.limit FOLDER PORT

Reads every byte of the YAML, parses it with the fastest parser that reads it rightly, reads every page off a raw socket, and decodes it
into typed structs. Prints the seconds of each as JSON. `ryaml` is taken if it is installed, else the events of libyaml.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from tests.benchmarks.company import ENTERPRISE
from tests.benchmarks.endpoint import PAGE, SCIM


class Value(msgspec.Struct, gc=False):
    """An element of a list that has a value and a type."""

    value: str
    type: str = ""


class Address(msgspec.Struct, gc=False):
    """The parts of an address that the mapping wants."""

    type: str = ""
    country: str = ""
    locality: str = ""
    region: str = ""
    postalCode: str = ""  # noqa: N815  # SCIM's name
    formatted: str = ""
    streetAddress: str = ""  # noqa: N815  # SCIM's name


class Name(msgspec.Struct, gc=False):
    """The parts of a name that the mapping wants."""

    givenName: str = ""  # noqa: N815  # SCIM's name
    familyName: str = ""  # noqa: N815  # SCIM's name
    formatted: str = ""


class Extension(msgspec.Struct, gc=False):
    """The enterprise extension."""

    manager: Value | None = None


class User(msgspec.Struct, gc=False, rename={"enterprise": ENTERPRISE}):
    """What the mapping wants of a user."""

    id: str
    userName: str  # noqa: N815  # SCIM's name
    externalId: str = ""  # noqa: N815  # SCIM's name
    active: bool = True
    displayName: str = ""  # noqa: N815  # SCIM's name
    title: str = ""
    name: Name | None = None
    emails: list[Value] = []
    phoneNumbers: list[Value] = []  # noqa: N815  # SCIM's name
    addresses: list[Address] = []
    preferredLanguage: str = ""  # noqa: N815  # SCIM's name
    locale: str = ""
    department: str = ""
    enterprise: Extension | None = None


class Group(msgspec.Struct, gc=False):
    """What the mapping wants of a group."""

    id: str
    displayName: str  # noqa: N815  # SCIM's name
    externalId: str = ""  # noqa: N815  # SCIM's name
    members: list[Value] = []


class Users(msgspec.Struct, gc=False):
    """A page of users."""

    totalResults: int  # noqa: N815  # SCIM's name
    Resources: list[User]


class Groups(msgspec.Struct, gc=False):
    """A page of groups."""

    totalResults: int  # noqa: N815  # SCIM's name
    Resources: list[Group]


class Cached(msgspec.Struct, gc=False, array_like=True):
    """What a cache holds of a user or group."""

    key: str
    texts: list[str]


def parser() -> tuple[str, Callable[[bytes], Any]]:
    """The fastest YAML parser that reads it rightly, and its name."""
    if importlib.util.find_spec("ryaml"):
        ryaml = importlib.import_module("ryaml")
        return "ryaml", lambda content: ryaml.loads(content.decode())
    yaml = importlib.import_module("yaml")
    return "libyaml events", lambda content: sum(1 for _ in yaml.parse(content, Loader=yaml.CSafeLoader))


def read_pages(port: int, kind: str) -> list[bytes]:
    """Every page of a list, off one raw socket."""
    pages: list[bytes] = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        start, total = 1, 1
        while start <= total:
            target = f"{SCIM}/{kind}?startIndex={start}&count={PAGE}"
            connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            pages.append(_body(connection))
            total = int(pages[-1][:200].partition(b'"totalResults":')[2].partition(b",")[0])
            start += PAGE
    return pages


def _body(connection: socket.socket) -> bytes:
    received = connection.recv(65_536)
    head, _, begun = received.partition(b"\r\n\r\n")
    content = bytearray(int(head.rpartition(b"Content-Length: ")[2]))
    content[: len(begun)] = begun
    rest = memoryview(content)[len(begun) :]
    while rest:
        rest = rest[connection.recv_into(rest) :]
    return bytes(content)


def measure(folder: Path, port: int) -> dict[str, float | str]:
    """The seconds of each part."""
    name, parse = parser()
    clock = Clock()
    files = [path.read_bytes() for path in sorted((folder / "desired_state").rglob("*.yaml"))]
    clock.told("read files")
    for content in files:
        parse(content)
    clock.told("parse YAML")
    pages = {kind: read_pages(port, kind) for kind in ("Users", "Groups")}
    clock.told("read pages")
    users = [msgspec.json.decode(page, type=Users) for page in pages["Users"]]
    groups = [msgspec.json.decode(page, type=Groups) for page in pages["Groups"]]
    clock.told("decode JSON")
    assert users[0].totalResults == sum(len(page.Resources) for page in users)
    assert groups[0].totalResults == sum(len(page.Resources) for page in groups)
    cached = cache(users, groups)
    clock.told("")
    for content in files:
        hashlib.blake2b(content)
    for content in cached:
        msgspec.msgpack.decode(content, type=list[Cached])
    clock.told("decode cache")
    return {"parser": name, **{part: seconds for part, seconds in clock.parts.items() if part}}


class Clock:
    """Seconds by part."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}
        self._last = time.perf_counter()

    def told(self, part: str) -> None:
        """Charges the time since the last call to `part`."""
        now = time.perf_counter()
        self.parts[part], self._last = now - self._last, now


def cache(users: list[Users], groups: list[Groups]) -> list[bytes]:
    """What the YAML says of users and groups, a page each, as a cache would hold it."""
    pages = [[Cached(key=user.externalId, texts=_texts(user)) for user in page.Resources] for page in users]
    pages += [
        [Cached(key=g.externalId, texts=[m.value for m in g.members]) for g in page.Resources]
        for page in groups
    ]
    return [msgspec.msgpack.encode(page) for page in pages]


def _texts(user: User) -> list[str]:
    address, name = user.addresses[0], user.name or Name()
    return [
        user.userName, user.displayName, user.title, name.givenName, name.familyName, user.emails[0].value, user.department,
        *(phone.value for phone in user.phoneNumbers), user.preferredLanguage, address.country, address.locality,
        address.postalCode, address.streetAddress, user.id,
    ]  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]))))

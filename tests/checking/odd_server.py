"""A small SCIM server that is odd where it is told to be: at a path, in a header, without asking for a token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.lies.server import Lie, LyingServer, serve

Said = tuple[int, object, dict[str, str]]
Saying = Callable[[dict[str, str]], Said | None]  # what is answered to these parameters; None: the truth
OnWrite = Callable[
    [int, str, str, Any], Said | None
]  # number, method, path and body of a write; None: the truth


class OddServer(LyingServer):
    """Honest but for `says`, by path; `is_open` lets everybody in; `asked` holds what was asked for."""

    def __init__(self, says: dict[str, Saying] | None = None, *, is_open: bool = False) -> None:
        super().__init__(Lie(name="odd"))
        self.says, self.is_open = says or {}, is_open
        self.asked: list[str] = []
        self.on_write: OnWrite = lambda number, method, path, body: None
        self._count = 0

    def lets_in(self, authorization: str | None) -> bool:
        """Whether a request with this header is answered at all."""
        return self.is_open or super().lets_in(authorization)

    def answer(self, method: str, target: str, body: Any) -> Said:
        """What is odd, else the truth."""
        parts = urlsplit(target)
        self.asked.append(f"{method} {target}")
        params = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if method == "GET":
            said = self.says[parts.path](params) if parts.path in self.says else None
        else:
            self._count += 1
            said = self.on_write(self._count, method, parts.path, body)
        return said if said is not None else super().answer(method, target, body)


@contextmanager
def odd(says: dict[str, Saying] | None = None, *, is_open: bool = False) -> Iterator[OddServer]:
    """Such a server, up on loopback."""
    server = OddServer(says, is_open=is_open)
    with serve(server):
        yield server


def always(status: int, body: object = None, **headers: str) -> Saying:
    """The same to whatever is asked."""
    return lambda _: (status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def document(body: object) -> Saying:
    """A document of discovery."""
    return always(200, body)


def resources(*rows: object) -> Saying:
    """A list of discovery."""
    return document({"totalResults": len(rows), "Resources": list(rows)})

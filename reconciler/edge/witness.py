"""Witness: what exchanges tell beside their bodies: how long they took, rates, versions and redirects."""

from __future__ import annotations

import time

import httpx

from reconciler.edge.client import Hooks
from reconciler.edge.trust import onward
from reconciler.model.sight import Tempo

BEGAN = "reconciler.began"


class Witness:
    """Hears every exchange of a client that is opened with its `hooks`."""

    def __init__(self) -> None:
        self._milliseconds: list[int] = []
        self._limits: dict[str, str] = {}
        self._redirects: dict[str, str] = {}
        self._hasty = self._etags = 0

    @property
    def hooks(self) -> Hooks:
        """What httpx calls at each request and at the head of each answer."""
        return {"request": [self._asked], "response": [self._answered]}

    @property
    def tempo(self) -> Tempo:
        """What was heard so far."""
        return Tempo(
            milliseconds=tuple(self._milliseconds), limits=tuple(sorted(self._limits.items())),
            refused_for_haste=self._hasty, etags=self._etags, redirects=tuple(sorted(self._redirects.items())),
        )  # fmt: skip

    async def _asked(self, request: httpx.Request) -> None:
        request.extensions[BEGAN] = time.monotonic()

    async def _answered(self, response: httpx.Response) -> None:
        request = response.request
        self._milliseconds.append(round((time.monotonic() - request.extensions[BEGAN]) * 1000))
        self._hasty += response.status_code == 429
        self._etags += "etag" in response.headers
        for name, value in response.headers.items():
            if "ratelimit" in name.replace("-", "") or name == "retry-after":
                self._limits[name] = value[:100]
        there = onward(request.method, str(request.url), response)
        if there is not None:
            self._redirects[request.url.path] = httpx.URL(there).path

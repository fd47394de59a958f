"""Canaries: made at an endpoint, and taken away again, whatever became of the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from reconciler.edge.client import ScimWriter
from reconciler.edge.lookup import scan_list
from reconciler.model.errors import AnswerLost, Refused, TargetError
from reconciler.model.request import Request
from reconciler.model.resource import Type
from reconciler.model.trial import Removal

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
# How a canary that cannot be deleted is deactivated at least: an endpoint understands one of these.
OFF = ({"op": "replace", "path": "active", "value": False}, {"op": "replace", "value": {"active": False}})
Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What one write came to: status 0 where no answer came."""

    status: int
    text: str = ""
    body: Document | None = None

    @property
    def is_refused(self) -> bool:
        """The endpoint said that it did nothing."""
        return 400 <= self.status < 500 or self.status == 501


class Canaries:
    """The canaries of one probe: each is known from before its POST on, so that none is forgotten."""

    def __init__(self, writer: ScimWriter, endpoints: Mapping[Type, str]) -> None:
        self._writer, self._endpoints = writer, endpoints
        self._names: dict[tuple[Type, str], str] = {}  # by id
        self._unsure: set[tuple[Type, str]] = (
            set()
        )  # names whose POST was sent, and nobody knows what became of it
        self.has_written = False

    def know(self, type_: Type, name: str, id_: str) -> None:
        """Takes charge of a canary that is there already."""
        self._names[type_, id_] = name

    async def make(self, type_: Type, body: Mapping[str, object]) -> tuple[Sent, str | None]:
        """Makes one; its id, if there is a new one. Raises TransportError where nobody can be reached."""
        name = str(body[_label(type_)])
        self._unsure.add((type_, name))
        sent = await self.send(Request(method="POST", path=self._endpoints[type_], body=dict(body)))
        id_ = (sent.body or {}).get("id")
        if id_ in (None, "") and not sent.is_refused:
            id_ = await self._find(type_, name)
        if id_ not in (None, "") or sent.is_refused:
            self._unsure.discard((type_, name))
        is_new = id_ not in (None, "") and (type_, str(id_)) not in self._names
        if is_new:
            self._names[type_, str(id_)] = name
        return sent, str(id_) if is_new else None

    async def send(self, request: Request) -> Sent:
        """One write, refused or lost or not. Raises TransportError where nobody can be reached."""
        try:
            answer = await self._writer.send(request.method, request.path, request.body, request.etag)
        except Refused as refused:
            return Sent(status=refused.status, text=refused.detail)
        except AnswerLost as lost:
            self.has_written = True
            return Sent(status=lost.status, text="" if lost.status else str(lost))
        self.has_written = True
        return Sent(status=answer.status, body=answer.body)

    async def read(self, type_: Type, id_: str) -> Document | None:
        """One canary as it is now, None if it is gone. Raises TargetError."""
        return await self._writer.resource(self._endpoints[type_], id_)

    async def remove(self) -> tuple[Removal, ...]:
        """Removes every one, groups first, and says what is left of each; nothing is raised."""
        removals = []
        for type_, name in sorted(self._unsure):
            try:
                id_ = await self._find(type_, name)
            except TargetError as error:
                removals.append(
                    Removal(type=type_, name=name, id=None, status=0, text=str(error), state="unknown")
                )
            else:
                if id_ is not None:
                    self._names.setdefault((type_, id_), name)
        for (type_, id_), name in sorted(self._names.items()):
            removals.append(await self._remove(type_, name, id_))
        self._names, self._unsure = {}, set()
        return tuple(removals)

    async def _remove(self, type_: Type, name: str, id_: str) -> Removal:
        path, sent = f"{self._endpoints[type_]}/{quote(id_, safe='')}", Sent(status=0)
        try:
            sent = await self.send(Request(method="DELETE", path=path))
            left = await self.read(type_, id_)
            for operation in OFF:
                if left is None or type_ == "Group" or not _is_active(left):
                    break
                body: Document = {"schemas": [PATCH_OP], "Operations": [operation]}
                await self.send(Request(method="PATCH", path=path, body=body))
                left = await self.read(type_, id_)
        except TargetError as error:
            return Removal(
                type=type_,
                name=name,
                id=id_,
                status=sent.status,
                text=sent.text or str(error),
                state="unknown",
            )
        is_off = type_ == "User" and left is not None and not _is_active(left)
        return Removal(
            type=type_, name=name, id=id_, status=sent.status, text=sent.text,
            state="gone" if left is None else "inactive" if is_off else "there",
        )  # fmt: skip

    async def _find(self, type_: Type, name: str) -> str | None:
        endpoint, label = self._endpoints[type_], _label(type_)
        try:
            hits = await self._writer.find(endpoint, label, name)
        except Refused:
            hits = []
        found = hits[0] if hits else await scan_list(self._writer, endpoint, [(label, name)])
        id_ = (found or {}).get("id")
        return str(id_) if id_ not in (None, "") else None


def _label(type_: Type) -> str:
    return "userName" if type_ == "User" else "displayName"


def _is_active(document: Document) -> bool:
    return str(document.get("active", True)).lower() not in ("false", "0")

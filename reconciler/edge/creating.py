"""Creating: a POST that makes one resource and never two, whatever becomes of its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from reconciler.edge.client import ScimWriter
from reconciler.edge.lookup import scan_list
from reconciler.edge.references import resolve
from reconciler.model.change import Change
from reconciler.model.codes import SCIM
from reconciler.model.errors import AnswerLost, Refused, TargetError
from reconciler.model.request import Request
from reconciler.model.resource import Type

TRIES = 4
IDENTITY = ("schemas", "userName", "displayName", "externalId", "active")  # the least that makes a resource
Document = dict[str, object]


class Creating:
    """Creates resources at one endpoint, and remembers how much of one its POST takes."""

    def __init__(self, writer: ScimWriter, endpoints: Mapping[Type, str]) -> None:
        self._writer, self._endpoints = writer, endpoints
        self._trimmed: dict[Type, list[int]] = {
            "User": [],
            "Group": [],
        }  # how far the last ones had to be cut down

    async def create(self, change: Change, request: Request, ids: Mapping[str, str]) -> str | None:
        """The id of the resource that was made, None if the endpoint does not tell it.

        Raises Refused, and AnswerLost where nobody knows what became of it.
        """
        body = resolve(request.body, ids) or {}
        last = self._trimmed[change.type][-3:]
        least = min(last) if len(last) == 3 else 0
        for level in range(least, 3):
            try:
                id_ = await self._post(change, request.path, trim(body, level))
            except Refused as refused:
                if refused.status != 400 or level == 2:
                    raise
            else:
                self._trimmed[change.type].append(level)
                return id_
        return None

    async def _post(self, change: Change, path: str, body: Document) -> str | None:
        for attempt in range(TRIES):
            try:
                answer = await self._writer.send("POST", path, body)
            except AnswerLost as lost:
                # A POST is not idempotent (RFC 9110 section 9.2.2): look before it is repeated.
                found = await self._look(change, body)
                if found is not None and found.get("externalId") in (None, "", body.get("externalId")):
                    return _id(found)
                if found is not None:
                    raise _taken(change, Refused(str(lost), status=409), found) from None
                if attempt == TRIES - 1:
                    raise
                if lost.status == 500 and attempt:
                    raise Refused(str(lost), status=500, code="InternalServerError") from None
                await asyncio.sleep(0.2 * 2**attempt)
            except Refused as refused:
                if refused.status != 409:
                    raise
                found = await self._look(change, body)
                if found is not None and _is_same(found, body):
                    return _id(found)  # an earlier try of ours made it
                raise _taken(change, refused, found) from None
            else:
                id_ = _id(answer.body or {})
                return id_ if id_ is not None else _id(await self._look(change, body) or {})
        raise AnswerLost(f"POST {path}: no answer")

    async def _look(self, change: Change, body: Document) -> dict[str, Any] | None:
        """The resource that carries our externalId, or our name, by filter and then by the whole list.

        Raises Refused where several have it: nobody can say which one that is.
        """
        endpoint = self._endpoints[change.type]
        names = ("externalId", "userName" if change.type == "User" else "displayName")
        wanted = [(name, str(body[name])) for name in names if isinstance(body.get(name), str)]
        for attribute, value in wanted:
            try:
                hits = await self._writer.find(endpoint, attribute, value)
            except TargetError:
                continue
            if len(hits) == 1:
                return hits[0]
            if hits:
                text = f"{len(hits)} resources have {attribute} {value} at the endpoint; make it unique there, then plan again"
                raise Refused(text, status=409, code=f"{SCIM}MultipleEntriesInResponse")
        # A filter that finds nothing is no proof of absence (scim_quirks B.2 #12).
        return await scan_list(self._writer, endpoint, wanted)


def trim(body: Document, level: int) -> Document:
    """The whole body; without extensions; or only what makes a resource."""
    if level == 0:
        return body
    core: Document = {key: value for key, value in body.items() if not key.startswith("urn:")}
    schemas = body.get("schemas")
    core["schemas"] = (
        [urn for urn in schemas if ":extension:" not in urn] if isinstance(schemas, list) else []
    )
    return core if level == 1 else {key: core[key] for key in IDENTITY if key in core}


def _is_same(found: Mapping[str, Any], body: Document) -> bool:
    """The resource found is the one that this body makes: it carries our externalId."""
    ours = body.get("externalId")
    return ours is not None and found.get("externalId") == ours


def _id(document: Mapping[str, Any]) -> str | None:
    id_ = document.get("id")
    return str(id_) if id_ not in (None, "") and not isinstance(id_, bool) else None


def _taken(change: Change, refused: Refused, found: Mapping[str, Any] | None) -> Refused:
    if found is None:
        text = (
            f"{refused}; the endpoint holds one like {change.name} that neither its list nor a look-up shows"
        )
    else:
        text = f"{refused}; {change.name} is held by the resource {_id(found)}: plan again, and adopt it or free that name"
    return Refused(
        text, status=409, scim_type=refused.scim_type, code="EntryConflict" if found else refused.code
    )

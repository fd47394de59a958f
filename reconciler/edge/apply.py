"""Apply: send the requests of changes in order, fill in ids, and say what each came to (DESIGN 6)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from reconciler.edge.client import ScimWriter
from reconciler.model.change import Change
from reconciler.model.errors import AnswerLost, Refused, TargetError
from reconciler.model.request import Outcome, Ref, Request

IDENTITY = ("schemas", "userName", "displayName", "externalId", "active")  # the least that makes a resource


class Lower(Protocol):
    """Turns a change into its request, with the ids known by now and the document where a form needs it."""

    def __call__(
        self, change: Change, ids: Mapping[str, str], document: dict[str, object] | None
    ) -> Request | None:
        """The request, or None if there is nothing to send."""


class Applying:
    """One pass over ordered changes; at most one request at a time per resource, since a resource has one change."""

    def __init__(
        self, writer: ScimWriter, lower: Lower, ids: dict[str, str], endpoints: Mapping[str, str],
        *, needs_document: bool, on_outcome: Callable[[Change, Outcome], None], stop: asyncio.Event,
    ) -> None:  # fmt: skip
        self.writer, self.lower, self.ids, self.endpoints = writer, lower, ids, endpoints
        self.needs_document, self.on_outcome, self.stop = needs_document, on_outcome, stop
        self.outcomes: list[Outcome] = []

    async def run(self, changes: Sequence[Change]) -> list[Outcome]:
        """The outcomes of `changes`; a failed change blocks only what needs it."""
        for batch in _batches(changes):
            await self._batch(batch)
        return self.outcomes

    async def _batch(self, changes: list[Change]) -> None:
        pending = {change.key: change for change in changes}
        while pending and not self.stop.is_set():
            requests = {key: await self._lowered(change) for key, change in pending.items()}
            ready = [
                key for key, request in requests.items() if not (_refs(request) & pending.keys() - {key})
            ]
            chosen = ready or list(pending)  # a cycle of managers: create without, the next pass links them
            await asyncio.gather(*(self._one(pending[key], requests[key]) for key in chosen))
            for key in chosen:
                del pending[key]

    async def _lowered(self, change: Change) -> Request | None:
        document = None
        if self.needs_document and change.id is not None and change.action != "delete":
            try:
                document = await self.writer.resource(self.endpoints[change.type], change.id)
            except TargetError:
                document = None
        return self.lower(change, self.ids, document)

    async def _one(self, change: Change, request: Request | None) -> None:
        if request is None or self.stop.is_set():
            return
        try:
            id_ = await self._send(change, request)
            outcome = _outcome(change, id_ or change.id, "success")
            if id_ and change.type == "User":
                self.ids[change.key] = id_
        except TargetError as error:
            code = str(error.status) if isinstance(error, Refused) else type(error).__name__
            outcome = _outcome(change, change.id, "failure", str(error), code)
        self.outcomes.append(outcome)
        self.on_outcome(change, outcome)

    async def _send(self, change: Change, request: Request) -> str | None:
        body = _resolved(request.body, self.ids)
        if change.action != "create":
            await self.writer.send(request.method, request.path, body)
            return None
        assert body is not None
        try:
            return await self._post(change, request.path, body)
        except AnswerLost:
            # RFC 7231 section 4.2.2: a POST is not idempotent; look before repeating it.
            return await self._lookup(change, body) or await self._post(change, request.path, body)
        except Refused as refused:
            if refused.status != 400:
                raise
        core = {key: value for key, value in body.items() if not key.startswith("urn:")}
        core["schemas"] = [urn for urn in body["schemas"] if ":extension:" not in urn]  # type: ignore[attr-defined]
        try:
            return await self._post(change, request.path, core)
        except Refused as refused:
            if refused.status != 400:
                raise
        return await self._post(change, request.path, {key: core[key] for key in IDENTITY if key in core})

    async def _post(self, change: Change, path: str, body: dict[str, object]) -> str | None:
        answer = await self.writer.send("POST", path, body)
        id_ = (answer.body or {}).get("id")
        return str(id_) if id_ not in (None, "") else await self._lookup(change, body)

    async def _lookup(self, change: Change, body: dict[str, object]) -> str | None:
        """The id of a resource that a lost POST may have made; the match is checked here, never taken on trust."""
        for attribute in ("externalId", "userName" if change.type == "User" else "displayName"):
            value = body.get(attribute)
            if not isinstance(value, str):
                continue
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            try:
                found = await self.writer.find(self.endpoints[change.type], f'{attribute} eq "{escaped}"')
            except Refused:
                continue
            hits = [hit for hit in found if str(hit.get(attribute, "")).casefold() == value.casefold()]
            if len(hits) == 1:
                return str(hits[0]["id"])
        return None


def _batches(changes: Sequence[Change]) -> list[list[Change]]:
    """Changes that may run together: leavers; renames one by one; other users; groups; deletions."""
    batches: list[list[Change]] = []
    before: tuple[str, bool, bool] | None = None
    for change in changes:
        kind = (change.type, change.action == "deactivate", change.action == "delete")
        renames = (
            change.type == "User"
            and change.id is not None
            and any(a.path == "userName" for a in change.attributes)
        )
        if renames or kind != before:
            batches.append([])
        batches[-1].append(change)
        before = None if renames else kind
    return batches


def _refs(request: Request | None) -> set[str]:
    def walk(value: object) -> set[str]:
        if isinstance(value, Ref):
            return {value.key}
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return {key for part in parts for key in walk(part)}

    return walk(request.body) if request else set()


def _resolved(value: dict[str, object] | None, ids: Mapping[str, str]) -> dict[str, object] | None:
    """The body with ids in place; what refers to a user that could not be made is left out."""
    missing = object()

    def walk(part: object) -> object:
        if isinstance(part, Ref):
            return ids.get(part.key, missing)
        if isinstance(part, dict):
            walked = {key: walk(inner) for key, inner in part.items()}
            lost = any(inner is missing for inner in walked.values())
            if lost and (len(walked) == 1 or "op" in walked):
                return missing
            return {key: inner for key, inner in walked.items() if inner is not missing}
        if isinstance(part, list):
            return [inner for inner in map(walk, part) if inner is not missing]
        return part

    return walk(value) if value is not None else None  # type: ignore[return-value]


def _outcome(change: Change, id_: str | None, status: str, text: str = "", code: str = "") -> Outcome:
    return Outcome(
        target=change.target, action=change.action, type=change.type, key=change.key, name=change.name, id=id_,
        status=status, requests=1, text=text, code=code,  # type: ignore[arg-type]
    )  # fmt: skip

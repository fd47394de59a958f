"""Trying: one write on a canary, and what it held afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from reconciler.edge.canaries import Canaries, Sent
from reconciler.edge.creating import trim
from reconciler.model.canary import canary_name
from reconciler.model.change import Change, MemberChange
from reconciler.model.column import Columns
from reconciler.model.dialect import FORMS, Form
from reconciler.model.request import Request
from reconciler.model.resource import LiveResource, Type
from reconciler.model.target import Target
from reconciler.model.trial import About, Trial
from reconciler.pipeline.looking import Looked
from reconciler.stages.canary import alter_canary, create_canary, kept_of, tried_paths
from reconciler.stages.lower import PATCH_OP, lower_change
from reconciler.stages.normalize import build_normalizer

LEVELS = ("in full", "without extensions", "names only")  # how much of a canary its POST takes


class StoppedError(Exception):
    """The run was interrupted: nothing more is tried."""


class Trying:
    """Trials on canaries of one endpoint; `trials` grows."""

    def __init__(
        self, looked: Looked, target: Target, token: str, canaries: Canaries, stop: asyncio.Event
    ) -> None:
        self.looked, self.target, self.canaries = looked, target, canaries
        self.columns: dict[Type, Columns] = {columns.type: columns for columns in looked.columns}
        self.dialect = replace(looked.dialect, members_on_create=True)
        self.trials: list[Trial] = []
        self._token, self._stop = token, stop
        self._turn, self._number = 1, 0

    async def row(self, type_: Type, id_: str) -> LiveResource | None:
        """A canary as it is now, None if it is gone."""
        document = await self.canaries.read(type_, id_)
        return build_normalizer(self.columns[type_])(document) if document else None

    def note(self, about: About, type_: Type, sent: Sent, *, kept: bool, **more: str) -> None:
        """Notes what a write came to."""
        self.trials.append(
            Trial(about=about, type=type_, status=sent.status, text=sent.text, kept=kept, **more)
        )

    def working(self, about: About) -> str | None:
        """The form of the first trial of that kind that was kept."""
        return next((trial.form for trial in self.trials if trial.about == about and trial.kept), None)

    async def make(
        self, type_: Type, members: Sequence[MemberChange] = ()
    ) -> tuple[LiveResource | None, Sent]:
        """A new canary: with all that is mapped, or with less where that is refused."""
        self._number += 1
        name, columns = canary_name(self._token, self._number), self.columns[type_]
        change = replace(create_canary(columns, name, self.target), add=tuple(members))
        [request] = lower_change(change, columns, self.dialect, {})
        sent = Sent(status=0)
        for level, words in enumerate(LEVELS):
            self.go_on()
            sent, id_ = await self.canaries.make(type_, trim(request.body or {}, level))
            self.note("create", type_, sent, kept=id_ is not None, form=words)
            row = await self.row(type_, id_) if id_ is not None else None
            if row is not None:
                self._note_attributes(change, row, sent, "create")
                return row, sent
            if sent.status != 400:
                break
        return None, sent

    async def twin(self, about: About, type_: Type, body: Mapping[str, object]) -> bool:
        """Another one by a name that is taken; whether there are two now."""
        self.go_on()
        sent, id_ = await self.canaries.make(type_, body)
        self.note(about, type_, sent, kept=id_ is not None)
        return id_ is not None

    async def change(
        self, change: Change, form: Form, ids: Mapping[str, str] | None = None, **dialect: Any
    ) -> Sent:
        """Sends an update in one form."""
        spoken = replace(self.dialect.with_form(change.type, form), **dialect)
        document = None if form == "path" else await self.canaries.read(change.type, change.id or "")
        requests = lower_change(change, self.columns[change.type], spoken, ids or {}, document)
        self.go_on()
        return await self.canaries.send(requests[0]) if requests else Sent(status=0, text="nothing to send")

    async def patch(self, type_: Type, id_: str, operation: dict[str, object]) -> Sent:
        """Sends one operation as it is."""
        self.go_on()
        body: dict[str, object] = {"schemas": [PATCH_OP], "Operations": [operation]}
        return await self.canaries.send(
            Request(method="PATCH", path=f"{self.dialect.endpoints[type_]}/{quote(id_, safe='')}", body=body)
        )

    def go_on(self) -> None:
        """Raises StoppedError once the run is interrupted."""
        if self._stop.is_set():
            raise StoppedError

    # What is mapped, of users and groups alike.

    async def attributes(self, type_: Type, canary: LiveResource) -> Form:
        """Gives every mapped path other values, in one form after the other as long as something is not kept; the best form.

        By path all at once, and then one by one: one that is refused takes the others with it.
        """
        paths = set(tried_paths(self.columns[type_], self.target))
        kept = await self._each(type_, canary, "path", paths)
        rest, best = paths - kept, FORMS[0]
        for form in FORMS[1:]:
            found = await self._each(type_, canary, form, rest) if rest else set()
            if found and (not kept or kept <= await self.give(type_, canary, form, kept)):
                best, kept, rest = form, kept | found, rest - found
        return best

    async def _each(self, type_: Type, canary: LiveResource, form: Form, paths: Collection[str]) -> set[str]:
        kept = await self.give(type_, canary, form, paths)
        if len(paths) > 1:
            for path in sorted(set(paths) - kept):
                kept |= await self.give(type_, canary, form, {path})
        return kept

    async def give(self, type_: Type, canary: LiveResource, form: Form, paths: Collection[str]) -> set[str]:
        """Gives each of these paths another value, in one request; those that have it afterwards."""
        row = await self.row(type_, canary.id)
        if row is None or not paths:
            return set()
        change = self.altered(type_, row, paths)
        sent = await self.change(change, form)
        after = await self.row(type_, canary.id)
        return self._note_attributes(change, after, sent, form)

    def altered(self, type_: Type, row: LiveResource, paths: Collection[str]) -> Change:
        """An update of a canary to values that it does not have."""
        self._turn += 1
        return alter_canary(self.columns[type_], row, self._turn, self.target, paths)

    def kept_paths(self, type_: Type) -> list[str]:
        """The paths whose update was kept in some form."""
        told = (t for t in self.trials if t.about == "attribute" and t.type == type_ and t.form != "create")
        return sorted({trial.path for trial in told if trial.kept})

    def _note_attributes(self, change: Change, row: LiveResource | None, sent: Sent, form: str) -> set[str]:
        held = kept_of(change, row, self.columns[change.type]) if row is not None else {}
        for path in sorted(attribute.path for attribute in change.attributes):
            is_kept, spelt = held.get(path, (False, ""))
            self.note("attribute", change.type, sent, kept=is_kept, form=form, path=path, held=spelt)
        return {path for path, (is_kept, _) in held.items() if is_kept}

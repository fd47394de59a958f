"""Valued: each mapping of somebody with its sources, its value, the live one, and the verdict on both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.functions.creating import trace_expression
from reconciler.functions.expressions import parse_expression
from reconciler.functions.roles import ROLES
from reconciler.functions.sources import compile_source
from reconciler.model.change import AttributeChange, Change
from reconciler.model.column import Column
from reconciler.model.mapping import AttributeMapping
from reconciler.model.resource import KEEP, Cell, DesiredGroup, DesiredUser
from reconciler.stages.blame import sources_of
from reconciler.stages.compile import is_set
from reconciler.stages.explain.scene import Resource, Scene, Story, Topic, as_json
from reconciler.stages.provenance import Provenance

UNDECLARED = "nothing declares it"
NOT_MADE = "no account is created: these are the values that one would get"
Verdict = tuple[str, str]  # a word of the schema, and why


def tell_values(scene: Scene, topic: Topic, found: Provenance, change: Change | None) -> list[Story]:
    """A row for each mapped path, in the order of the mapping."""
    resource = scene.resource(topic.type, topic.key)
    columns = scene.columns.get(topic.type)
    if columns is None:
        return []
    if resource is None:
        return _live_values(scene, topic, change)
    is_new = topic.live is None
    cells = _created(scene, resource) if is_new else resource.values
    row = _Row(scene=scene, topic=topic, resource=resource, change=change, is_new=is_new)
    return [row.tell(column, cells[index], index, found) for index, column in enumerate(columns.all)]


def _created(scene: Scene, resource: Resource) -> tuple[Cell, ...]:
    if isinstance(resource, DesiredUser):
        return scene.desired.created_user(resource)
    return scene.desired.created_group(resource)


def _live_values(scene: Scene, topic: Topic, change: Change | None) -> list[Story]:
    """What an account has that nothing declares, and what changes of that if it loses its access."""
    if topic.live is None:
        return []
    told = {a.path: a.after for a in change.attributes} if change else {}
    return [
        {
            "path": column.text, "kind": None, "text": None, "mapping": None, "sources": [], "parts": [], "value": as_json(told.get(column.text)),
            "live": as_json(cell), "verdict": "differs" if column.text in told else "notCompared",
            "why": None if column.text in told else UNDECLARED,
        }
        for column, cell in zip(scene.columns[topic.type].all, topic.live.values, strict=True)
    ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Row:
    scene: Scene
    topic: Topic
    resource: Resource
    change: Change | None
    is_new: bool

    def tell(self, column: Column, cell: Cell, index: int, found: Provenance) -> Story:
        live, mapping = self.topic.live, column.mapping
        before = live.values[index] if live else None
        told = self._told().get(column.text)
        verdict, why = self._verdict(column, cell, before, told)
        after = as_json(told.after) if told else None if cell is KEEP else as_json(cell)
        if column.kind == "reference" and before is not None:
            before = self.scene.people.key_by_id.get(str(before), f"live:{before}")
        if live and column.text == "active" and self.topic.type == "User":
            before = live.active
        return {
            "path": column.text, "kind": mapping.kind if mapping else "implicit", "text": mapping.text if mapping else None,
            "mapping": self.scene.place(mapping.origin) if mapping else None,
            "sources": self._sources(mapping, found), "parts": self._parts(mapping), "value": after, "live": as_json(before), "verdict": verdict, "why": why or None,
        }  # fmt: skip

    def _told(self) -> Mapping[str, AttributeChange]:
        return {a.path: a for a in self.change.attributes} if self.change else {}

    def _sources(self, mapping: AttributeMapping | None, found: Provenance) -> list[Story]:
        """The source attributes that the mapping reads, with their values and places."""
        names = ("IsSoftDeleted",) if mapping is None else sources_of(mapping)
        told: list[Story] = []
        for name in names:
            one = found.values.get(name)
            value = one.value if one else None
            if name == "IsSoftDeleted":
                value = self._is_soft_deleted()
            place = self.scene.place(one.origin) if one else None
            told.append({"name": name, "value": as_json(value), "isDeclared": name in found.values or name == "IsSoftDeleted",
                         "source": place})  # fmt: skip
        return told

    def _parts(self, mapping: AttributeMapping | None) -> list[Story]:
        """What each part of an expression gives, the inner ones first."""
        if mapping is None or mapping.kind != "expression":
            return []
        traced = trace_expression(parse_expression(mapping.text), self._source(), self.scene.now)
        return [{"text": text, "value": as_json(value)} for text, value in traced]

    def _source(self) -> Mapping[str, object]:
        """What the mapping reads: the source attributes, and those that the target gives beside them."""
        scope, members = self.scene.target.scope, self.scene.memberships.members
        roles = dict.fromkeys(
            role for group, role in scope.assigned_groups if role and self.topic.key in members.get(group, ())
        )
        return {**self.resource.source, "IsSoftDeleted": self._is_soft_deleted(), ROLES: tuple(roles)}

    def _is_soft_deleted(self) -> bool:
        return self._status() not in ("entitled", "inScope") and not self._is_being_made()

    def _is_being_made(self) -> bool:
        return self.is_new and self.change is not None

    def _status(self) -> str:
        return self.resource.status if isinstance(self.resource, DesiredUser) else "inScope"

    def _verdict(self, column: Column, cell: Cell, before: Cell, told: AttributeChange | None) -> Verdict:
        if told is not None:
            if self.is_new:
                return "sent", self._defaulted(column)
            word = "cleared" if told.after in (None, []) else "differs"
            return word, self._defaulted(column)
        idle = self._idle(column)
        if idle:
            return "notCompared", idle
        if cell is KEEP:
            return self._kept(column)
        if self.is_new and not is_set(cell):
            return "nothing", "no value, so none is sent"
        if column.kind == "reference" and cell is not None and (told_of := self._reference(str(cell))):
            return told_of
        if column.text == "active" and self.topic.live is not None and self.topic.type == "User":
            before = self.topic.live.active
        if column.kind != "reference" and column.compare(column.added(before, cell)) != column.compare(
            before
        ):
            return "withheld", self._why_withheld(column, cell)
        return "same", self._defaulted(column)

    def _why_withheld(self, column: Column, cell: Cell) -> str:
        """Why a value that differs is in no change."""
        live, scene = self.topic.live, self.scene
        if scene.facts.withholds(self.topic.type, column.text, self.topic.key, as_json(cell)):
            return "the endpoint is known not to keep it"
        if live is not None and live.id in scene.matches[self.topic.type].protected:
            return "the account is protected"
        return "see the findings"

    def _reference(self, key: str) -> Verdict | None:
        """What is to be said of somebody who cannot be referred to."""
        people = self.scene.people
        if people.is_removed(key):
            return "kept", f"{key} is listed under removed, and means nobody"
        if people.reference(key) is None:
            return "unresolved", f"{key} is not at this target; it is linked once that account is there"
        return None

    def _idle(self, column: Column) -> str:
        """Why the mapping's values of this one are not compared with the account's."""
        resource, matches = self.resource, self.scene.matches[self.topic.type]
        is_ours = self.topic.key in matches.ours
        is_taken = self.change is not None and self.change.is_adoption
        if self.topic.key in matches.frozen_keys:
            return "it is frozen: nothing is compared"
        if self.is_new and self.change is None:
            return NOT_MADE
        if not self.is_new and not is_ours and not is_taken:
            return "the account is not provisioned by us"
        if isinstance(resource, DesiredGroup) or resource.status == "entitled":
            return ""
        if resource.status == "future":
            is_access = column.text == "active" and self.topic.type == "User"
            return "a hire date withholds access, and never takes it away" if is_access else ""
        return "" if column.text == "active" else f"nothing but `active` is written: {resource.reason}"

    def _kept(self, column: Column) -> Verdict:
        mapping = column.mapping
        if mapping is not None and (mapping.apply == "create" or mapping.is_made_once):
            return "createdOnly", "sent with a new account only"
        if mapping is not None and mapping.default is not None:
            return "createdOnly", f"the default `{mapping.default}` is for a new account only"
        if self.is_new:
            return "nothing", "no value, so none is sent"
        return "kept", "not declared, so what is there stays"

    def _defaulted(self, column: Column) -> str:
        """Says that a default stands in, where the source itself gives nothing."""
        mapping = column.mapping
        if mapping is None or mapping.default is None:
            return ""
        moment = self.scene.now if self.is_new else None
        bare = compile_source(replace(mapping, default=None), moment)([self._source()])[0]
        return "" if is_set(bare) else f"the default `{mapping.default}`: the source has no value"

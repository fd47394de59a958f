"""Schema: Entra's provisioning schema (Graph's synchronizationSchema) as values (research: entra 9.2, 9.3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.importers.entra.reading import At, read_json
from reconciler.model.errors import ImportRefused

LONGEST_CHAIN = 100  # functions inside functions
FLOWS = frozenset({"add", "update", "delete"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a value comes from: an attribute, a constant or a function, with its arguments by key."""

    type: str
    name: str
    expression: str
    parameters: tuple[tuple[str, Source], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeFlow:
    """One attributeMapping."""

    place: str
    index: int
    target: str
    source: Source | None
    default: str
    priority: int
    flow_type: str
    flow_behavior: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterClause:
    """One clause of a scoping filter."""

    place: str
    attribute: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterGroup:
    """One scoping filter: its clauses must all hold; of several filters one."""

    place: str
    name: str
    clauses: tuple[FilterClause, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFlow:
    """One objectMapping: how one kind of source object becomes one kind of target object."""

    place: str
    name: str
    is_enabled: bool
    flows: frozenset[str]  # of add, update, delete, and whatever else is written there
    source: str
    target: str
    filters: Mapping[str, tuple[FilterGroup, ...]]  # by groups, inputFilterGroups, categoryFilterGroups
    attributes: tuple[AttributeFlow, ...]
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One synchronizationRule, from a source directory to a target directory."""

    place: str
    name: str
    priority: int
    source: str
    target: str
    objects: tuple[ObjectFlow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """What a directory says about one attribute."""

    type: str
    is_multi_valued: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """What a directory says about one kind of object."""

    attributes: Mapping[str, Attribute]
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningSchema:
    """A whole schema; `objects` are by names of directory and object."""

    id: str
    version: str
    rules: tuple[Rule, ...]
    objects: Mapping[tuple[str, str], Object]

    def describe(self, directory: str, name: str) -> Object:
        """What the directory says about that kind of object: nothing, if it is not described."""
        return self.objects.get((directory, name), Object(attributes={}, metadata={}))


def read_schema(content: bytes) -> ProvisioningSchema:
    """The schema. Raises ImportRefused, with every reason, for what is none."""
    top = _find_schema(read_json(content))
    schema = ProvisioningSchema(
        id=top.get("id").text(), version=top.get("version").text(),
        rules=tuple(_rule(rule) for rule in top.get("synchronizationRules").entries()),
        objects={
            (directory.get("name").text(), found.get("name").text()): _object(found)
            for directory in top.get("directories").entries() for found in directory.get("objects").entries()
        },
    )  # fmt: skip
    top.refuse_mistakes()
    if not schema.rules:
        raise ImportRefused("synchronizationRules is empty: there is nothing to import")
    return schema


def _find_schema(top: At) -> At:
    """The schema in what was exported; a job that was exported with its schema holds it."""
    if top.has("synchronizationRules"):
        return top
    inner = top.get("schema")
    if inner.has("synchronizationRules"):
        return inner
    where = 'the schema is what GET …/synchronization/jobs/{jobId}/schema gives, or the portal\'s "Review your schema here"'
    if top.has("error"):
        told = top.get("error")
        raise ImportRefused(f"this is an error that Graph answered ({told.get('code').text()}: {told.get('message').text()}); {where}")  # fmt: skip
    if top.has("value"):
        raise ImportRefused(f"this is a list of jobs or templates, and no schema; {where}")
    if top.has("templateId") or top.has("schedule"):
        raise ImportRefused(f"this is a synchronization job, and no schema; {where}")
    if top.has("objectMappings") or top.has("attributeMappings"):
        raise ImportRefused(f"this is a part of a schema: synchronizationRules and directories are missing; {where}")  # fmt: skip
    if top.has("factoryTag") or top.has("discoverable"):
        raise ImportRefused(f"this is a synchronization template, and no schema; {where}")
    raise ImportRefused(f"this is no provisioning schema: it has no synchronizationRules; {where}")


def _rule(at: At) -> Rule:
    return Rule(
        place=at.place, name=at.get("name").text(), priority=at.get("priority").whole(),
        source=at.get("sourceDirectoryName").text(), target=at.get("targetDirectoryName").text(),
        objects=tuple(_object_flow(entry) for entry in at.get("objectMappings").entries()),
    )  # fmt: skip


def _object_flow(at: At) -> ObjectFlow:
    flows, scope = at.get("flowTypes"), at.get("scope")
    kinds = ("groups", "inputFilterGroups", "categoryFilterGroups")
    return ObjectFlow(
        place=at.place, name=at.get("name").text(), is_enabled=at.get("enabled").flag(default=True),
        flows=frozenset(word.strip().casefold() for word in flows.text().split(",") if word.strip())
        if flows.value is not None else FLOWS,
        source=at.get("sourceObjectName").text(), target=at.get("targetObjectName").text(),
        filters={kind: tuple(_filter_group(entry) for entry in scope.get(kind).entries()) for kind in kinds},
        attributes=tuple(_attribute_flow(entry, index) for index, entry in enumerate(at.get("attributeMappings").entries())),
        metadata=_metadata(at),
    )  # fmt: skip


def _filter_group(at: At) -> FilterGroup:
    return FilterGroup(
        place=at.place,
        name=at.get("name").text(),
        clauses=tuple(_clause(entry) for entry in at.get("clauses").entries()),
    )


def _clause(at: At) -> FilterClause:
    values = at.get("targetOperand").get("values").entries()
    return FilterClause(
        place=at.place, attribute=at.get("sourceOperandName").text(), operator=at.get("operatorName").text(),
        values=tuple(value.text() for value in values if value.value is not None),
    )  # fmt: skip


def _attribute_flow(at: At, index: int) -> AttributeFlow:
    source = at.get("source")
    return AttributeFlow(
        place=at.place, index=index, target=at.get("targetAttributeName").text().strip(),
        source=None if source.value is None else _source(source), default=at.get("defaultValue").text(),
        priority=at.get("matchingPriority").whole(), flow_type=at.get("flowType").text() or "Always",
        flow_behavior=at.get("flowBehavior").text() or "FlowWhenChanged",
    )  # fmt: skip


def _source(at: At, depth: int = 0) -> Source:
    parameters = at.get("parameters").entries()
    if depth > LONGEST_CHAIN:
        at.wrong(f"nests functions deeper than {LONGEST_CHAIN}")
        parameters = []
    return Source(
        type=at.get("type").text(), name=at.get("name").text(), expression=at.get("expression").text().strip(),
        parameters=tuple(
            (entry.get("key").text(), _source(entry.get("value"), depth + 1)) for entry in parameters
        ),
    )  # fmt: skip


def _object(at: At) -> Object:
    attributes = {
        entry.get("name").text(): Attribute(
            type=entry.get("type").text().casefold(),
            is_multi_valued=entry.get("multivalued").flag(default=False),
        )
        for entry in at.get("attributes").entries()
    }
    return Object(attributes=attributes, metadata=_metadata(at))


def _metadata(at: At) -> dict[str, str]:
    """Keys and values; some values are JSON texts inside a text (research: entra 9.3)."""
    return {
        entry.get("key").text(): _unquoted(entry.get("value").text())
        for entry in at.get("metadata").entries()
    }


def _unquoted(text: str) -> str:
    if text[:1] != '"':
        return text
    try:
        inner = json.loads(text)
    except ValueError:
        return text
    return inner if isinstance(inner, str) else text

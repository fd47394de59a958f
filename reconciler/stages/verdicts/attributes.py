"""Attributes: what is mapped, against what /Schemas says and what listed resources show (RFC 7643 section 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.model.attribute_path import CORE_GROUP, CORE_USER, AttributePath, quoted
from reconciler.model.column import Column, Columns
from reconciler.model.resource import LiveResource
from reconciler.model.sight import ListSight, Sight
from reconciler.model.target import Target
from reconciler.model.verdict import Verdict, note, warn, well
from reconciler.stages.normalize import Document, field
from reconciler.stages.verdicts.answers import bodies_of, named, normal, rows_of, said

CORE = {"User": CORE_USER, "Group": CORE_GROUP}
# Common attributes (RFC 7643 section 3.1) belong to every resource; most schemas do not list them.
COMMON = ("id", "externalid", "meta", "schemas")
Known = Mapping[tuple[str, str, str], Document]  # (urn, name, sub-attribute), in lower case


def judge_attributes(sight: Sight, target: Target, columns: Sequence[Columns]) -> Iterator[Verdict]:
    """Each resource type: its mapping against /Schemas, and what its list shows."""
    schemas = rows_of(sight.schemas)
    for of in columns:
        listed = sight.list_of(of.type)
        core = CORE[of.type].casefold()
        if any(str(field(schema, "id")).casefold() == core for schema in schemas):
            yield from _by_schema(_known(schemas), of, target)
        if listed is not None and listed.first.is_well and not listed.broken:
            yield from _by_list(listed, of, target)


def _known(schemas: Sequence[Document]) -> Known:
    found: dict[tuple[str, str, str], Document] = {}
    for schema in schemas:
        urn = str(field(schema, "id")).casefold()
        for attribute in _attributes(schema, "attributes"):
            name = str(field(attribute, "name")).casefold()
            found[urn, name, ""] = attribute
            for sub in _attributes(attribute, "subAttributes"):
                found[urn, name, str(field(sub, "name")).casefold()] = sub
    return found


def _attributes(document: Document, key: str) -> list[Document]:
    found = field(document, key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _by_schema(known: Known, columns: Columns, target: Target) -> Iterator[Verdict]:
    strange, core = [], CORE[columns.type].casefold()
    for column in columns.all:
        urn = (column.path.urn or core).casefold()
        if not any(of_urn == urn for of_urn, _, _ in known):
            strange.append(column.text)
            continue
        attribute = _described(known, urn, column.path)
        if attribute is not None:
            yield from _of_attribute(column, attribute, columns, target)
        elif column.path.urn or column.path.name.casefold() not in COMMON:
            strange.append(column.text)
    if strange:
        yield warn("attribute-unknown", f"/Schemas does not know {named(strange)} of {columns.type}, which the mapping sends",
                   "unmap what `--write-probe` shows not to be kept, or write learnt: {withhold: […]}")  # fmt: skip
    else:
        yield well("attributes-known", f"/Schemas knows every mapped attribute of {columns.type}")
    yield from _required(known, core, columns)


def _described(known: Known, urn: str, path: AttributePath) -> Document | None:
    """What a schema says of the attribute or its sub-attribute; a reference stands for its value."""
    name = path.name.casefold()
    sub = path.sub or ("value" if path.key is not None else "")
    return known.get((urn, name, sub.casefold())) or (known.get((urn, name, "")) if not sub else None)


def _of_attribute(column: Column, attribute: Document, columns: Columns, target: Target) -> Iterator[Verdict]:
    name, mutability, returned = column.text, field(attribute, "mutability"), field(attribute, "returned")
    if mutability == "readOnly":
        yield warn("read-only", f"/Schemas calls {name} readOnly: what is sent there is not kept",
                   f"unmap it, or write learnt: {{withhold: [{quoted(name)}]}}")  # fmt: skip
    if mutability == "immutable":
        yield warn("immutable", f"/Schemas calls {name} immutable: it can be set by a creation only",
                   f"map it as {{source: …, apply: create}}: {name}")  # fmt: skip
    if mutability == "writeOnly" or returned in ("never", "request"):
        yield warn("not-shown", f"/Schemas says that {name} is not shown ({returned or mutability}): nobody sees whether it was kept",
                   f"unmap it, or write learnt: {{withhold: [{quoted(name)}]}}")  # fmt: skip
    if field(attribute, "caseExact") is False and name in target.profile.case_exact:
        yield warn("case-exact", f"the profile says that case counts in {name}; /Schemas says that it does not",
                   "take it out of `caseExact` in the profile, unless the endpoint keeps both spellings apart")  # fmt: skip
    if (
        columns.active is not None
        and column is columns.all[columns.active]
        and field(attribute, "type") == "string"
    ):
        yield note("active-a-text", "/Schemas calls active a string; a boolean is sent", "`--write-probe` tells whether that is taken")  # fmt: skip


def _required(known: Known, core: str, columns: Columns) -> Iterator[Verdict]:
    mapped = {((column.path.urn or core).casefold(), column.path.name.casefold()) for column in columns.all}
    mapped |= {(core, "members")} if columns.has_members else set()
    urns = {urn for urn, _ in mapped}
    missing = [
        str(field(attribute, "name"))
        for (urn, name, sub), attribute in known.items()
        if urn in urns and not sub and field(attribute, "required") is True and (urn, name) not in mapped
        and name not in COMMON and field(attribute, "mutability") != "readOnly" and name != "password"
    ]  # fmt: skip
    if missing:
        yield warn("required-unmapped", f"/Schemas calls {named(missing)} of {columns.type} required, and the mapping does not send it",
                   "map it, or creations may be refused with 400")  # fmt: skip


def _by_list(listed: ListSight, columns: Columns, target: Target) -> Iterator[Verdict]:
    documents = rows_of(listed.first)
    rows = normal(documents, columns)
    if not rows:
        return
    if columns.type == "User":
        yield from _active(documents)
    if columns.external_id is not None:
        yield from _external_ids(rows, columns, target)
    yield from _left_out(listed, rows, columns)
    never = [
        column.text
        for index, column in enumerate(columns.all)
        if index not in (columns.active, columns.external_id)
        and all(row.values[index] is None for row in rows)
    ]
    if never:
        yield note("never-seen", f"nobody of {len(rows):,} listed {columns.type.lower()}s has {named(never)}")


def _active(documents: Sequence[Document]) -> Iterator[Verdict]:
    found = [field(document, "active") for document in documents]
    if any(isinstance(one, str) for one in found):
        yield note("active-as-text", 'active comes as text ("True"): it is read as the boolean that it says')
    silent = sum(one is None for one in found)
    if silent:
        yield warn("no-active", f"{silent:,} of {len(found):,} listed users do not show active: each of them counts as active",
                   "if the endpoint has no active, write deprovision: {disabled: delete, …} into the target")  # fmt: skip
    elif not any(isinstance(one, str) for one in found):
        yield well("active", "active is shown as a boolean")


def _external_ids(rows: Sequence[LiveResource], columns: Columns, target: Target) -> Iterator[Verdict]:
    shown, kind = sum(row.external_id is not None for row in rows), f"{columns.type.lower()}s"
    is_denied = target.profile.external_id == "none"
    if shown and is_denied:
        yield warn("external-id-kept", f"the profile says that no externalId is kept; {shown:,} of {len(rows):,} listed {kind} show one",
                   "write into the profile: externalId: stored")  # fmt: skip
    elif shown:
        yield well("external-id", f"externalId is shown: {shown:,} of {len(rows):,} listed {kind} have one")
    elif not is_denied:
        yield note("no-external-id-seen", f"none of {len(rows):,} listed {kind} has an externalId: nothing was provisioned yet, or it is not kept",
                   "`--write-probe` tells which; if it is not kept, write into the profile: externalId: none")  # fmt: skip


def _left_out(listed: ListSight, rows: Sequence[LiveResource], columns: Columns) -> Iterator[Verdict]:
    """What a look-up by id shows and the list does not: a plan would send it again and again."""
    by_id = {row.id: row for row in rows}
    if listed.by_id and not bodies_of(listed.by_id):
        yield warn("by-id", f"GET {listed.by_id[0].path} does not give who is listed ({said(listed.by_id[0])})",
                   "apply reads back by id; without it every write counts as not kept")  # fmt: skip
    for alone in normal(bodies_of(listed.by_id)[:1], columns):
        row = by_id.get(alone.id, alone)
        missing = [
            column.text for column, there, here in zip(columns.all, alone.values, row.values, strict=True)
            if there is not None and here is None
        ]  # fmt: skip
        if missing:
            yield warn("list-leaves-out", f"the list leaves out {named(missing)}, which a look-up by id shows: a plan would send it every time",
                       f"unmap it, or write learnt: {{withhold: [{', '.join(map(quoted, missing))}]}}")  # fmt: skip

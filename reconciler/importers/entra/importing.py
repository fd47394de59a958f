"""Importing: which rules of a schema provision an endpoint, and the documents that they become."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Literal

from reconciler.importers.entra.mappings import Part, Writer
from reconciler.importers.entra.notes import HEADS, Note, Notes
from reconciler.importers.entra.schema import Attribute, ObjectFlow, ProvisioningSchema, Rule, read_schema
from reconciler.importers.entra.scopes import write_scope
from reconciler.importers.entra.sources import GroupSources, Sources, UserSources
from reconciler.importers.entra.targets import Asked, Endpoint, write_target
from reconciler.importers.layout import Line, lay_out, scalar
from reconciler.model.errors import ImportRefused, UsageError
from reconciler.model.profile import Profile
from reconciler.model.resource import Type

Kind = Literal["attributes", "mappings", "scopes", "targets"]
KINDS: tuple[Kind, ...] = ("mappings", "scopes", "targets")
_ENTRA = re.compile(r"azure|entra|\baad\b", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedDocument:
    """One document of the desired state: its kind and its text."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of a schema: its name here, the documents, and what a person should know."""

    name: str
    names: tuple[str, ...]  # of the mappings and targets: one, unless the schema maps users more than once
    documents: tuple[ImportedDocument, ...]
    notes: tuple[Note, ...]
    mapped: int
    filters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The users of one mapping, and the groups that go with them."""

    rule: Rule
    users: ObjectFlow
    groups: ObjectFlow | None


def import_entra(
    content: bytes, asked: Asked, profiles: Mapping[str, Profile], declared: Collection[str] = ()
) -> Imported:
    """The desired state that an exported schema makes.

    `declared` are the custom attributes that the desired state has already. Raises ImportRefused for what cannot be
    imported, UsageError for a name or a profile that cannot be.
    """
    schema, notes = read_schema(content), Notes()
    pairs = _find_pairs(schema, notes)
    name = _name(asked, pairs[0].rule)
    run = _Import(
        schema=schema, asked=asked, profile=_profile(asked, pairs[0].rule, profiles), profiles=profiles,
        sources=UserSources(_describe(schema, pairs), declared, notes), notes={"mappings": notes},
    )  # fmt: skip
    names = (name, *(f"{name[:60]}-{number}" for number in range(2, len(pairs) + 1)))
    for own, pair in zip(names, pairs, strict=True):
        run.write(own, pair, is_alone=len(pairs) == 1)
    return Imported(
        name=name, names=names, documents=run.documents(pairs),
        notes=tuple(note for notes in run.notes.values() for note in notes.all), mapped=run.mapped,
        filters=sum(len(groups) for pair in pairs for groups in pair.users.filters.values()),
    )  # fmt: skip


def report(imported: Imported) -> str:
    """What was imported, and what a person should know about it, as lines."""
    said = f"{imported.filters} scoping filter{'s' * (imported.filters != 1)}"
    lines = [f"{imported.name}: {imported.mapped} attributes mapped, {said}"]
    for kind, title in HEADS.items():
        of = [str(note) for note in imported.notes if note.kind == kind]
        lines += ["", f"{title}:", *(f"  {text}" for text in of)] if of else []
    return "\n".join(lines)


@dataclass(slots=True, kw_only=True)
class _Import:
    """The documents so far, as lines, each with its notes."""

    schema: ProvisioningSchema
    asked: Asked
    profile: Profile
    profiles: Mapping[str, Profile]
    sources: UserSources
    notes: dict[Kind, Notes]
    lines: dict[Kind, list[Line]] = field(default_factory=dict)
    mapped: int = 0

    def write(self, name: str, pair: Pair, *, is_alone: bool) -> None:
        """Adds mapping, scope and target of one pair."""
        users = self._part("User", self.sources, pair.users)
        groups = self._part("Group", GroupSources(), pair.groups) if pair.groups else None
        if not users.match or (groups and not groups.match):
            which = pair.users if not users.match else pair.groups
            told = "\n".join(str(note) for note in self.notes["mappings"].all)
            raise ImportRefused(f'nothing of "{which.name if which else ""}" can be carried over:\n{told}')
        scope = write_scope(pair.users, name, self.sources, self.notes.setdefault("scopes", Notes()))
        metadata = self.schema.describe(pair.rule.target, pair.users.target).metadata
        endpoint = Endpoint(
            name=name, profile=self.profile.name, users=pair.users, groups=pair.groups, users_part=users, groups_part=groups,
            has_scope=bool(scope), is_alone=is_alone, deletes_instead=metadata.get("IsSoftDeletionSupported", "").casefold() == "false",
        )  # fmt: skip
        head = Line(text=f"{scalar(name)}:", depth=1, comment=f'rule "{pair.rule.name}", {pair.rule.place}')
        self._add("mappings", [head, *users.lines, *(groups.lines if groups else ())])
        self._add("scopes", scope)
        target = write_target(endpoint, self.asked, self.notes.setdefault("targets", Notes()))
        self._add("targets", target)

    def documents(self, pairs: Sequence[Pair]) -> tuple[ImportedDocument, ...]:
        """The documents in the order in which they are read."""
        way = f"{pairs[0].rule.source} → {pairs[0].rule.target}"
        head = f"By `reconcile import-entra` from the provisioning schema {self.schema.id} (version {self.schema.version}): {way}."
        written = [
            ("attributes", self.sources.write(head)),
            *((kind, self._text(kind, head)) for kind in KINDS),
        ]
        return tuple(ImportedDocument(kind=kind, text=text) for kind, text in written if text)

    def _part(self, type_: Type, sources: Sources, found: ObjectFlow) -> Part:
        writer = Writer(
            type=type_, profile=self.profile, profiles=self.profiles.values(), sources=sources, notes=self.notes["mappings"],
            may_have_roles=self.asked.sync != "all",
        )  # fmt: skip
        part = writer.write(found)
        self.mapped += len(part.paths)
        return part

    def _add(self, kind: Kind, lines: Sequence[Line]) -> None:
        self.lines.setdefault(kind, []).extend(lines)

    def _text(self, kind: Kind, head: str) -> str:
        lines = self.lines.get(kind)
        if not lines:
            return ""
        places = ["[n] is the place in attributeMappings."] if kind == "mappings" else []
        said = [head, *places]
        for what, title in HEADS.items():
            of = [str(note) for note in self.notes[kind].all if note.kind == what]
            said += [f"{title}:", *(f"  {text}" for text in of)] if of else []
        top = [Line(text="", comment=text) for text in said]
        return lay_out([*top, Line(text=f"{kind}:"), *lines])


def _find_pairs(schema: ProvisioningSchema, notes: Notes) -> list[Pair]:
    """Users and groups of each rule that leads out of Entra, by the rules' priority. Raises ImportRefused if there are none."""
    pairs: list[Pair] = []
    for rule in sorted(schema.rules, key=lambda rule: rule.priority):
        if not _ENTRA.search(rule.source) or _ENTRA.search(rule.target):
            notes.add("lost", rule.place, f'rule "{rule.name}" leads from {rule.source} to {rule.target}: only what leads out of Entra provisions an endpoint')  # fmt: skip
            continue
        users, groups = _of_kind(rule, "user"), _of_kind(rule, "group")
        for found in rule.objects:
            if found.source.casefold() not in ("user", "group"):
                notes.add("lost", found.place, f'"{found.name}" maps {found.source} to {found.target}: only users and groups can be provisioned here')  # fmt: skip
        for one, other in zip_longest(users, groups):
            if one is None:
                notes.add(
                    "lost", other.place, f'"{other.name}" maps groups that no mapping of users goes with'
                )
            else:
                pairs.append(Pair(rule=rule, users=one, groups=other))
    if not pairs:
        told = "\n".join(str(note) for note in notes.all) or "its rules map nothing"
        raise ImportRefused(f"no rule of this schema provisions users out of Entra:\n{told}")
    return pairs


def _of_kind(rule: Rule, source: str) -> list[ObjectFlow]:
    return [found for found in rule.objects if found.source.casefold() == source]


def _describe(schema: ProvisioningSchema, pairs: Iterable[Pair]) -> dict[str, Attribute]:
    described: dict[str, Attribute] = {}
    for pair in pairs:
        described |= schema.describe(pair.rule.source, pair.users.source).attributes
    return described


def _name(asked: Asked, rule: Rule) -> str:
    if asked.name is not None:
        if not _NAME.fullmatch(asked.name):
            raise UsageError(f"`{asked.name}` is no name: write letters, digits, and . _ @ -, at most 64")
        return asked.name
    folded = re.sub(r"[^a-z0-9._@-]+", "-", rule.target.casefold()).strip("._@-")
    return folded[:64].rstrip("._@-") or "target"


def _profile(asked: Asked, rule: Rule, profiles: Mapping[str, Profile]) -> Profile:
    """The profile that was asked for, or the one that is called as the target directory is, or rfc."""
    name = asked.profile or rule.target.casefold()
    if asked.profile and asked.profile not in profiles:
        raise UsageError(f"`{asked.profile}` is no profile; built in are {', '.join(sorted(profiles))}")
    return profiles.get(name, profiles["rfc"])

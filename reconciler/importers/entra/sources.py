"""Sources: Entra's names of source attributes as ours, and the custom ones that have to be declared."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import chain, count

from reconciler.functions.expressions import Expression
from reconciler.functions.roles import ROLES
from reconciler.importers.entra.notes import Notes
from reconciler.importers.entra.schema import Attribute
from reconciler.importers.layout import Line, flow, lay_out, scalar
from reconciler.model.vocabulary import (
    ALIASES,
    GROUP_TEXTS,
    USER_BOOLEANS,
    USER_DATES,
    USER_LISTS,
    USER_TEXTS,
)

LONGEST_NAME = 64
BUILT_IN = frozenset({*USER_TEXTS, *USER_DATES, *USER_LISTS, *USER_BOOLEANS, "manager", "objectId", "IsSoftDeleted"})  # fmt: skip
GROUP_SOURCES = frozenset({*GROUP_TEXTS, "objectId", "members"})
_TAKEN = frozenset({"location", "previousIds", "all", "any", "not", "memberOf", "attribute", "operator"})
_BY_FOLD = {name.casefold(): name for name in BUILT_IN}
_TAKEN_FOLDED = frozenset([*_BY_FOLD, *(name.casefold() for name in _TAKEN)])
_ON_PREMISES = re.compile(
    r"onPremisesExtensionAttributes[._](extensionAttribute(?:[1-9]|1[0-5]))", re.IGNORECASE
)
_EXTENSION = re.compile(r"extension_[0-9a-f]{32}_", re.IGNORECASE)
_UNFIT = re.compile(r"[^A-Za-z0-9._@-]")
_TYPES = {"string": "text", "integer": "integer", "boolean": "boolean", "datetime": "date"}


@dataclass(slots=True)
class UserSources:
    """The source attributes of users: what the directory says of them, and those that became custom attributes."""

    described: Mapping[str, Attribute]
    declared: Collection[str]  # custom attributes that the desired state has already
    notes: Notes
    custom: dict[str, str] = field(default_factory=dict)  # Entra's name → ours
    taken: set[str] = field(default_factory=lambda: set(_TAKEN_FOLDED))

    def name(self, entra: str, place: str) -> str | None:
        """Our name; None for what no user can declare. A name that is not in the vocabulary becomes a custom attribute."""
        entra = entra.strip()
        if entra in self.custom:
            return self.custom[entra]
        if found := _ON_PREMISES.fullmatch(entra):
            entra = found[1]
        name = ALIASES.get(entra, entra)
        if name.casefold() in _BY_FOLD:
            return _BY_FOLD[name.casefold()]
        # What users have by assignment is no attribute that anybody declares.
        if not name or name == ROLES or self._type(entra) == "reference":
            return None
        return self._custom(name, place)

    def write(self, origin: str) -> str:
        """The `attributes:` document; empty where nothing has to be declared."""
        lines = [
            Line(text=f"{scalar(ours)}: {flow(self._shape(theirs))}", depth=1, comment=self._origin(ours, theirs))
            for ours, theirs in sorted((ours, theirs) for theirs, ours in self.custom.items()) if ours.casefold() not in self._known()
        ]  # fmt: skip
        if not lines:
            return ""
        said = "Source attributes beyond the vocabulary, which the mapping or the scope asks for."
        return lay_out(
            [Line(text="", comment=origin), Line(text="", comment=said), Line(text="attributes:"), *lines]
        )

    def _custom(self, name: str, place: str) -> str:
        ours = name
        if len(ours) > LONGEST_NAME:
            ours = _EXTENSION.sub("", ours)
        ours = self._free(_UNFIT.sub("_", ours).lstrip("._@-")[:LONGEST_NAME] or "attribute")
        self.custom[name] = ours
        self.taken.add(ours.casefold())
        if ours != name:
            reason = "that name means something else" if name.casefold() in _TAKEN_FOLDED else f"names have at most {LONGEST_NAME} letters, digits, and . _ @ -"  # fmt: skip
            self.notes.add(
                "differs", place, f"the source attribute `{name}` is called `{ours}` here: {reason}"
            )
        if self._type(name) not in {*_TYPES, ""}:
            self.notes.add("differs", place, f"the source attribute `{name}` is of type {self._type(name)}; here it is text")  # fmt: skip
        return ours

    def _free(self, name: str) -> str:
        """The name, or one like it that is nobody's yet."""
        numbered = (f"{name[: LONGEST_NAME - 7]}_{number}" for number in count(2))
        return next(free for free in chain([name], numbered) if free.casefold() not in self.taken)

    def _known(self) -> set[str]:
        return {name.casefold() for name in self.declared}

    def _type(self, entra: str) -> str:
        described = self.described.get(entra)
        return described.type if described else ""

    def _shape(self, entra: str) -> dict[str, str]:
        shape = {"type": _TYPES.get(self._type(entra), "text")}
        described = self.described.get(entra)
        return {**shape, "multiValued": "true"} if described and described.is_multi_valued else shape

    def _origin(self, ours: str, theirs: str) -> str:
        said = self._type(theirs) or "not described in the schema's directories"
        return said if ours == theirs else f"{theirs}: {said}"


@dataclass(slots=True)
class GroupSources:
    """The source attributes of groups, which have no custom ones."""

    def name(self, entra: str, place: str) -> str | None:
        """Our name; None for what no group can declare."""
        del place
        name = ALIASES.get(entra.strip(), entra.strip())
        return next((known for known in GROUP_SOURCES if known.casefold() == name.casefold()), None)


Sources = UserSources | GroupSources


def rename(expression: Expression, ours_by_entra: Mapping[str, str]) -> str:
    """The expression's text with the attributes in brackets by our names."""
    text = expression.text
    for entra, offset in sorted(expression.attributes, key=lambda named: -named[1]):
        if ours_by_entra[entra] != entra:
            text = f"{text[:offset]}[{ours_by_entra[entra]}]{text[text.index(']', offset) + 1 :]}"
    return text

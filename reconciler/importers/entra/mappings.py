"""Mappings: attributeMappings as `mappings:`, each line with the place that it came from (research: entra 2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from reconciler.functions.expressions import Expression, parse_expression
from reconciler.functions.grammar import ExpressionError
from reconciler.functions.roles import ROLES
from reconciler.importers.entra.expressions import attribute_of, constant_of, expression_of
from reconciler.importers.entra.notes import Notes
from reconciler.importers.entra.schema import AttributeFlow, ObjectFlow, Source
from reconciler.importers.entra.sources import Sources, rename
from reconciler.importers.layout import Line, flow, listed, scalar
from reconciler.model.attribute_path import ENTERPRISE, AttributePath, parse_path
from reconciler.model.path_rules import is_known, is_one_value, unknown_selector, why_unmappable
from reconciler.model.profile import Profile
from reconciler.model.resource import Type
from reconciler.model.scim_schema import KNOWN, characteristic

USUAL_MATCHES: Mapping[Type, tuple[str, ...]] = {
    "User": ("externalId", "userName"),
    "Group": ("externalId", "displayName"),
}
LONGEST_PATH = 300  # YAML takes keys of 1,024 characters, and no attribute has such a name
MANAGER = f"{ENTERPRISE}:manager"


@dataclass(slots=True)
class Part:
    """The mapping of one kind of object, as far as it is written."""

    lines: list[Line] = field(default_factory=list)
    match: list[str] = field(default_factory=list)
    paths: list[AttributePath] = field(default_factory=list)
    sources: dict[str, str] = field(
        default_factory=dict
    )  # the source attribute of each path that is mapped directly
    has_roles: bool = False
    handles_removal: bool = (
        False  # something is computed from IsSoftDeleted in Entra, whether that is carried over or not
    )
    is_additive: bool = False  # members are added only


@dataclass(slots=True, kw_only=True)
class Writer:
    """Writes the mapping of one kind of object for an endpoint of one profile."""

    type: Type
    profile: Profile
    profiles: Collection[Profile]
    sources: Sources
    notes: Notes
    may_have_roles: bool  # not where all users are provisioned
    part: Part = field(default_factory=Part)
    made_once: set[str] = field(default_factory=set)
    _claims: dict[tuple[str, str], list[AttributePath]] = field(default_factory=lambda: defaultdict(list))

    def write(self, found: ObjectFlow) -> Part:
        """The part of `found`; what cannot be carried over is commented out, with the reason."""
        ranked: list[tuple[int, str]] = []
        rows: list[Line] = []
        for one in found.attributes:
            self.part.handles_removal |= _asks_for_removal(one)
            row = self._row(one, found)
            rows.append(row)
            if one.priority > 0 and not row.is_out and self._may_match(one):
                ranked.append((one.priority, str(self.part.paths[-1])))
        self.part.match = [path for _, path in sorted(ranked, key=lambda entry: entry[0])]
        said = f"by matching precedence: {', '.join(str(rank) for rank, _ in sorted(ranked))}"
        if not ranked:
            self.part.match, said = self._usual_match(found)
        head = f'"{found.name}", {found.place}: {found.source} → {found.target}'
        key = "users" if self.type == "User" else "groups"
        self.part.lines = [
            Line(text=f"{key}:", depth=2, comment=head), Line(text=f"match: {listed(self.part.match)}", depth=3, comment=said),
            Line(text="attributes:", depth=3), *rows,
        ]  # fmt: skip
        self._note_metadata(found)
        return self.part

    def _may_match(self, one: AttributeFlow) -> bool:
        path = str(self.part.paths[-1])
        if path in self.made_once:
            self.notes.add(
                "lost", one.place, f"`{path}` is made anew for each account, so nothing can be matched by it"
            )
        return path not in self.made_once

    def _usual_match(self, found: ObjectFlow) -> tuple[list[str], str]:
        """What SCIM targets are matched by where the schema has no usable matching attribute."""
        mapped = [str(path) for path in self.part.paths]
        others = [path for path in mapped if path not in self.made_once]
        match = [path for path in USUAL_MATCHES[self.type] if path in others] or others[:1]
        said = f"no matching attribute could be carried over; matched by {' and '.join(match) or 'nothing'} instead"
        return match, self.notes.add("differs", found.place, said)

    def _row(self, one: AttributeFlow, found: ObjectFlow) -> Line:
        path, why = self._path(one)
        value, why = self._value(one, path, found) if path else ("", why)
        at = f"[{one.index}]"
        key = scalar(str(path) if path else one.target)
        if one.source is None and not one.default:
            said = "mapping type None without a default value: Entra sends nothing"
            return Line(text=key, depth=4, is_out=True, comment=f"{at} {said}")
        if why or not path:
            self.notes.add("lost", one.place, f"`{one.target}`: {why}")
            return Line(text=f"{key}: {value or _show(one)}", depth=4, is_out=True, comment=f"{at} {why}")
        self._claims[_folded(path)].append(path)
        self.part.paths.append(path)
        behavior = "" if one.flow_behavior.casefold() == "flowwhenchanged" else f" {one.flow_behavior}: here only differences are sent"  # fmt: skip
        return Line(text=f"{key}: {value}", depth=4, comment=f"{at}{behavior}")

    def _path(self, one: AttributeFlow) -> tuple[AttributePath | None, str]:
        """The SCIM path, or why there can be none."""
        if len(one.target) > LONGEST_PATH:
            return None, f"is longer than {LONGEST_PATH} characters"
        try:
            path = parse_path(one.target)
        except ValueError as error:
            return None, str(error)
        if why := self._why_not(path) or why_unmappable(path, self.type):
            return None, why.removesuffix("; take it out")
        if subs := unknown_selector(path, self.type):
            return (
                None,
                f"`{path.key}` is no part of `{path.name}`, which can be selected by {', '.join(sorted(subs))}",
            )
        other = next(
            (claim for claim in self._claims.get(_folded(path), ()) if is_one_value(claim, path)), None
        )
        return (None, f"claims the same value as `{other}`") if other else (path, "")

    def _why_not(self, path: AttributePath) -> str:
        own = self._beyond(self.profile)
        if is_known(path, self.type, own):
            return ""
        said = f"no attribute of a {self.type} that profile {self.profile.name} knows"
        if others := sorted(
            other.name for other in self.profiles if is_known(path, self.type, self._beyond(other))
        ):
            return f"{said}; profile {others[0]} does: import with --profile {others[0]}"
        folded = str(path).casefold()
        if same := sorted(
            known for known in KNOWN[self.type] if known.casefold() == folded or known.endswith(f":{path}")
        ):
            return f"{said}; did you mean `{same[0]}`?"
        return f"{said}; a profile file may declare it under {'attributes' if self.type == 'User' else 'groupAttributes'}:"

    def _beyond(self, profile: Profile) -> set[str]:
        return {path for path, _ in (profile.attributes if self.type == "User" else profile.group_attributes)}

    def _value(self, one: AttributeFlow, path: AttributePath, found: ObjectFlow) -> tuple[str, str]:
        """The right side as YAML, and why it cannot be (it is shown all the same)."""
        pairs, why = self._source(one, path)
        if not pairs:
            return "", why
        if one.default and "constant" not in pairs:
            pairs |= {"default": scalar(one.default), "defaultOn": "create"}
        told = self._flow_type(one, path)
        if "update" not in found.flows:
            told = "create"
            if str(path) == "members":
                why = why or "Update is not ticked: Entra adds members by an update, so groups get none"
        if told == "create":
            pairs["apply"] = "create"
        is_plain = list(pairs) == ["source"]
        return pairs["source"] if is_plain else flow(pairs), why

    def _flow_type(self, one: AttributeFlow, path: AttributePath) -> str:
        match one.flow_type.casefold():
            case "always":
                return "always"
            case "objectaddonly":
                return "create"
            case "multivalueaddonly" | "valueaddonly" if str(path) == "members":
                self.part.is_additive = True
                return "always"
            case "multivalueaddonly" | "valueaddonly" | "attributeaddonly":
                self.notes.add("differs", one.place, f"`{path}`: {one.flow_type} adds values and never takes one away; here the value is sent on create only")  # fmt: skip
            case _:
                self.notes.add("differs", one.place, f"`{path}`: flowType {one.flow_type} is not known; here the value is sent on create only")  # fmt: skip
        return "create"

    def _source(self, one: AttributeFlow, path: AttributePath) -> tuple[dict[str, str], str]:
        source = one.source
        if source is None:
            return self._none(one, path)
        match source.type.casefold():
            case "attribute":
                return self._direct(attribute_of(source), one, path)
            case "constant":
                return {"constant": scalar(constant_of(source))}, self._only_from_itself(path)
            case "function":
                return self._expression(expression_of(source), one, path)
        shown = {"expression": scalar(expression_of(source))}
        return shown, f"its source is of type `{source.type}`, which is none of Attribute, Constant, Function"

    def _none(self, one: AttributeFlow, path: AttributePath) -> tuple[dict[str, str], str]:
        if one.flow_type.casefold() != "objectaddonly":
            self.notes.add("differs", one.place, f"`{path}`: Entra sends the default value whenever the target is empty; here on create only")  # fmt: skip
        return {"constant": scalar(one.default), "apply": "create"}, self._only_from_itself(path)

    def _direct(self, entra: str, one: AttributeFlow, path: AttributePath) -> tuple[dict[str, str], str]:
        name = self.sources.name(entra, one.place)
        if name is None:
            who = "users" if self.type == "User" else "groups"
            return {
                "source": scalar(entra)
            }, f"the source attribute `{entra}` is none that {who} can declare here"
        self._note_ids(path, [name], one)
        return {"source": scalar(name)}, self._only_from_itself(path, name)

    def _note_ids(self, path: AttributePath, names: Collection[str], one: AttributeFlow) -> None:
        """An externalId made of Entra's object id is what accounts carry already; here it is made of the id in YAML."""
        if str(path) == "externalId" and "objectId" in names:
            self.notes.add("differs", one.place, "`externalId`: objectId is the id that the YAML gives; take Entra's object ids, or list them under "
                           "previousIds, where accounts carry them already")  # fmt: skip

    def _only_from_itself(self, path: AttributePath, name: str = "") -> str:
        """Why a reference cannot have that source: managers and members are users and groups, never texts."""
        if str(path) == "members" and name != "members":
            return "members are the members of the group here, and nothing else"
        is_manager = self.type == "User" and characteristic(path, "User") == KNOWN["User"][MANAGER]
        return "a manager is another user here, and nothing else" if is_manager and name != "manager" else ""

    def _expression(self, text: str, one: AttributeFlow, path: AttributePath) -> tuple[dict[str, str], str]:
        shown = {"expression": scalar(text)}
        try:
            parsed = parse_expression(text)
        except ExpressionError as error:
            return shown, f"the expression is not understood: {error}"
        names: dict[str, str] = {}
        for entra in sorted(parsed.sources):
            is_role = entra == ROLES and self.type == "User"
            name = ROLES if is_role else self.sources.name(entra, one.place)
            if name is None:
                return shown, f"the source attribute `{entra}` is none that can be declared here"
            names[entra] = name
        why = self._only_from_itself(path) or self._why_unfit(parsed, path)
        if not why:
            self.part.has_roles |= ROLES in names
            self._note_ids(path, names.values(), one)
            if parsed.is_made_once:
                self.made_once.add(str(path))
                self.notes.add(
                    "differs", one.place, f"`{path}`: its value is made once, when the account is created"
                )
        return {"expression": scalar(rename(parsed, names))}, why

    def _why_unfit(self, parsed: Expression, path: AttributePath) -> str:
        """Why an expression that is understood cannot stand for this attribute."""
        whole = characteristic(path, self.type)
        is_many = whole is not None and whole.multi_valued and path.key is None and path.sub is None
        if parsed.gives_many and whole and not is_many:
            return "it gives several values, and this attribute holds one"
        if parsed.is_redacted and str(path) == "externalId":
            return "Redact hides the key by which accounts are known"
        if parsed.is_made_once and str(path) in ("externalId", "active"):
            return "it gives another value each time, and this attribute must be known again"
        if ROLES in parsed.sources and not self.may_have_roles:
            return "roles come by assignment: import with --sync assigned"
        return ""

    def _note_metadata(self, found: ObjectFlow) -> None:
        """Switches of the object mapping that have no counterpart, where they are not as they usually are."""
        usual = {
            "Disposition": "Normal", "EscrowBehavior": "Default", "DisableMonitoringForChanges": "false",
            "ExcludeFromReporting": "false", "Unsynchronized": "false", "OriginalJoiningProperty": "",
        }  # fmt: skip
        for key, value in found.metadata.items():
            if key in usual and value.casefold() not in {usual[key].casefold(), "", "null"}:
                self.notes.add("lost", found.place, f"metadata {key}: {value} has no counterpart here")


def _asks_for_removal(one: AttributeFlow) -> bool:
    return one.source is not None and "issoftdeleted" in _show(one).casefold()


def _show(one: AttributeFlow) -> str:
    """Where the value comes from in Entra, whether it can be said here or not."""
    match one.source:
        case None:
            return flow({"constant": scalar(one.default)})
        case Source(type="Attribute") as source:
            return scalar(attribute_of(source))
        case source:
            return flow({"expression": scalar(expression_of(source))})


def _folded(path: AttributePath) -> tuple[str, str]:
    return str(path.urn).casefold(), path.name.casefold()

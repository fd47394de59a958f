"""Lower: a change as the least requests: one POST, PATCH or DELETE, one PATCH operation per attribute (RFC 7644 3.3, 3.5.2, 3.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from reconciler.functions.roles import ROLE_TYPE
from reconciler.model.attribute_path import CORE_GROUP, CORE_USER, AttributePath, parse_path
from reconciler.model.change import AttributeChange, Change
from reconciler.model.column import Columns
from reconciler.model.dialect import Dialect
from reconciler.model.request import Ref, Request
from reconciler.stages.normalize import field, select

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
Document = dict[str, object]


def lower_change(
    change: Change,
    columns: Columns,
    dialect: Dialect,
    ids: Mapping[str, str],
    document: Document | None = None,
) -> tuple[Request, ...]:
    """The requests that carry out `change`: one, or one per atom where the dialect says singly; none for nothing.

    `ids` gives live ids by key; a key that it lacks stands as a Ref. `document` is the resource as just read: the
    forms `pathless` and `put` need it.
    """
    if dialect.singly and change.action not in ("create", "delete"):
        plain = replace(dialect, singly=False, form={**dialect.form, change.type: "path"})
        return tuple(
            request
            for part in _parts(change)
            for request in lower_change(part, columns, plain, ids, document)
        )
    base = dialect.endpoints[change.type]
    lowering = _Lowering(columns, dialect, ids)
    if change.action == "create":
        return (Request(method="POST", path=base, body=lowering.created(change)),)
    path = f"{base}/{quote(change.id or '', safe='')}"
    if change.action == "delete":
        return (Request(method="DELETE", path=path, etag=change.etag),)
    form = dialect.form[change.type]
    if form == "put":
        return (
            Request(method="PUT", path=path, body=lowering.merged(change, document or {}), etag=change.etag),
        )
    operations = lowering.pathless(change, document or {}) if form == "pathless" else lowering.by_path(change)
    if not operations:
        return ()
    body: Document = {"schemas": [PATCH_OP], "Operations": operations}
    return (Request(method="PATCH", path=path, body=body, etag=change.etag),)


def _parts(change: Change) -> list[Change]:
    parts = [replace(change, attributes=(a,), add=(), remove=(), etag=None) for a in change.attributes]
    parts += [replace(change, attributes=(), add=(m,), remove=(), etag=None) for m in change.add]
    return parts + [replace(change, attributes=(), add=(), remove=(m,), etag=None) for m in change.remove]


@dataclass(frozen=True, slots=True)
class _Lowering:
    columns: Columns
    dialect: Dialect
    ids: Mapping[str, str]

    def created(self, change: Change) -> dict[str, object]:
        body: dict[str, object] = {"schemas": [CORE_USER if change.type == "User" else CORE_GROUP]}
        for attribute in change.attributes:
            self.put(body, attribute)
        if change.type == "User" and "active" not in body:
            body["active"] = True
        if change.add and self.dialect.members_on_create:
            body["members"] = [{"value": self.id_of(m.key, m.id)} for m in change.add]
        return body

    def merged(self, change: Change, document: dict[str, object]) -> dict[str, object]:
        body = _copy(document)
        body.pop("meta", None)
        for attribute in change.attributes:
            self.put(body, attribute)
        if change.add or change.remove:
            gone = {member.id for member in change.remove}
            kept = [
                m
                for m in _list(field(body, "members"))
                if not (isinstance(m, dict) and str(m.get("value")) in gone)
            ]
            body["members"] = [*kept, *({"value": self.id_of(m.key, m.id)} for m in change.add)]
        return body

    def pathless(self, change: Change, document: dict[str, object]) -> list[dict[str, object]]:
        """One replace without a path; whole attributes are sent, since a server may replace what it is given."""
        body = _copy(document)
        value: dict[str, object] = {}
        for attribute in change.attributes:
            path = parse_path(attribute.path)
            self.put(body, attribute)
            if path.urn:
                extension = _object(value.setdefault(path.urn, {}))
                extension[path.name] = field(field(body, path.urn), path.name)
            else:
                value[path.name] = field(body, path.name)
        operations: list[dict[str, object]] = [{"op": "replace", "value": value}] if value else []
        if change.add:
            members = [{"value": self.id_of(m.key, m.id)} for m in change.add]
            operations.append({"op": "add", "value": {"members": members}})
        return operations + self._removals(change)

    def by_path(self, change: Change) -> list[dict[str, object]]:
        operations: list[dict[str, object]] = []
        added: dict[str, dict[str, object]] = {}
        bits = {column.text: column.element_bit for column in self.columns.all}
        for attribute in change.attributes:
            path = parse_path(attribute.path)
            if path.key is not None and not change.elements & bits.get(attribute.path, 0):
                if attribute.after is not None:
                    element = added.setdefault(path.element, {path.key: path.value})
                    element[path.sub or "value"] = self.value(attribute)
                    if self.role(attribute):
                        element["type"] = ROLE_TYPE
                continue
            operations.append(self._operation(attribute, path))
        for element_path, element in added.items():
            path = parse_path(element_path)
            name = f"{path.urn}:{path.name}" if path.urn else path.name
            operations.append({"op": "add", "path": name, "value": [element]})
        if change.add:
            members = [{"value": self.id_of(m.key, m.id)} for m in change.add]
            operations.append({"op": "add", "path": "members", "value": members})
        return operations + self._removals(change)

    def put(self, body: dict[str, object], attribute: AttributeChange) -> None:
        """Writes the attribute's value into the body of a resource."""
        path = parse_path(attribute.path)
        present = _list(field(body, path.name)) if path.urn is None else []
        if self.role(attribute) == "added" and present:
            body[path.name] = [*present, *_roles(attribute)]
            return
        _put(body, path, self.value(attribute))
        if path.key and attribute.after is not None and self.role(attribute):
            _put(body, replace(path, sub="type"), ROLE_TYPE)

    def _operation(self, attribute: AttributeChange, path: AttributePath) -> dict[str, object]:
        if attribute.after is None:
            # An email without a value is no email: the whole element goes.
            whole = path.key is not None and path.sub in (None, "value")
            return {"op": "remove", "path": path.element if whole else str(path)}
        if self.role(attribute) == "added":
            return {"op": "add", "path": str(path), "value": _roles(attribute)}
        target = str(path) if path.key is None or path.sub else f"{path}.value"
        return {"op": "replace", "path": target, "value": self.value(attribute)}

    def _removals(self, change: Change) -> list[dict[str, object]]:
        if self.dialect.member_removal == "valueArray":
            gone = [{"value": m.id} for m in change.remove]
            return [{"op": "remove", "path": "members", "value": gone}] if gone else []
        return [{"op": "remove", "path": f'members[value eq "{_quoted(m.id or "")}"]'} for m in change.remove]

    def value(self, attribute: AttributeChange) -> object:
        column = next((c for c in self.columns.all if c.text == attribute.path), None)
        if attribute.after is None or column is None:
            return attribute.after
        if column.kind == "reference":
            id_ = self.id_of(str(attribute.after), None)
            return {"value": id_} if self.dialect.manager == "object" else id_
        if column.kind == "many" and isinstance(attribute.after, list):
            plain = (
                column.path.urn is not None
            )  # core multi-valued attributes are complex, RFC 7643 section 2.4
            if self.role(attribute):
                return _roles(replace(attribute, before=None))
            return list(attribute.after) if plain else [{"value": item} for item in attribute.after]
        return attribute.after

    def role(self, attribute: AttributeChange) -> str:
        """Whether it holds roles by assignment, and if they are only added: those have a form of their own."""
        return next((c.mapping.role for c in self.columns.all if c.text == attribute.path and c.mapping), "")

    def id_of(self, key: str, id_: str | None) -> object:
        return id_ or self.ids.get(key) or Ref(key)


def _roles(attribute: AttributeChange) -> list[dict[str, object]]:
    """The roles that are new, as Entra sends them (research: entra 2.7)."""
    present = attribute.before if isinstance(attribute.before, list) else []
    wanted = attribute.after if isinstance(attribute.after, list) else []
    return [
        {"primary": False, "type": ROLE_TYPE, "display": role, "value": role} for role in wanted if role not in present
    ]  # fmt: skip


def _put(body: dict[str, object], path: AttributePath, value: object) -> None:
    """Writes a value where the path points, making what is missing on the way; None takes it away."""
    home = body
    if path.urn:
        schemas = _list(field(body, "schemas"))
        if path.urn not in schemas:
            body["schemas"] = [*schemas, path.urn]
        home = body.setdefault(path.urn, {})  # type: ignore[assignment]
    if path.key is not None:
        element = select(home, path)
        if element is None:
            element = {path.key: path.value}
            home[path.name] = [*_list(home.get(path.name)), element]
        _set(element, path.sub or "value", value)
    elif path.sub is not None:
        inner = home.get(path.name)
        if not isinstance(inner, dict):
            inner = home[path.name] = {}
        _set(inner, path.sub, value)
    else:
        _set(home, path.name, value)


def _set(home: dict[str, object], name: str, value: object) -> None:
    if value is None:
        home.pop(name, None)
    else:
        home[name] = value


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _copy(value: dict[str, object]) -> dict[str, object]:
    def copy(part: object) -> object:
        if isinstance(part, dict):
            return {key: copy(inner) for key, inner in part.items()}
        return [copy(inner) for inner in part] if isinstance(part, list) else part

    return {key: copy(inner) for key, inner in value.items()}


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')

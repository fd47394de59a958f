"""Provenance: where each source value of a user was written: own, own location's, default, default location's (DESIGN 3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from reconciler.model.desired import DesiredState, Group, User
from reconciler.model.place import Document, Origin
from reconciler.model.vocabulary import ALIASES
from reconciler.stages.read import read_yaml

Layer = Literal["id", "own", "location", "default", "defaultLocation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced:
    """One source attribute: its value, the layer that gave it, where, and the template that a default writes there."""

    name: str
    value: object
    layer: Layer
    origin: Origin
    template: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """The source attributes of a user or group by name; and the user's location, with the place that names it."""

    values: Mapping[str, Sourced]
    location: str | None = None
    location_origin: Origin | None = None


def trace_user(state: DesiredState, user: User) -> Provenance:
    """Where each value of a user comes from; the document that declares the user is read once more."""
    document = state.documents[user.document]
    own = _inside(_inside(_value(document), "users"), user.id)
    defaults = _inside(_value(document), "defaults")
    is_own = "location" in own
    location = (own if is_own else defaults).get("location")
    named = user.origin if is_own else Origin(document=document.path, path=("defaults", "location"))
    place = Origin(document=named.document, path=(*named.path, "location")) if is_own else named
    home = _home(state, location) if isinstance(location, str) else None
    layers: list[tuple[Layer, Mapping[str, object], Origin]] = [("own", own, user.origin)]
    default = ("default", defaults, Origin(document=document.path, path=("defaults",)))
    if home is None:
        layers.append(default)  # type: ignore[arg-type]
    elif is_own:
        layers += [("location", *home), default]  # type: ignore[list-item]
    else:
        layers += [default, ("defaultLocation", *home)]  # type: ignore[list-item]
    return Provenance(
        values={name: _sourced(name, value, layers, user.origin) for name, value in sorted(user.attributes.items())},
        location=location if isinstance(location, str) else None,
        location_origin=place if isinstance(location, str) else None,
    )  # fmt: skip


def trace_group(group: Group) -> Provenance:
    """Where each value of a group comes from: it has no defaults but its id."""
    layers: list[tuple[Layer, Mapping[str, object], Origin]] = [("own", group.attributes, group.origin)]
    return Provenance(
        values={name: _sourced(name, value, layers, group.origin) for name, value in sorted(group.attributes.items())}
    )  # fmt: skip


def _sourced(
    name: str, value: object, layers: list[tuple[Layer, Mapping[str, object], Origin]], origin: Origin
) -> Sourced:
    if name == "objectId":
        return Sourced(name=name, value=value, layer="id", origin=origin)
    for layer, given, place in layers:
        for written in _spellings(name):
            if written in given:
                found = given[written]
                is_template = (
                    layer == "default" and isinstance(found, str) and ("{{" in found or "{%" in found)
                )
                return Sourced(
                    name=name, value=value, layer=layer, template=str(found) if is_template else None,
                    origin=Origin(document=place.document, path=(*place.path, written)),
                )  # fmt: skip
    return Sourced(name=name, value=value, layer="id", origin=origin)


def _spellings(name: str) -> Iterator[str]:
    yield name
    yield from (alias for alias, canonical in ALIASES.items() if canonical == name)


def _home(state: DesiredState, location: str) -> tuple[Mapping[str, object], Origin] | None:
    """What a location says, and where it is declared."""
    for document in state.documents.values():
        if "locations" in document.text:
            found = _inside(_value(document), "locations").get(location)
            if isinstance(found, dict):
                return found, Origin(document=document.path, path=("locations", location))
    return None


def _inside(value: object, key: str) -> Mapping[str, object]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


@lru_cache(maxsize=8)
def _value(document: Document) -> object:
    return read_yaml(document)[0]

"""Sources: a mapping's right-hand side as a function of a user's source attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconciler.functions.templates import compile_template
from reconciler.model.mapping import AttributeMapping
from reconciler.model.resource import KEEP, Cell

_ABSENT = object()
Attributes = Mapping[str, object]


def compile_source(mapping: AttributeMapping, *, creating: bool) -> Callable[[Attributes], Cell]:
    """The function that gives the desired cell: a value, None (unassigned) or KEEP (says nothing).

    Absent leaves the live value alone unless `absent: clear`; null clears; a default stands in for both.
    """
    if mapping.apply == "create" and not creating:
        return lambda attributes: KEEP
    missing: Cell = None if mapping.absent == "clear" else KEEP
    if mapping.kind == "source" and mapping.default is None:
        return _direct(mapping.text, missing)
    value = _value(mapping)
    default = mapping.default if creating or mapping.default_on == "always" else None

    def cell(attributes: Attributes) -> Cell:
        found = value(attributes)
        if found is _ABSENT or found is None or found in ("", ()):  # RFC 7643 section 2.5: all are unassigned
            if default is not None:
                return default
            if mapping.default is not None:
                return KEEP  # a default that creation alone uses is not taken away by what follows
            return missing if found is _ABSENT else None
        return found  # type: ignore[return-value]

    return cell


def _direct(name: str, missing: Cell) -> Callable[[Attributes], Cell]:
    """Most cells of most mappings: an attribute as it stands."""

    def cell(attributes: Attributes) -> Cell:
        found = attributes.get(name, missing)
        return found if found != "" and found != () else None  # type: ignore[return-value]

    return cell


def _value(mapping: AttributeMapping) -> Callable[[Attributes], object]:
    match mapping.kind:
        case "source":
            name = mapping.text
            return lambda attributes: attributes.get(name, _ABSENT)
        case "constant":
            constant = mapping.constant if mapping.constant is not None else mapping.text
            return lambda attributes: constant
        case "expression":  # Not([IsSoftDeleted]) and its Switch twin
            return lambda attributes: not attributes["IsSoftDeleted"]
        case "template":
            template = compile_template(mapping.text)
            named = tuple(template.sources)

            def render(attributes: Attributes) -> object:
                text = template.render(attributes)
                if text:
                    return text
                nulled = named and all(name in attributes and attributes[name] is None for name in named)
                return None if nulled else _ABSENT

            return render

"""Parse sources: which source attributes there are, and the templates that name them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from reconciler.functions.templates import compile_template
from reconciler.model.vocabulary import ALIASES, USER_BOOLEANS, USER_DATES, USER_LISTS, USER_TEXTS
from reconciler.stages.reading import Anything, Node, nearest

ANY = "*"  # among the types of custom attributes: some could not be read, so any name may be one


def known_sources(types: Mapping[str, str], *beside: str) -> Collection[str]:
    """Every source attribute that a user may carry, and what stands `beside` them."""
    if ANY in types:
        return Anything()
    return {*USER_TEXTS, *USER_DATES, *USER_LISTS, *USER_BOOLEANS, *types, "manager", *beside}


def kind_of(attribute: str, types: Mapping[str, str]) -> str:
    """What a source attribute holds: text, date, boolean, integer, decimal or reference; ANY where nobody can know."""
    if attribute in USER_BOOLEANS:
        return "boolean"
    if attribute in USER_DATES:
        return "date"
    if attribute == "manager":
        return "reference"
    if attribute in types:
        return types[attribute].removesuffix("[]")
    return "text" if attribute in known_sources({}, "objectId") else ANY


def parse_attributes(nodes: Mapping[str, Node]) -> dict[str, str]:
    """The type of every custom attribute; `text[]` is a list of texts."""
    types: dict[str, str] = {}
    built_in = known_sources({}, *ALIASES, "objectId", "IsSoftDeleted", "location", "previousIds")
    for name, node in nodes.items():
        if name in built_in:
            node.wrong(f"`{name}` is a source attribute already; take it out, or choose another name")
        kind = node.read("type", Node.text, "text")
        many = node.get("multiValued")
        types[name] = f"{kind}[]" if many is not None and many.value is True else kind
    return types


def read_source(node: Node, known: Collection[str]) -> str:
    """The source attribute that the text names, by its first name."""
    name = ALIASES.get(node.text(), node.text())
    if name not in known:
        node.wrong(f"`{name}` is no source attribute{nearest(name, known)}")
    return name


def check_template(node: Node, known: Collection[str]) -> str:
    """The template's text; notes one that cannot be compiled, or that names what is no source attribute."""
    text = node.text()
    try:
        sources = compile_template(text).sources
    except ValueError as error:
        node.wrong(f"`{text}` {error}")
        return text
    for source in sorted(source for source in sources if source not in known):
        node.wrong(f"`{source}` is no source attribute{nearest(source, known)}")
    return text

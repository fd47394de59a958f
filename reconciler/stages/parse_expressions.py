"""Parse expressions: Entra's function language in a mapping, with every mistake at its place in the file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from reconciler.functions.expressions import Expression, name_attributes, parse_expression
from reconciler.functions.grammar import ExpressionError
from reconciler.functions.roles import ROLES
from reconciler.model.mapping import AttributeMapping
from reconciler.model.resource import Type
from reconciler.model.scim_schema import characteristic
from reconciler.stages.reading import Node, nearest


def read_expression(
    node: Node, text: Node, mapping: AttributeMapping, type_: Type, known: Collection[str]
) -> AttributeMapping:
    """The mapping at `node` with what its expression, at `text`, means for it; notes every mistake."""
    expression = _parse(text, known)
    if expression is None:
        return mapping
    _check_fit(text, mapping, expression, type_)
    if expression.is_made_once:
        _check_once(node, text, mapping)
        mapping = replace(mapping, apply="create", is_made_once=True)
    return replace(
        mapping, named=expression.sources, is_redacted=expression.is_redacted, role=expression.role
    )


def _parse(node: Node, known: Collection[str]) -> Expression | None:
    expression: Expression | None = None
    attributes: tuple[tuple[str, int], ...] = ()
    try:
        expression = parse_expression(node.text())
        attributes = expression.attributes
    except ExpressionError as error:
        for slip in error.slips:
            node.wrong_within(slip.offset, slip.text)
        attributes = name_attributes(error.tree) if error.tree else ()
    of_users = {ROLES} if "IsSoftDeleted" in known else set()
    strange = [(name, at) for name, at in attributes if name and name not in known and name not in of_users]
    for name, at in strange:
        node.wrong_within(at, f"`[{name}]` is no source attribute{nearest(name, {*known, *of_users})}")
    return None if strange else expression


def _check_fit(node: Node, mapping: AttributeMapping, expression: Expression, type_: Type) -> None:
    """Notes an expression that cannot stand for this attribute."""
    path = mapping.path
    whole = characteristic(path, type_)
    if expression.gives_many and whole and not (whole.multi_valued and path.key is None and path.sub is None):
        node.wrong(f'`{path}` holds one value, and this gives several; write Item(…, 1), or Join(", ", …)')
    if expression.is_redacted and str(path) == "externalId":
        node.wrong(
            "`externalId` is the key by which a plan names an account, so it cannot be hidden; take Redact out"
        )


def _check_once(node: Node, text: Node, mapping: AttributeMapping) -> None:
    """Notes a value that is made once where it would have to be known again."""
    apply = node.get("apply")
    if apply and apply.text() == "always":
        apply.wrong(
            "`apply` is `always`, and this expression gives another value each time; write create, or leave it out"
        )
    why = {
        "externalId": "an account is known again by it",
        "active": "it decides over access at all times",
    }.get(str(mapping.path))
    if why:
        text.wrong(
            f"`{mapping.path}` cannot be made anew: {why}; write an expression without Guid, Now, RandomString and SelectUniqueValue"
        )

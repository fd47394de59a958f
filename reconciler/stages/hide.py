"""Hide: what Redact keeps out of logs stays out of an object's story too: its value, and the attributes that it is made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from reconciler.functions.expressions import redact_text
from reconciler.model.column import Columns
from reconciler.model.resource import Type
from reconciler.model.stand_in import REDACTED

Story = dict[str, Any]


def hide_story(story: Story, type_: Type, columns: Mapping[Type, Columns]) -> Story:
    """The story of a `type_` with `[Redact]` in place of what the mapping of either type hides, wherever it is told."""
    every = [column for each in columns.values() for column in each.all]
    mappings = [column.mapping for column in every if column.mapping]
    names = {name for mapping in mappings if mapping.is_redacted for name in mapping.named}
    own = columns.get(type_)
    paths = {column.text for column in own.all if column.is_redacted} if own else set[str]()
    sources = [source for row in story["attributes"] for source in row["sources"]]
    for source in (*story["import"]["values"], *sources):
        _hide(source, source["name"] in names)
    scope = story["scope"]
    for check in scope["state"]:
        _hide(check, check["attribute"] in names)
    _hide_clauses([told["clause"] for told in [scope["filter"]] if told], names)
    groups = scope["assignment"]["groups"] if scope["assignment"] else []
    for holder in (*groups, *story["members"]):
        _hide_clauses([way["rule"] for way in holder["ways"] if way["rule"]], names)
    for row in story["attributes"]:
        _hide(row, row["path"] in paths)
        if row["kind"] == "expression":
            row["text"] = redact_text(row["text"])
    _hide_match(story["match"], paths)
    return story


def _hide(row: Story, is_hidden: bool) -> None:
    for key in ("value", "live"):
        if is_hidden and key in row:
            row[key] = _hidden(row[key])


def _hide_clauses(clauses: list[Story], names: Collection[str]) -> None:
    for clause in clauses:
        _hide(clause, clause["text"].partition(" ")[0] in names)
        _hide_clauses(clause["parts"], names)


def _hide_match(match: Story | None, paths: Collection[str]) -> None:
    for row in match["tried"] if match else ():
        if row["attribute"] in paths:
            row["values"] = [_hidden(value) for value in row["values"]]
    hits = [hit for row in match["tried"] for hit in row["hits"]] if match else []
    for account in (*hits, match["account"] if match else None):
        if account and "externalId" in paths:
            account["externalId"] = _hidden(account["externalId"])


def _hidden(value: object) -> object:
    return None if value is None else REDACTED

"""Hide: what Redact keeps out of logs stays out of an object's story too: its value, and the attributes that it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.functions.expressions import redact_text
from reconciler.model.column import Columns
from reconciler.model.stand_in import REDACTED

Story = dict[str, Any]


def hide_story(story: Story, columns: Columns) -> Story:
    """The story with `[Redact]` in place of what the mapping hides, wherever it is told."""
    mappings = [column.mapping for column in columns.all if column.mapping]
    sources = {name for mapping in mappings if mapping.is_redacted for name in mapping.named}
    paths = {column.text for column in columns.all if column.is_redacted}
    texts = {
        column.text: column.mapping.text
        for column in columns.all
        if column.mapping and column.mapping.kind == "expression"
    }
    told = story.get("import")
    if isinstance(told, Mapping):
        story["import"] = {key: _hidden(value) if key in sources else value for key, value in told.items()}
    for line in (story.get("scope") or {}).get("clauses", ()):
        if line["clause"].partition(" ")[0] in sources:
            line["value"] = _hidden(line["value"])
    for row in story.get("attributes", ()):
        if row["path"] in texts:
            row["source"] = redact_text(texts[row["path"]])
        if row["path"] in paths:
            row |= {"value": _hidden(row["value"]), "live": _hidden(row["live"])}
    return story


def _hidden(value: object) -> object:
    return None if value is None else REDACTED

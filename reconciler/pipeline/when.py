"""When: since when a resource is as it is, and by whom, where the endpoint tells (RFC 7643 section 3.1: meta.lastModified)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from reconciler.edge.client import ScimReader, open_reader
from reconciler.model.change import Change
from reconciler.model.errors import TargetError
from reconciler.model.neutral import neutral, shortened
from reconciler.model.plan import TargetPlan
from reconciler.pipeline.planning import Planned
from reconciler.pipeline.session import Session
from reconciler.pipeline.world import World, connect
from reconciler.stages.causes import CHANGED

MOST = 20  # resources that are asked for it: each is a request
AUTHORS = ("lastModifiedBy", "modifiedBy")  # no RFC has one; some endpoints do


def with_moments(planned: Planned, world: World) -> TargetPlan:
    """The plan whose causes say since when, for the first resources that were changed at the endpoint."""
    plan, session = planned.plan, planned.session
    causes = plan.causes
    if session is None or causes is None:
        return plan
    asked = [
        change for change, cause in zip(plan.changes, causes, strict=True) if cause == CHANGED and change.id is not None
    ][:MOST]  # fmt: skip
    if not asked:
        return plan
    found = asyncio.run(_ask(session, planned, world, asked))
    told = tuple(
        f"{cause}, {found[change.id]}" if cause == CHANGED and change.id in found else cause
        for change, cause in zip(plan.changes, causes, strict=True)
    )
    return replace(plan, causes=told)


async def _ask(
    session: Session, planned: Planned, world: World, changes: list[Change]
) -> Mapping[str | None, str]:
    target = planned.target
    found: dict[str | None, str] = {}
    try:
        async with open_reader(session.url, connect(target, world), target.client) as reader:
            told = await asyncio.gather(*(_one(session, reader, change) for change in changes))
    except TargetError:  # it explains, and never decides
        return found
    return {change.id: text for change, text in zip(changes, told, strict=True) if text}


async def _one(session: Session, reader: ScimReader, change: Change) -> str:
    resource = await reader.resource(session.dialect.endpoints[change.type], change.id or "")
    return _said((resource or {}).get("meta"))


def _said(meta: Any) -> str:
    """`last modified 2026-11-25 16:47 UTC by admin`; an empty text where the endpoint does not tell."""
    if not isinstance(meta, dict):
        return ""
    try:
        moment = datetime.fromisoformat(str(meta.get("lastModified"))).astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    author = next((meta[name] for name in AUTHORS if isinstance(meta.get(name), str)), "")
    by = f" by {shortened(neutral(author[:100]))}" if author else ""
    return f"last modified {moment:%Y-%m-%d %H:%M} UTC{by}"

"""Asking: one GET whose failure is an answer too."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.edge.client import ScimReader
from reconciler.model.errors import Refused, TargetError
from reconciler.model.sight import Asked


async def ask(reader: ScimReader, path: str, params: Mapping[str, str] | None = None) -> Asked:
    """What the endpoint answers, whatever that is."""
    asked = dict(params or {})
    try:
        answer = await reader.get(path, asked)
    except Refused as refused:
        return Asked(path=path, params=asked, status=refused.status, text=refused.detail)
    except TargetError as error:
        return Asked(path=path, params=asked, status=0, text=str(error))
    return Asked(path=path, params=asked, status=answer.status, body=answer.body)


async def look_up(reader: ScimReader, endpoint: str, attribute: str, value: str) -> Asked:
    """What an equality filter finds, as it stands in the answer (RFC 7644 section 3.4.2.2)."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return await ask(reader, endpoint, {"filter": f'{attribute} eq "{escaped}"'})


async def nobody(_: bool) -> None:
    """Gives no token: to see what the endpoint tells somebody who has none."""

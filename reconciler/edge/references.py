"""References: the live ids that a request's body waits for."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.request import Ref

_MISSING = object()


def resolve(body: dict[str, object] | None, ids: Mapping[str, str]) -> dict[str, object] | None:
    """The body with ids in the place of references; what refers to a user who could not be made is left out."""
    return None if body is None else _walk(body, ids)  # type: ignore[return-value]


def _walk(part: object, ids: Mapping[str, str]) -> object:
    if isinstance(part, Ref):
        return ids.get(part.key, _MISSING)
    if isinstance(part, dict):
        walked = {key: _walk(inner, ids) for key, inner in part.items()}
        lost = any(inner is _MISSING for inner in walked.values())
        if lost and (len(walked) == 1 or "op" in walked):
            return _MISSING
        return {key: inner for key, inner in walked.items() if inner is not _MISSING}
    if isinstance(part, list):
        walked_list = [_walk(inner, ids) for inner in part]
        kept = [inner for inner in walked_list if inner is not _MISSING]
        return kept if kept or not part else _MISSING
    return part

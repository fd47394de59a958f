"""Discovery: what an endpoint says about itself (RFC 7644 section 4); each part may be missing."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.model.resource import Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Capabilities, endpoints by resource type, case rules by path, and the token's own user."""

    patch_supported: bool | None = None
    etag_supported: bool = False
    filter_max_results: int | None = None
    endpoints: dict[Type, str] = field(default_factory=dict)
    case_exact: dict[str, bool] = field(default_factory=dict)
    own_id: str | None = None

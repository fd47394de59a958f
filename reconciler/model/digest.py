"""Digests: canonical JSON and SHA-256 over it."""

from __future__ import annotations

import hashlib
import hmac
import json

from reconciler.model.stand_in import sealed


def canonical(value: object) -> str:
    """`value` as canonical JSON: sorted keys, no spaces, UTF-8 text; a stand-in is sealed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=sealed)


def digest(value: object) -> str:
    """`sha256:` and the hex digest of the canonical JSON of `value`."""
    return digest_bytes(canonical(value).encode("utf-8", "surrogatepass"))


def digest_bytes(content: bytes) -> str:
    """`sha256:` and the hex digest of `content`."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def keyed_digest(key: str, value: object) -> str:
    """`hmac-sha256:` and the hex HMAC of the canonical JSON of `value` under `key` (RFC 2104)."""
    content = canonical(value).encode("utf-8", "surrogatepass")
    return "hmac-sha256:" + hmac.new(key.encode(), content, hashlib.sha256).hexdigest()

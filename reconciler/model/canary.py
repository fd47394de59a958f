"""Canaries: the users and groups that `check --write-probe` makes and removes again; nothing else ever touches them.

Their names keep to lower case, digits and dashes, so that an endpoint that lower-cases or slugs names keeps them as
they are. Their domain is one of those that RFC 2606 keeps for examples: no invitation ever reaches anybody, and an
endpoint that checks addresses takes it, as it does not `.invalid`.
"""

from __future__ import annotations

PREFIX = "reconcile-canary-"
DOMAIN = "canary.example.com"


def canary_name(token: str, number: int) -> str:
    """The name of a canary; `token` is random, so that it collides with nobody's."""
    return f"{PREFIX}{token}-{number}"


def is_canary(name: str) -> bool:
    """A userName or displayName that only a canary has."""
    return name.casefold().startswith(PREFIX)

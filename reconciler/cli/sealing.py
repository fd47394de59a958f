"""Sealing: how atoms of a manifest are digested: under RECONCILE_MANIFEST_KEY, or plainly with a warning (DESIGN 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconciler.cli.saying import say


def seal_of(environ: Mapping[str, str]) -> Callable[[object], str]:
    """The function that seals a value."""
    from reconciler.model.digest import digest, keyed_digest

    key = environ.get("RECONCILE_MANIFEST_KEY", "")
    if not key:
        say(
            "warning: RECONCILE_MANIFEST_KEY is not set: the manifest's digests can be guessed by who can guess the values"
        )
        return digest
    return lambda value: keyed_digest(key, value)

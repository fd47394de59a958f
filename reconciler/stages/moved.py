"""Moved: the targets of which an edit changes where a credential goes (DESIGN 7)."""

from __future__ import annotations

from reconciler.model.desired import DesiredState
from reconciler.model.target import Target


def find_moved(state: DesiredState, before: DesiredState | None) -> list[str]:
    """The names of targets whose `url`, `auth`, `proxy`, `caFile` or `notify` is another than before, or new, sorted.

    Without a valid state before, that is every one: nobody can tell.
    """
    known = {name: _way(target) for name, target in before.targets.items()} if before else {}
    return sorted(name for name, target in state.targets.items() if known.get(name) != _way(target))


def _way(target: Target) -> object:
    client = target.client
    return target.url, target.bearer, target.oauth2, client.proxy, client.ca_file, target.notify

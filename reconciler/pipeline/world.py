"""World: what a run knows of the machine, as values, and the desired state that it reads there."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlsplit

from reconciler.edge.client import Token
from reconciler.edge.credentials import open_token, read_secret
from reconciler.edge.documents import read_documents, read_profiles
from reconciler.edge.parse_cache import open_parse_cache
from reconciler.edge.shipped import find_shipped, read_shipped
from reconciler.edge.trust import check_origin
from reconciler.model.desired import DesiredState
from reconciler.model.errors import DesiredStateError, TargetError, UsageError
from reconciler.model.place import Document, Mistake, Origin
from reconciler.model.profile import Profile
from reconciler.model.target import Target
from reconciler.pipeline.unhurried import unhurried
from reconciler.profiles import BUILT_IN, parse_profile
from reconciler.stages.parse import build_shapes, named_profiles, parse, read_sound
from reconciler.stages.read import locate, read_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Where files are, the environment, and the moment."""

    base: Path
    desired: str
    data: Path
    environ: Mapping[str, str] = field(repr=False)
    now: datetime
    chance: Callable[[int], int] = secrets.randbelow  # a whole number below what is asked for
    progress: Callable[[str, int, int], None] | None = None  # hears of a phase how much of it is done

    def tell(self, phase: str, done: int, total: int) -> None:
        """Says how far a phase is, if anybody wants to hear it."""
        if self.progress is not None:
            self.progress(phase, done, total)

    def at(self, now: datetime) -> World:
        """The same world at another moment."""
        return replace(self, now=now)


def here(base: Path, desired: str, data: Path) -> World:
    """The world as it is now."""
    return World(
        base=base,
        desired=desired,
        data=data,
        environ=dict(os.environ),
        now=datetime.now(UTC).replace(microsecond=0),
    )


def load(world: World) -> DesiredState:
    """The desired state; raises DesiredStateError with every mistake."""
    return load_from(world, read_documents(world.base, world.desired), partial(read_profiles, world.base))


def load_from(
    world: World, read: tuple[tuple[Document, ...], tuple[Mistake, ...]],
    profiles: Callable[[Iterable[str]], dict[str, Document | str]],
) -> DesiredState:  # fmt: skip
    """The desired state of these documents, wherever they were read; `profiles` reads the profile files that they name."""
    documents, unreadable = read
    schema = read_shipped("desired-state.schema.json")
    shapes = build_shapes(schema, read_shipped("profile.schema.json"))
    with unhurried(), open_parse_cache(world.data, schema, documents) as known:
        known.fill(documents, lambda document: read_sound(document, shapes, world.desired))
        files = profiles(named_profiles(documents, root=world.desired))
        try:
            state = parse(
                documents, built_in_profiles(), shapes=shapes, root=world.desired, profile_files=files,
                unread=[mistake.document for mistake in unreadable], known=known,
            )  # fmt: skip
        except DesiredStateError as error:
            raise DesiredStateError(tuple(sorted({*error.mistakes, *unreadable}))) from None
    if unreadable:
        raise DesiredStateError(tuple(sorted(unreadable)))
    return state


def built_in_profiles() -> dict[str, Profile]:
    """The profiles that ship with the product, by name."""
    profiles = {}
    for name in BUILT_IN:
        text = find_shipped(f"profiles/{name}.yaml").read_text(encoding="utf-8")
        document, _ = read_yaml(Document(path=f"{name}.yaml", text=text))
        assert isinstance(document, dict)
        profiles[name] = parse_profile(name, document)
    return profiles


def choose(state: DesiredState, names: tuple[str, ...]) -> list[Target]:
    """The targets of that name, or all. Raises UsageError for one that is not declared."""
    unknown = [name for name in names if name not in state.targets]
    if unknown:
        raise UsageError(
            f"no target is called {', '.join(unknown)}; declared are: {', '.join(sorted(state.targets)) or 'none'}"
        )
    return [target for name, target in sorted(state.targets.items()) if not names or name in names]


def endpoint_url(target: Target, world: World) -> str:
    """The endpoint's url. Raises TargetError for one that cannot be had or may not be used."""
    url = read_secret(target.url, world.environ, root=world.base).rstrip("/")
    check_origin(url)
    allowed = world.environ.get("RECONCILE_ALLOWED_ORIGINS", "").replace(",", " ").split()
    for there in (url, target.oauth2.token_url if target.oauth2 else url):
        parts = urlsplit(there)
        if allowed and f"{parts.scheme}://{parts.netloc}" not in [origin.rstrip("/") for origin in allowed]:
            raise TargetError(
                f"{parts.scheme}://{parts.netloc} is not among RECONCILE_ALLOWED_ORIGINS; nothing was sent"
            )
    return url


def connect(target: Target, world: World) -> Token:
    """What gives the target's token. Raises TargetError for a secret that cannot be had."""
    return open_token(target, world.environ, root=world.base)


def locator(state: DesiredState) -> Callable[[Origin], tuple[int, int]]:
    """Line and column of an origin."""

    def place(origin: Origin) -> tuple[int, int]:
        document = state.documents.get(origin.document)
        return locate(document, origin.path) if document else (1, 1)

    return place


def placer(state: DesiredState) -> Callable[[Origin], str]:
    """Shows an origin as `path:line`; a document is read again only when one of its lines is asked for."""
    find = locator(state)

    @cache
    def place(origin: Origin) -> str:
        return f"{origin.document}:{find(origin)[0]}"

    return place

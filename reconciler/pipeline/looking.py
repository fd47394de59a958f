"""Looking: what an endpoint says and does, by reading alone: discovery, lists, look-ups; nothing is judged here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from reconciler.edge.asking import ask, look_up, nobody
from reconciler.edge.client import ScimReader, open_reader
from reconciler.edge.discovery import understand
from reconciler.edge.learnt_file import load_learnt
from reconciler.edge.listing import SAFE_COUNT, read_pages
from reconciler.edge.reach import reach
from reconciler.edge.witness import Witness
from reconciler.model.column import Columns
from reconciler.model.desired import DesiredState
from reconciler.model.dialect import Dialect
from reconciler.model.discovery import Discovery
from reconciler.model.errors import IncompleteRead, TargetError
from reconciler.model.resource import Facts, LiveResource, LiveState, Type
from reconciler.model.sight import Asked, ListSight, LookUp, Sight, Unreached
from reconciler.model.target import Target
from reconciler.pipeline.session import Session, doubt
from reconciler.pipeline.world import World, connect, endpoint_url, placer
from reconciler.stages.compile import compile_target, target_columns
from reconciler.stages.learn import dialect_of, facts_of
from reconciler.stages.normalize import build_normalizer
from reconciler.stages.normalize_page import build_page_decoder
from reconciler.stages.verdicts.answers import rows_of, total_of

if TYPE_CHECKING:
    pass

SHORT = 5  # pages; a list of more is not read to its end for a check
FEW = 3  # groups that are looked at one by one
REFUSED = (401, 403)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was seen of a target, and what follows of its discovery for reading and writing.

    `live` is None unless both lists were read whole.
    """

    sight: Sight
    found: Discovery
    facts: Facts
    dialect: Dialect
    columns: tuple[Columns, ...]  # of users, and of groups where they are provisioned
    remembered: dict[str, Any]
    live: LiveState | None = None


async def look(state: DesiredState, target: Target, world: World, guid: str, pages: float = SHORT) -> Looked:
    """Everything that a check sees of `target`; nothing is raised, and nothing on the way can write.

    `guid` is a value that nobody at the endpoint has; lists of more than `pages` pages are not read to their end.
    """
    try:
        url = endpoint_url(target, world)
    except TargetError as error:
        return _looked(target, world, Sight(url="", connection=Unreached(step="url", text=str(error))))
    sight = Sight(url=url, connection=await reach(url, target.client))
    if isinstance(sight.connection, Unreached):
        return _looked(target, world, sight)
    witness = Witness()
    try:
        token = connect(target, world)
        await token(False)
        async with open_reader(url, token, target.client, witness.hooks) as reader:
            looking = _Looking(state, target, world, guid, pages, reader, sight)
            await looking.look()
        async with open_reader(url, nobody, target.client) as stranger:
            anonymous = await _as_nobody(looking.sight, stranger, guid)
    except TargetError as error:
        return _looked(target, world, replace(sight, no_token=str(error)))
    sight = replace(looking.sight, anonymous=anonymous, tempo=witness.tempo)
    return replace(_looked(target, world, sight), live=looking.live)


def _looked(target: Target, world: World, sight: Sight) -> Looked:
    documents = (sight.config, sight.me, sight.resource_types, sight.schemas)
    found = understand(*(one.body or {} if one is not None else {} for one in documents))
    remembered = load_learnt(world.data, target.name)
    facts = facts_of(target, found, remembered)
    users, groups = target_columns(target, facts.case_exact)
    return Looked(
        sight=sight, found=found, facts=facts, dialect=dialect_of(target, found, remembered), remembered=remembered,
        columns=(users, groups) if groups is not None else (users,),
    )  # fmt: skip


async def _as_nobody(sight: Sight, stranger: ScimReader, guid: str) -> Asked | None:
    """What somebody without a token is told: of a value that nobody has, so that no one's data is asked for.

    A wrong token is never sent: that may lock an account out.
    """
    users = sight.list_of("User")
    if users is None or not users.first.is_well:
        return None
    return await look_up(stranger, users.first.path, "userName", guid)


class _Looking:
    """One look at one target: `sight` grows, and `live` is there once every list was read whole."""

    def __init__(
        self, state: DesiredState, target: Target, world: World, guid: str, pages: float, reader: ScimReader, sight: Sight,
    ) -> None:  # fmt: skip
        self.state, self.target, self.world, self.guid, self.pages = state, target, world, guid, pages
        self.reader, self.sight = reader, sight
        self.live: LiveState | None = None
        self._rows: dict[Type, tuple[LiveResource, ...]] = {}

    async def look(self) -> None:
        """Discovery, then each list with its look-ups, then what the lists may lack; it stops where the token is refused."""
        config = await ask(self.reader, "/ServiceProviderConfig")
        self.sight = replace(self.sight, config=config)
        if config.status == 401:
            return
        if not config.is_well:
            self.sight = replace(self.sight, plural_config=await ask(self.reader, "/ServiceProviderConfigs"))
        self.sight = replace(
            self.sight, me=await ask(self.reader, "/Me"), resource_types=await ask(self.reader, "/ResourceTypes"),
            schemas=await ask(self.reader, "/Schemas"),
        )  # fmt: skip
        known = _looked(self.target, self.world, self.sight)
        for columns in known.columns:
            path = known.dialect.endpoints[columns.type]
            listed, rows = await self._list(columns, path, known.facts.page_size)
            self.sight = replace(self.sight, lists=(*self.sight.lists, listed))
            if listed.first.status in REFUSED:
                return
            if listed.first.is_well:
                lookups = await self._look_up(columns, listed.first.path, rows)
                self.sight = replace(self.sight, lookups=(*self.sight.lookups, *lookups))
        if all(columns.type in self._rows for columns in known.columns):
            self.live = LiveState(users=self._rows["User"], groups=self._rows.get("Group", ()))
            self.sight = replace(self.sight, doubted=await self._doubt(known, self.live))

    async def _doubt(self, known: Looked, live: LiveState) -> str:
        """What look-ups find that the lists lack, as a plan looks before it concludes anything."""
        desired = compile_target(self.state, self.target, self.world.now)
        session = Session(
            target=self.target, world=self.world, url=self.sight.url, desired=desired, place=placer(self.state),
            facts=known.facts, dialect=known.dialect, remembered=known.remembered, found=known.found,
        )  # fmt: skip
        try:
            await doubt(session, session.decide(live), live, self.reader)
        except IncompleteRead as error:
            return str(error)
        except TargetError:
            pass  # what is told of look-ups tells that too
        return ""

    async def _list(self, columns: Columns, path: str, count: int) -> tuple[ListSight, list[LiveResource]]:
        """What is seen of one list, and the resources of its first page."""
        first = await self._page(path, 1, count)
        listed = ListSight(type=columns.type, count=count, first=first)
        if first.status == 400 and count > SAFE_COUNT:
            first = await self._page(path, 1, SAFE_COUNT)
            listed = ListSight(type=columns.type, count=SAFE_COUNT, refused_count=count, first=first)
        try:
            normalize = build_normalizer(columns)
            rows = [normalize(row) for row in rows_of(first)]
        except IncompleteRead as error:
            return replace(listed, broken=str(error)), []
        total = total_of(first)
        if total is None:
            return listed, rows
        listed = await self._whole(listed, columns, len(rows), total)
        if rows:
            listed = replace(
                listed, one=await self._page(path, 1, 1), two=await self._page(path, 2, 1), again=await self._page(path, 1, 1),
                zero=await self._page(path, 0, 1), beyond=await self._page(path, total + 1, 1), by_id=await self._by_id(columns, path, rows),
            )  # fmt: skip
        if columns.has_members and rows:
            asked = {"excludedAttributes": "members", "startIndex": "1", "count": str(FEW)}
            listed = replace(listed, slim=await ask(self.reader, path, asked))
        return listed, rows

    async def _whole(self, listed: ListSight, columns: Columns, given: int, total: int) -> ListSight:
        """The whole list, proven as a plan proves it, where that takes a few pages; else the page after the first."""
        path = listed.first.path
        if total > self.pages * max(given, 1):
            return replace(listed, following=await self._page(path, given + 1, listed.count))
        ahead = self.target.client.concurrency
        try:
            rows = await read_pages(self.reader, path, listed.count, build_page_decoder(columns), ahead)
        except IncompleteRead as error:
            return replace(listed, broken=str(error))
        except TargetError as error:
            return replace(listed, unread=str(error))
        self._rows[columns.type] = tuple(rows)
        return replace(listed, read=len(rows))

    async def _by_id(self, columns: Columns, path: str, rows: Sequence[LiveResource]) -> tuple[Asked, ...]:
        """One of the resources by its id; several groups where the list shows nobody in any of them."""
        few = FEW if columns.has_members and not any(row.members for row in rows) else 1
        return tuple([await ask(self.reader, f"{path}/{quote(row.id, safe='')}") for row in rows[:few]])

    async def _page(self, path: str, start: int, count: int) -> Asked:
        return await ask(self.reader, path, {"startIndex": str(start), "count": str(count)})

    async def _look_up(self, columns: Columns, path: str, rows: Sequence[LiveResource]) -> list[LookUp]:
        """Each matching attribute by a value that nobody has, by one that somebody has, and by that in another case."""
        found = []
        for index in columns.match:
            attribute = str(columns.all[index].path)

            def said(
                about: str, asked: Asked, wanted: str | None = None, attribute: str = attribute
            ) -> LookUp:
                return LookUp(type=columns.type, attribute=attribute, about=about, wanted=wanted, asked=asked)  # type: ignore[arg-type]

            found.append(said("nobody", await look_up(self.reader, path, attribute, self.guid)))
            somebody = _with_letters(rows, index)
            if somebody is None:
                continue
            value = str(somebody.values[index])
            found.append(said("somebody", await look_up(self.reader, path, attribute, value), somebody.id))
            if value.swapcase() != value:
                asked = await look_up(self.reader, path, attribute, value.swapcase())
                found.append(said("otherCase", asked, somebody.id))
        return found


def _with_letters(rows: Sequence[LiveResource], index: int) -> LiveResource | None:
    """The first who has a value there, rather one in which case can be told."""
    holders = [row for row in rows if isinstance(row.values[index], str)]
    lettered = (row for row in holders if str(row.values[index]).swapcase() != row.values[index])
    return next(lettered, holders[0] if holders else None)

"""Fitting: a report within a limit, by saying less of what matters least; nothing is ever cut in the middle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of a report in versions that say less and less; `name` says in words what gets lost.

    The less `weight` a block has, the earlier it is shortened.
    """

    weight: int
    name: str
    versions: tuple[Callable[[], str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """The chosen versions, in the order of the blocks, and the names of those that are not the fullest."""

    texts: tuple[str, ...]
    shortened: tuple[str, ...]


def fit(blocks: Sequence[Block], characters: int, octets: int) -> Fitted | None:
    """The fullest versions that together fit into so many characters and bytes of UTF-8; None if even the least do not.

    Of the blocks that weigh least, the longest is shortened first, so that none crowds out the others.
    """
    chosen = [0] * len(blocks)
    texts = [block.versions[0]() for block in blocks]
    sizes = [_size(text) for text in texts]
    total = [sum(size[0] for size in sizes), sum(size[1] for size in sizes)]
    waiting = {index for index, block in enumerate(blocks) if len(block.versions) > 1}
    while total[0] > characters or total[1] > octets:
        if not waiting:
            return None
        index = min(waiting, key=lambda at: (blocks[at].weight, -sizes[at][0], at))
        chosen[index] += 1
        texts[index] = blocks[index].versions[chosen[index]]()
        size = _size(texts[index])
        total = [total[unit] - sizes[index][unit] + size[unit] for unit in (0, 1)]
        sizes[index] = size
        if chosen[index] + 1 == len(blocks[index].versions):
            waiting.discard(index)
    names = (block.name for block, version in zip(blocks, chosen, strict=True) if version)
    return Fitted(texts=tuple(texts), shortened=tuple(dict.fromkeys(names)))


def _size(text: str) -> tuple[int, int]:
    return len(text), len(text.encode("utf-8", "surrogatepass"))

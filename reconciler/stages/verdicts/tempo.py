"""Tempo: how fast the endpoint answers, what it says of rates, and how long a plan's reading takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from statistics import median

from reconciler.model.column import Columns
from reconciler.model.sight import Sight
from reconciler.model.target import Target
from reconciler.model.verdict import Verdict, note, warn, well
from reconciler.stages.verdicts.answers import bodies_of, counted, members_in, rows_of, total_of


def judge_tempo(sight: Sight, target: Target, columns: Sequence[Columns]) -> Iterator[Verdict]:
    """Rates, latencies, and an estimate for a full read."""
    tempo = sight.tempo
    if not tempo.milliseconds:
        return
    rate = target.client.requests_per_second
    if tempo.refused_for_haste:
        yield warn("too-fast", f"{tempo.refused_for_haste} of {len(tempo.milliseconds)} requests were refused for haste (429) at {rate:g} a second",
                   "write a smaller client: {requestsPerSecond: …} into the target; until then each is waited out")  # fmt: skip
    for name, value in tempo.limits:
        yield note("rate-header", f"it tells its rates: {name}: {value}")
    middle, slowest = median(tempo.milliseconds), max(tempo.milliseconds)
    requests, seconds = estimate_read(sight, target, columns)
    read = (
        f"; a plan reads everything in {counted(requests, 'request')}, about {seconds:,} s"
        if requests
        else ""
    )
    yield well(
        "tempo",
        f"{len(tempo.milliseconds)} requests, {middle:.0f} ms in the middle, {slowest} ms the slowest{read}",
    )


def estimate_read(sight: Sight, target: Target, columns: Sequence[Columns]) -> tuple[int, int]:
    """How many requests a plan's reading takes, and how many seconds at the pace that was seen; zeros for nothing seen."""
    requests = 0
    for listed in sight.lists:
        total, given = total_of(listed.first), len(rows_of(listed.first))
        if total is None:
            continue
        requests += max(1, ceil(total / given) if given else 1)
        groups = next((of for of in columns if of.type == listed.type and of.has_members), None)
        if (
            groups
            and not members_in(rows_of(listed.first), groups)
            and members_in(bodies_of(listed.by_id), groups)
        ):
            requests += total
    if not requests or not sight.tempo.milliseconds:
        return 0, 0
    each = median(sight.tempo.milliseconds) / 1000 / target.client.concurrency
    return requests, ceil(requests * max(each, 1 / target.client.requests_per_second))

"""Look-ups: whether a matching attribute finds whom it should, and nobody else.

Plans read whole lists and do without; a look-up settles what became of a creation whose answer was lost, or was 409,
and doubts a list that lacks many. Entra's provisioning depends on them (research: entra 7.5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model.attribute_path import quoted
from reconciler.model.column import Column, Columns
from reconciler.model.sight import LookUp, Sight
from reconciler.model.verdict import Verdict, note, warn, well
from reconciler.stages.verdicts.answers import ids_of, normal, rows_of, said, total_of

COPED = "nothing to write: plans read whole lists; a creation in doubt costs one more reading of the list"


def judge_lookups(sight: Sight, columns: Sequence[Columns]) -> Iterator[Verdict]:
    """Each matching attribute by a value that nobody has, by one that somebody has, and by that in another case."""
    for of in columns:
        for index in of.match:
            column = of.all[index]
            known: dict[str, LookUp] = {
                one.about: one
                for one in sight.lookups
                if (one.type, one.attribute) == (of.type, str(column.path))
            }
            yield from _judge(of, index, known)


def _judge(columns: Columns, index: int, known: dict[str, LookUp]) -> Iterator[Verdict]:
    nobody, somebody, other = known.get("nobody"), known.get("somebody"), known.get("otherCase")
    if nobody is None:
        return
    column = columns.all[index]
    name = f"{columns.type.lower()}s by {column.text}"
    for one in (nobody, somebody):
        if one is not None and not one.asked.is_well:
            yield _refused(name, one)
            return
    if total_of(nobody.asked) is None:
        yield warn("no-list", f"{name}: what answers a filter is no list (ListResponse)", COPED)
    elif (rows := len(rows_of(nobody.asked))) or total_of(nobody.asked):
        yield warn("filter-ignored", f"{name}: a value that nobody has finds {rows or total_of(nobody.asked):,}: the filter is ignored", COPED)  # fmt: skip
    elif somebody is None:
        yield well(
            "nobody-found",
            f"{name}: a value that nobody has finds nobody (200, an empty list); nobody listed has one to be found by",
        )
    else:
        yield from _found(name, columns, index, somebody, other)


def _refused(name: str, one: LookUp) -> Verdict:
    if one.asked.status == 404:
        return warn("lookup-404", f"{name}: whom nobody is found by is answered with 404; RFC 7644 section 3.4.2 has 200 and an empty list", COPED)  # fmt: skip
    code = "filter-refused" if 400 <= one.asked.status < 500 or one.asked.status == 501 else "filter-fails"
    return warn(code, f"{name}: the filter is not answered ({said(one.asked)})", COPED)


def _found(name: str, columns: Columns, index: int, one: LookUp, other: LookUp | None) -> Iterator[Verdict]:
    ids, column = ids_of(one.asked), columns.all[index]
    if one.wanted not in ids:
        yield warn("not-found", f"{name}: {one.wanted} has a value there and is not found by it: the attribute cannot be searched",
                   COPED)  # fmt: skip
        return
    if len(ids) > 1:
        yield from _several(name, columns, index, one)
        return
    told, counts = _case(column, one, other)
    yield well("found", f"{name}: finds exactly whom it should, and nobody by a value that nobody has{told}")
    if counts is not None:
        yield counts


def _several(name: str, columns: Columns, index: int, one: LookUp) -> Iterator[Verdict]:
    compare = columns.all[index].compare
    rows = {row.id: compare(row.values[index]) for row in normal(rows_of(one.asked), columns)}
    twins = sorted(id_ for id_, value in rows.items() if value == rows.get(one.wanted or ""))
    if len(twins) > 1:
        yield warn("twins", f"{name}: {len(twins)} have the same value ({', '.join(twins[:5])}); a plan leaves all of them alone",
                   "make it unique at the endpoint")  # fmt: skip
    else:
        yield warn("filter-loose", f"{name}: finds {len(rows)} where one has the value", COPED)


def _case(column: Column, one: LookUp, other: LookUp | None) -> tuple[str, Verdict | None]:
    """What is to be told of case, and whether it contradicts how values are compared."""
    if other is None or not other.asked.is_well:
        return "", None
    is_found = one.wanted in ids_of(other.asked)
    is_exact = column.compare("a") != column.compare("A")
    if is_found == (not is_exact):
        return ("; case does not matter" if is_found else "; case matters"), None
    if is_found:
        return "", note(
            "case-ignored", f"{column.text}: look-ups ignore case; values are compared to the letter"
        )
    return "", note("case-counts", f"{column.text}: look-ups by it count case; values are compared without",
                    f"if the endpoint tells `Ada` from `ada`, write into the profile: caseExact: [{quoted(column.text)}]")  # fmt: skip

"""Dates: Entra's functions on instants, which are in UTC (research: entra 3.2)."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from reconciler.functions.date_formats import parse_any, parse_moment, write_moment
from reconciler.functions.values import LARGEST

FILETIME = datetime(1601, 1, 1, tzinfo=UTC)  # where Active Directory's time begins, in ticks of 100 ns
SPANS = {"d": timedelta(days=1), "ww": timedelta(days=7), "h": timedelta(hours=1), "n": timedelta(minutes=1),
         "s": timedelta(seconds=1)}  # fmt: skip


def to_date(moment: datetime | None) -> datetime | None:
    """CDate: the instant that the text names."""
    return moment


def add_dates(interval: str | None, count: int | None, moment: datetime | None) -> datetime | None:
    """DateAdd: the instant, `count` intervals later; the end of a month stays within it."""
    if interval is None or count is None or moment is None:
        return None
    try:
        if interval in SPANS:
            return moment + SPANS[interval] * count
        months = moment.year * 12 + moment.month - 1 + count * (12 if interval == "yyyy" else 1)
        year, month = divmod(months, 12)
        day = min(moment.day, calendar.monthrange(year, month + 1)[1])
        return moment.replace(year=year, month=month + 1, day=day)
    except (OverflowError, ValueError):
        return None


def between_dates(interval: str | None, one: datetime | None, other: datetime | None) -> int | None:
    """DateDiff: how many intervals `other` is later.

    As Visual Basic counts: whole days, hours, minutes, seconds; calendar months and years; weeks by the Sundays between.
    """
    if one is None or other is None:
        return None
    match interval:
        case "yyyy":
            return other.year - one.year
        case "m":
            return (other.year - one.year) * 12 + other.month - one.month
        case "ww":
            days = _whole((other - one) - _since_sunday(other) + _since_sunday(one), SPANS["d"])
            return abs(days) // 7 * (1 if days >= 0 else -1)
        case str() if interval in SPANS:
            return _whole(other - one, SPANS[interval])
    return None


def _since_sunday(moment: datetime) -> timedelta:
    return timedelta(days=moment.isoweekday() % 7)


def _whole(span: timedelta, unit: timedelta) -> int:
    """How often the unit fits, towards zero."""
    return abs(span) // unit * (1 if span >= timedelta() else -1)


def from_filetime(ticks: int | None) -> datetime | None:
    """DateFromNum: the instant of Active Directory's number."""
    if ticks is None:
        return None
    try:
        return FILETIME + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None


def to_filetime(moment: datetime | None) -> int | None:
    """NumFromDate: Active Directory's number of the instant."""
    if moment is None or moment < FILETIME:
        return None
    return (moment - FILETIME) // timedelta(microseconds=1) * 10


@lru_cache(maxsize=10_000)  # many share a day
def format_date(source: str | None, styles: str | None, layout: str | None, wanted: str | None) -> str | None:
    """FormatDateTime: the date in another format; null where the source does not have the first one."""
    if source is None or not wanted or len(source) > LARGEST:
        return None
    moment = parse_moment(source, layout, styles or "") if layout else parse_any(source)
    return None if moment is None else write_moment(moment, wanted)

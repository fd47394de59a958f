"""Date formats: .NET's custom format strings, read and written, in its English (research: entra 3.2).

No library knows them. Months and days are English whatever the machine's locale, and a time without an offset is UTC. A
format that leaves parts of the date out gives 1 January 0001: .NET would take today's, which is different every day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

MONTHS = ("January February March April May June July August September October November December").split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
STYLES = frozenset(
    "None AllowLeadingWhite AllowTrailingWhite AllowInnerWhite AllowWhiteSpaces NoCurrentDateDefault AdjustToUniversal "
    "AssumeLocal AssumeUniversal RoundtripKind".split()
)
STANDARD = {
    "d": "M/d/yyyy", "D": "dddd, MMMM d, yyyy", "f": "dddd, MMMM d, yyyy h:mm tt", "F": "dddd, MMMM d, yyyy h:mm:ss tt",
    "g": "M/d/yyyy h:mm tt", "G": "M/d/yyyy h:mm:ss tt", "m": "MMMM d", "M": "MMMM d", "o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "O": "yyyy-MM-ddTHH:mm:ss.fffffffK", "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'", "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "s": "yyyy-MM-ddTHH:mm:ss", "t": "h:mm tt", "T": "h:mm:ss tt", "u": "yyyy-MM-dd HH:mm:ss'Z'",
    "U": "dddd, MMMM d, yyyy h:mm:ss tt", "y": "MMMM yyyy", "Y": "MMMM yyyy",
}  # fmt: skip  # standard format strings, one letter each, as en-US has them
PIVOT = 2049  # the last year that two digits stand for, as in .NET 8

_PIECES = re.compile(
    r"d+|f+|F+|g+|h+|H+|K|m+|M+|s+|t+|y+|z+|\\(?P<escaped>.)|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|%(?P<alone>.)|.",
    re.DOTALL,
)
_OFFSET = r"Z|[+-]\d{1,2}(?::?\d{2})?"
_TIME = rf"(?:(?:[T\s]|,\s)\s*(?P<hour>\d{{1,2}}):(?P<minute>\d{{2}})(?::(?P<second>\d{{2}})(?:\.(?P<part>\d{{1,9}}))?)?(?:\s*(?P<half>[AaPp][Mm]))?)?\s*(?P<zone>{_OFFSET}|GMT|UTC)?"
_NAMES = "|".join(month[:3] for month in MONTHS)
_ANY = tuple(
    re.compile(rf"(?:{date}){_TIME}", re.IGNORECASE | re.ASCII)
    for date in (
        r"(?P<year>\d{4})(?P<sign>[-/.])(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})",
        r"(?P<month>\d{1,2})(?P<sign>[-/])(?P<day>\d{1,2})(?P=sign)(?P<year>\d{4}|\d{2})",
        rf"(?:[A-Za-z]{{3,9}},?\s+)?(?P<day>\d{{1,2}})[-\s](?P<name>{_NAMES})[a-z]{{0,6}}[-,\s]\s?(?P<year>\d{{4}})",
        rf"(?:[A-Za-z]{{3,9}},\s+)?(?P<name>{_NAMES})[a-z]{{0,6}}\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}})",
    )
)


class _Piece(NamedTuple):
    letter: str  # empty for literal text
    text: str


def write_plainly(moment: datetime) -> str:
    """`M/d/yyyy h:mm:ss tt`, in which Entra's functions hand dates on."""
    return write_moment(moment, "G")


def write_moment(moment: datetime, layout: str) -> str:
    """The instant in a .NET format, in UTC."""
    moment = moment.astimezone(UTC)
    return "".join(_written(piece, moment) for piece in _pieces(layout))


def parse_moment(text: str, layout: str, styles: str = "") -> datetime | None:
    """The instant that `text` names in a .NET format; None where it does not have that form.

    `styles` are names of DateTimeStyles, by commas; white space around is allowed unless they say otherwise.
    """
    named = {word.strip() for word in styles.split(",")} - {""}
    is_open = not named or bool(named & {"AllowWhiteSpaces", "AllowLeadingWhite", "AllowTrailingWhite"})
    pattern, letters = _reader(layout, bool(named & {"AllowWhiteSpaces", "AllowInnerWhite"}))
    found = pattern.fullmatch(text.strip() if is_open else text)
    if not found:
        return None
    parts = _Parts()
    for letter, value in zip(letters, found.groups(), strict=True):
        if value is not None:
            _TAKE[letter[0]](parts, letter, value)
    return parts.moment()


@lru_cache(maxsize=10_000)
def parse_any(text: str) -> datetime | None:
    """The instant that `text` names in one of the usual forms; None where it names none."""
    for pattern in _ANY:
        if found := pattern.fullmatch(text.strip()):
            told = found.groupdict()
            parts = _Parts(
                month=_month(told["name"]) if told.get("name") else int(told["month"]), day=int(told["day"]),
                hour=int(told["hour"] or 0), minute=int(told["minute"] or 0), second=int(told["second"] or 0),
                micros=_micros(told["part"] or ""), half=(told["half"] or "").upper()[:1], zone=told["zone"] or "",
            )  # fmt: skip
            parts.year = _full_year(int(told["year"])) if len(told["year"]) == 2 else int(told["year"])
            return parts.moment()
    return None


class _Parts:
    """The parts of a moment as far as they were told."""

    def __init__(
        self, *, month: int = 1, day: int = 1, hour: int = 0, minute: int = 0, second: int = 0, micros: int = 0,
        half: str | None = None, zone: str = "",
    ) -> None:  # fmt: skip
        self.year, self.month, self.day = 1, month, day
        self.hour, self.minute, self.second, self.micros = hour, minute, second, micros
        self.half, self.zone = half, zone  # A or P; `Z`, `+01:00`, empty for none
        self.weekday: int | None = None

    def moment(self) -> datetime | None:
        hour = self.hour
        if self.half:
            if hour > 12:
                return None
            hour = hour % 12 + 12 * (self.half == "P")
        try:
            moment = datetime(
                self.year, self.month, self.day, hour, self.minute, self.second, self.micros, tzinfo=_zone(self.zone)
            ).astimezone(UTC)  # fmt: skip
            told = datetime(self.year, self.month, self.day, tzinfo=UTC).weekday()
        except (ValueError, OverflowError):
            return None
        return moment if self.weekday in (None, told) else None


def _zone(text: str) -> timezone:
    """The offset. Raises ValueError for one that no place has."""
    if not text or text.upper() in ("Z", "GMT", "UTC"):
        return UTC
    digits = text[1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    if hours > 14 or minutes > 59:
        raise ValueError("no offset")
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if text[0] == "-" else span)


def _month(name: str) -> int:
    return next(at for at, month in enumerate(MONTHS, 1) if month[:3].casefold() == name[:3].casefold())


def _full_year(two: int) -> int:
    century = PIVOT // 100 * 100
    return century + two if century + two <= PIVOT else century - 100 + two


def _micros(digits: str) -> int:
    return int(digits[:6].ljust(6, "0")) if digits else 0


@lru_cache(maxsize=1024)
def _pieces(layout: str) -> tuple[_Piece, ...]:
    """The specifiers and literal texts of a format."""
    pieces = []
    for found in _PIECES.finditer(STANDARD.get(layout, layout)):
        text = found[0]
        literal = next(
            (part for part in found.group("escaped", "single", "double") if part is not None), None
        )
        if found["alone"] is not None:
            text = found["alone"]
        if literal is None and text[0] in "dfFghHKmMstyz":
            pieces.append(_Piece(text[0], text))
        else:
            pieces.append(_Piece("", text if literal is None else literal))
    return tuple(pieces)


def _written(piece: _Piece, moment: datetime) -> str:
    width = len(piece.text)
    hour = (moment.hour - 1) % 12 + 1
    match piece.letter:
        case "d" if width > 2:
            return DAYS[moment.weekday()][: 3 if width == 3 else None]
        case "M" if width > 2:
            return MONTHS[moment.month - 1][: 3 if width == 3 else None]
        case "f" | "F":
            digits = f"{moment.microsecond:06}0"[: min(width, 7)]
            return digits if piece.letter == "f" else digits.rstrip("0")
        case "t":
            return ("AM" if moment.hour < 12 else "PM")[: 1 if width == 1 else 2]
        case "y":
            return f"{moment.year % 100:0{width}}" if width <= 2 else f"{moment.year:0{width}}"
        case "z":
            return {1: "+0", 2: "+00"}.get(width, "+00:00")
        case "g" | "K":
            return "A.D." if piece.letter == "g" else "Z"
        case "":
            return piece.text
    number = {
        "d": moment.day,
        "M": moment.month,
        "h": hour,
        "H": moment.hour,
        "m": moment.minute,
        "s": moment.second,
    }
    return f"{number[piece.letter]:0{min(width, 2)}}"


@lru_cache(maxsize=1024)
def _reader(layout: str, is_loose: bool) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """The pattern of texts in a format, with a group for each of its specifiers."""
    pattern, letters = [], []
    for piece in _pieces(layout):
        if piece.letter:
            letters.append(piece.text)
            pattern.append(f"({_form(piece)})" + ("?" if piece.letter == "F" else ""))
        elif is_loose and piece.text.isspace():
            pattern.append(r"\s*")
        else:
            pattern.append(re.escape(piece.text))
    # The point before optional fractions goes with them: `.FFF`.
    joined = re.sub(r"\\\.\((\\d\{1,\d\})\)\?", r"(?:\\.(\1))?", "".join(pattern))
    return re.compile(joined, re.IGNORECASE | re.ASCII), tuple(letters)


def _form(piece: _Piece) -> str:
    width = len(piece.text)
    match piece.letter:
        case "d" | "M" if width > 2:
            names: Iterable[str] = DAYS if piece.letter == "d" else MONTHS
            return "|".join(name[: 3 if width == 3 else None] for name in names)
        case "f":
            return rf"\d{{{min(width, 7)}}}"
        case "F":
            return rf"\d{{1,{min(width, 7)}}}"
        case "t":
            return "[AP]" if width == 1 else "[AP]M"
        case "y":
            return {1: r"\d{1,2}", 2: r"\d{2}", 3: r"\d{3,4}"}.get(width, rf"\d{{{min(width, 9)}}}")
        case "z":
            return {1: r"[+-]\d{1,2}", 2: r"[+-]\d{2}"}.get(width, r"[+-]\d{2}:?\d{2}")
        case "K":
            return rf"(?:{_OFFSET})?"
        case "g":
            return r"A\.D\."
    return r"\d{1,2}" if width == 1 else r"\d{2}"


def _take_day(parts: _Parts, letter: str, value: str) -> None:
    if len(letter) > 2:
        parts.weekday = next(at for at, day in enumerate(DAYS) if day[:3].casefold() == value[:3].casefold())
    else:
        parts.day = int(value)


def _take_month(parts: _Parts, letter: str, value: str) -> None:
    parts.month = _month(value) if len(letter) > 2 else int(value)


def _take_year(parts: _Parts, letter: str, value: str) -> None:
    parts.year = _full_year(int(value)) if len(letter) <= 2 else int(value)


def _take_hour(parts: _Parts, letter: str, value: str) -> None:
    parts.hour = int(value)
    if letter[0] == "h":
        parts.half = parts.half or "A"  # .NET: without a designator it is before noon


def _take_half(parts: _Parts, _: str, value: str) -> None:
    parts.half = value[0].upper()


def _take_zone(parts: _Parts, _: str, value: str) -> None:
    parts.zone = value.upper()


def _take_fraction(parts: _Parts, _: str, value: str) -> None:
    parts.micros = _micros(value)


def _take_minute(parts: _Parts, _: str, value: str) -> None:
    parts.minute = int(value)


def _take_second(parts: _Parts, _: str, value: str) -> None:
    parts.second = int(value)


_TAKE: dict[str, Callable[[_Parts, str, str], None]] = {
    "d": _take_day, "M": _take_month, "y": _take_year, "h": _take_hour, "H": _take_hour, "t": _take_half, "m": _take_minute,
    "s": _take_second, "f": _take_fraction, "F": _take_fraction, "K": _take_zone, "z": _take_zone, "g": lambda *_: None,
}  # fmt: skip

"""Diacritics: the letters that NormalizeDiacritics replaces, which are just those of Entra's table (research: entra 3.3)."""

from __future__ import annotations

import re
import unicodedata

MARKS = {
    ":": "\u0308", "`": "\u0300", "^": "\u0302", "~": "\u0303", "o": "\u030a", "'": "\u0301", ";": "\u0328",
    "u": "\u0306", "-": "\u0304", "_": "\u0331", "v": "\u030c", ".": "\u0307", '"': "\u030b", ",": "\u0327", "<": "\u0326",
    "!": "\u0323", "%": "\u0324",
}  # fmt: skip  # a sign for each mark: diaeresis, grave, circumflex, tilde, ring, acute, ogonek, breve, macron, macron below, …
LETTERS = {
    "a": ": ` ^ ~ o ' ; u - -' -` -^ -~ :- -: .- _ o-",
    "c": ", v ' - _",
    "d": "v - _",
    "e": ": ` ' ^ ; v . - -' -` -^ -~ ^- _ :- o-",
    "g": "u - _",
    "i": ": ^ ` ' - -' -` -^ -~ _",
    "l": "v - !- _",
    "n": "~ ' v - _",
    "o": ": ` \" ~ ^ ' - -' -` -^ -~ :- -: ;- ~- .- _",
    "r": "v - _ !-",
    "s": "v ' < , - _",
    "t": "v < - _",
    "u": ": ` ^ ' o \" - -' -` -^ -~ .- :- -: %- _",
    "y": ": ' - -' -` -~ _",
    "z": "' v . - _",
}
WHOLE = {
    "\u00e6": "ae", "\u00e6\u0304": "ae", "\u00f8": "oe", "\u00f8\u0304": "oe", "\u0153\u0304": "oe", "\u0142": "l",
}  # fmt: skip  # ae, o with stroke, oe with macron, l with stroke: letters that consist of no other
ONE_CASE = {"\u00df": "ss", "\u0131": "i", "I\u0307": "I"}

_CLUSTERS = re.compile(r"[^\W\d_][\u0300-\u036f]*")


def _table() -> dict[str, str]:
    table = dict(ONE_CASE)
    for letter, marked in LETTERS.items():
        for signs in marked.split():
            for base in (letter, letter.upper()):
                composed = unicodedata.normalize("NFD", base + "".join(MARKS[sign] for sign in signs))
                table[composed] = base
    for whole, plain in WHOLE.items():
        table |= {whole: plain, whole.upper(): plain.upper()}
    return table


_TABLE = _table()


def normalize_diacritics(source: str | None) -> str | None:
    """NormalizeDiacritics: `source` with the letters of the table as plain ones; every other letter stays."""
    if source is None or source.isascii():
        return source
    return _CLUSTERS.sub(lambda found: _TABLE.get(unicodedata.normalize("NFD", found[0]), found[0]), source)

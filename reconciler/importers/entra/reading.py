"""Reading: JSON that somebody exported, with the path of every value, and every mistake on the way."""

from __future__ import annotations

import json
from dataclasses import dataclass

from reconciler.model.errors import ImportRefused
from reconciler.model.neutral import neutral, shortened

SHOWN = 20
_KINDS = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
}


@dataclass(frozen=True, slots=True)
class At:
    """A value and its JSON path; None where there is none. PowerShell writes keys in another case, so case is ignored."""

    value: object
    place: str
    mistakes: list[str]

    def has(self, key: str) -> bool:
        """Whether there is a value under `key`."""
        return self.get(key).value is not None

    def get(self, key: str) -> At:
        """The value under `key`, None if there is none; anything but an object is a mistake."""
        place = f"{self.place}.{key}" if self.place else key
        if not isinstance(self.value, dict):
            if self.value is not None:
                self.wrong("an object")
            return At(None, place, self.mistakes)
        found = self.value.get(key)
        if found is None:
            folded = key.casefold()
            found = next((value for name, value in self.value.items() if name.casefold() == folded), None)
        return At(found, place, self.mistakes)

    def entries(self) -> list[At]:
        """The values of a list; none of null."""
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            self.wrong("a list")
            return []
        return [At(value, f"{self.place}[{index}]", self.mistakes) for index, value in enumerate(self.value)]

    def text(self) -> str:
        """The text; empty for null, and as JSON writes it for a number or a boolean."""
        if isinstance(self.value, str):
            return self.value
        if self.value is None or isinstance(self.value, bool | int | float):
            return "" if self.value is None else json.dumps(self.value)
        self.wrong("a text")
        return ""

    def flag(self, *, default: bool) -> bool:
        """The boolean, also as a text."""
        said = {"true": True, "false": False, "": default}.get(self.text().strip().casefold())
        if said is None:
            self.wrong("true or false")
        return default if said is None else said

    def whole(self) -> int:
        """The whole number, also as a text; 0 for null."""
        text = self.text().strip()
        if not text:
            return 0
        if len(text) > 18 or not text.removeprefix("-").isdecimal() or not text.isascii():
            self.wrong("a whole number")
            return 0
        return int(text)

    def wrong(self, wanted: str) -> None:
        """Takes note that something else stands here than what is `wanted`."""
        hint = ""
        if isinstance(self.value, str) and self.value.startswith(("System.", "Microsoft.Graph.", "@{")):
            hint = "; PowerShell cut this off: export with ConvertTo-Json -Depth 20"
        kind = _KINDS.get(type(self.value), "something else")
        self.mistakes.append(f"{self.place or 'the document'} is {kind}, and not {wanted}{hint}")

    def refuse_mistakes(self) -> None:
        """Raises ImportRefused with the mistakes so far, if there are any."""
        if self.mistakes:
            shown = [shortened(neutral(mistake)) for mistake in dict.fromkeys(self.mistakes)]
            more = [f"and {len(shown) - SHOWN} more"] if len(shown) > SHOWN else []
            raise ImportRefused("\n".join(["this is no provisioning schema:", *shown[:SHOWN], *more]))


def read_json(content: bytes) -> At:
    """The document. Raises ImportRefused for what is not JSON, and for JSON that no program may take at its word."""
    try:
        value = json.loads(content, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise ImportRefused(
            f"line {error.lineno}, column {error.colno}: is not JSON: {error.msg}; export the schema again"
        ) from None
    except UnicodeDecodeError:
        raise ImportRefused("is no text: JSON is UTF-8; export the schema again") from None
    except RecursionError:
        raise ImportRefused("is nested too deep to be a provisioning schema") from None
    except ValueError as error:
        raise ImportRefused(f"is not JSON that can be trusted: {shortened(neutral(str(error)))}") from None
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ImportRefused("holds half a character (a lone surrogate); export the schema again") from None
    if not isinstance(value, dict):
        raise ImportRefused(f"this is {_KINDS.get(type(value), 'nothing')}, and no provisioning schema")
    return At(value, "", [])


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice!r} stands twice in one object; one of them would be lost")
    return found

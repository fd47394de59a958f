"""Random text: RandomString, from a source of chance that is given (research: entra 3.2)."""

from __future__ import annotations

import string
from collections.abc import Callable

from reconciler.functions.values import Value, as_integer, as_text

LONGEST = 256
# The special characters of Windows' rule for complex passwords, which Entra's page refers to.
SPECIAL = "~!@#$%^&*_-+=`|\\(){}[]:;\"'<>,.?/"
CLASSES = (string.digits, SPECIAL, string.ascii_uppercase, string.ascii_lowercase)


def random_string(
    chance: Callable[[int], int], length: Value, numbers: Value, special: Value, capital: Value, lower: Value,
    avoid: Value = None,
) -> str | None:  # fmt: skip
    """Text of that length with at least so many characters of each class; None where that cannot be.

    The rest comes from the classes that are asked for; from letters and digits where none is.
    """
    size = as_integer(length)
    least = [max(as_integer(part) or 0, 0) for part in (numbers, special, capital, lower)]
    classes = [_without(characters, as_text(avoid) or "") for characters in CLASSES]
    if size is None or not sum(least) <= size <= LONGEST:
        return None
    if any(count and not characters for count, characters in zip(least, classes, strict=True)):
        return None
    chosen = [
        characters[chance(len(characters))] for count, characters in zip(least, classes, strict=True) for _ in range(count)
    ]  # fmt: skip
    rest = "".join(characters for count, characters in zip(least, classes, strict=True) if count)
    rest = rest or classes[0] + classes[2] + classes[3]
    if len(chosen) < size and not rest:
        return None
    chosen += [rest[chance(len(rest))] for _ in range(size - len(chosen))]
    for at in range(len(chosen) - 1, 0, -1):  # Fisher and Yates
        other = chance(at + 1)
        chosen[at], chosen[other] = chosen[other], chosen[at]
    return "".join(chosen)


def _without(characters: str, avoided: str) -> str:
    return "".join(character for character in characters if character not in avoided)

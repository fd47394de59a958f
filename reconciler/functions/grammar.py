"""Grammar: Entra's function language as a tree with positions (research: entra 3.1).

A whole expression is one call, attribute or constant; calls nest, and an argument may be left empty. Everything that is
wrong is gathered: after a mistake, reading goes on with the next argument.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

LONGEST = 10_000  # characters, Entra's own limit
DEEPEST = 50  # calls within calls
MOST = 20  # mistakes that anybody reads of one expression
OPERATORS = ("=", "<>", ">", ">=", "<", "<=")

_TOKENS = re.compile(
    r"""(?P<space>\s+) | (?P<text>"(?:[^"\\]|\\.)*") | (?P<attribute>\[[^\[\]]*\]) | (?P<hex>&[Hh][0-9A-Fa-f]{1,16}&?)
      | (?P<number>[-+]?\d{1,300}(?:\.\d{1,300})?) | (?P<name>[^\W\d]\w*) | (?P<mark>[(),]) | (?P<operator><>|>=|<=|[=<>])""",
    re.DOTALL | re.VERBOSE,
)
_ESCAPES = re.compile(r'\\(["\\])')
_QUOTES = "'\u2018\u2019\u201c\u201d\u00ab\u00bb`"


class Slip(NamedTuple):
    """One mistake: the offset in the text, what is wrong, and what to write instead."""

    offset: int
    text: str


class ExpressionError(ValueError):
    """The text is no expression; `slips` holds every mistake, by offset, and `tree` what could be read."""

    def __init__(self, slips: tuple[Slip, ...], tree: Node | None = None) -> None:
        super().__init__("; ".join(f"at {slip.offset + 1}: {slip.text}" for slip in slips))
        self.slips = slips
        self.tree = tree


@dataclass(frozen=True, slots=True)
class Attribute:
    """`[surname]`: a source attribute."""

    name: str
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Constant:
    """`"text"`, `12`, `&HF`."""

    value: str | int | float
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word, such as `vbBinaryCompare`."""

    name: str
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Nothing:
    """An argument that is left empty."""

    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`[country] = "USA"`: only where a condition stands."""

    operator: str
    left: Node
    right: Node
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """`Join(" ", [givenName], [surname])`."""

    name: str
    arguments: tuple[Node, ...]
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


Node = Attribute | Constant | Word | Nothing | Comparison | Call


def parse_tree(text: str) -> Node:
    """The tree of `text`. Raises ExpressionError with every mistake of form."""
    if len(text) > LONGEST:
        raise ExpressionError(
            (Slip(0, f"is longer than {LONGEST:,} characters, which Entra takes; shorten it"),)
        )
    reader = _Reader(text)
    tree = reader.whole()
    if reader.slips:
        raise ExpressionError(tuple(sorted(set(reader.slips))[:MOST]), tree)
    return tree


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, each after what it consists of."""
    match node:
        case Call(arguments=arguments):
            for argument in arguments:
                yield from walk(argument)
        case Comparison(left=left, right=right):
            yield from walk(left)
            yield from walk(right)
    yield node


def write(node: Node) -> str:
    """The expression as text; reading it again gives the same tree."""
    match node:
        case Attribute(name=name):
            return f"[{name}]"
        case Constant(value=str(value)):
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case Constant(value=value):
            return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)
        case Word(name=name):
            return name
        case Nothing():
            return ""
        case Comparison(operator=operator, left=left, right=right):
            return f"{write(left)} {operator} {write(right)}"
        case Call(name=name, arguments=arguments):
            return f"{name}({', '.join(map(write, arguments))})"


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


class _Reader:
    """Reads by recursive descent; `slips` are the mistakes so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.slips: list[Slip] = []
        self.tokens = list(self._tokens())
        self.at = 0

    def whole(self) -> Node:
        tree = self.argument(0)
        if isinstance(tree, Nothing) and not self.slips:
            self.wrong(tree.start, 'says nothing; write for example Join(" ", [givenName], [surname])')
        token = self.peek()
        if token.kind != "end" and not self.slips:
            what = (
                "this `)` closes nothing; take it out"
                if token.text == ")"
                else f"nothing may follow the whole expression, and here is `{token.text[:30]}`; "
                'put the parts into one call, for example Join("", …, …)'
            )
            self.wrong(token.start, what)
        return tree

    def argument(self, depth: int) -> Node:
        """An operand, a comparison of two, or nothing."""
        first = self.peek()
        if first.kind == "end" or first.text in (",", ")"):
            return Nothing(first.start, first.start)
        left = self.operand(depth)
        while self.peek().kind == "operator":
            operator = self.take()
            if isinstance(left, Comparison):
                self.wrong(operator.start, f"`{operator.text}` compares a comparison; nest IIF instead")
            right = self.operand(depth)
            left = Comparison(operator.text, left, right, left.start, right.end)
        after = self.peek()
        if depth and after.kind != "end" and after.text not in (",", ")"):
            self.wrong(after.start, f"`{after.text[:30]}` does not belong here; write a comma before it")
            self.skip()
        return left

    def operand(self, depth: int) -> Node:
        token = self.take()
        start, end = token.start, token.end
        match token.kind:
            case "text":
                return Constant(_ESCAPES.sub(r"\1", token.text[1:-1]), start, end)
            case "attribute":
                return self.attribute(token)
            case "hex":
                return Constant(int(token.text[2:].rstrip("&"), 16), start, end)
            case "number":
                value = float(token.text) if "." in token.text else int(token.text)
                return Constant(value, start, end)
            case "name" if self.peek().text == "(":
                return self.call(token, depth)
            case "name":
                return Word(token.text, start, end)
        if token.kind == "end":
            self.wrong(start, 'ends where a value is needed; write [attribute], "text" or a function')
        elif token.text == "(":
            self.wrong(start, "parentheses belong to a function; write its name before this `(`")
            self.close(start, depth)
        else:
            self.wrong(start, f'`{token.text}` stands where a value is needed; write [attribute], "text" or a function')  # fmt: skip
            self.at -= token.text in (",", ")")
        return Nothing(start, start)

    def attribute(self, token: _Token) -> Node:
        name = token.text[1:-1].strip()
        if not name:
            self.wrong(token.start, "`[]` names no attribute; write for example [surname]")
        return Attribute(name, token.start, token.end)

    def call(self, name: _Token, depth: int) -> Node:
        opening = self.take()
        if depth >= DEEPEST:
            self.wrong(name.start, f"is nested deeper than {DEEPEST} calls; flatten it")
            self.at = len(self.tokens) - 1
            return Nothing(name.start, name.start)
        arguments: list[Node] = []
        if self.peek().text == ")":
            return Call(name.text, (), name.start, self.take().end)
        while True:
            arguments.append(self.argument(depth + 1))
            token = self.peek()
            if token.text != ",":
                break
            self.take()
        if token.kind == "end":
            self.wrong(opening.start, f"this `(` of {name.text} is never closed; add `)`")
            return Call(name.text, tuple(arguments), name.start, token.end)
        return Call(name.text, tuple(arguments), name.start, self.take().end)

    def close(self, start: int, depth: int) -> None:
        """Reads what stands in parentheses without a name, for the mistakes in it."""
        if depth >= DEEPEST:
            self.at = len(self.tokens) - 1
            return
        self.argument(depth + 1)
        while self.peek().text == ",":
            self.take()
            self.argument(depth + 1)
        if self.peek().text == ")":
            self.take()
        else:
            self.wrong(start, "this `(` is never closed; add `)`")

    def skip(self) -> None:
        """Passes over the rest of a broken argument."""
        open_ = 0
        while (token := self.peek()).kind != "end" and (open_ or token.text not in (",", ")")):
            open_ += (token.text == "(") - (token.text == ")")
            self.take()

    def peek(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        token = self.tokens[self.at]
        self.at += token.kind != "end"
        return token

    def wrong(self, offset: int, text: str) -> None:
        self.slips.append(Slip(offset, text))

    def _tokens(self) -> Iterator[_Token]:
        at = 0
        while at < len(self.text):
            found = _TOKENS.match(self.text, at)
            if found is None:
                at = self._unknown(at)
                continue
            if found.lastgroup != "space":
                yield _Token(found.lastgroup or "", found[0], found.start(), found.end())
            at = found.end()
        yield _Token("end", "", len(self.text), len(self.text))

    def _unknown(self, at: int) -> int:
        """Notes what is no part of the language, and gives where reading goes on."""
        character = self.text[at]
        if character == '"':
            self.wrong(at, 'this text is never closed; end it with `"` (a quotation mark inside is `\\"`)')
            return len(self.text)
        if character == "[":
            self.wrong(at, "this `[` is never closed; write [attribute]")
            return at + 1
        if character in _QUOTES:
            self.wrong(at, f"`{character}` is no quotation mark here; write texts in straight double quotes")
            end = max(self.text.find(closing, at + 1) for closing in _QUOTES)
            return end + 1 if end > at else at + 1
        remedy = {"&": 'write Join("", …, …), or &HF for a hex number', "+": 'write Join("", …, …)', ";": "separate arguments by commas",
                  "{": "write [attribute]", "$": "write [attribute]"}.get(character, "take it out")  # fmt: skip
        self.wrong(at, f"`{character}` means nothing here; {remedy}")
        return at + 1

"""Checks: what is wrong with a call whose form is right: its name, how many arguments it has, and what they are."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

from reconciler.functions.date_formats import STYLES
from reconciler.functions.grammar import Call, Comparison, Constant, Node, Nothing, Slip, Word
from reconciler.functions.patterns import PatternError, compile_pattern
from reconciler.functions.random_text import LONGEST
from reconciler.functions.roles import ROLES
from reconciler.functions.signatures import Signature, signatures

WORDS = {
    "compare": ("vbBinaryCompare", "vbTextCompare"),
    "styles": tuple(sorted(STYLES)),
}  # fmt: skip
UNKNOWN = {
    "DefaultDomain": 'which Entra takes from its tenant; write the domain itself, for example "example.com"',
    "AppRoleAssignments": "whose value Entra does not document; write AssertiveAppRoleAssignmentsComplex or SingleAppRoleAssignment",
}
INTERVALS = ("yyyy", "m", "d", "ww", "h", "n", "s")
TRUTHS = ("True", "False")
_CULTURE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")


def check_node(node: Node) -> list[Slip]:
    """What is wrong with one node, beside what it consists of."""
    if isinstance(node, Comparison):
        return [
            Slip(side.start, f"`{node.operator}` compares two values, and one is missing; write it")
            for side in (node.left, node.right) if isinstance(side, Nothing)
        ]  # fmt: skip
    if not isinstance(node, Call):
        return []
    if slips := check_name(node):
        return slips
    signature = signatures()[node.name]
    slips = [*_check_count(node, signature), *_check_arguments(node, signature)]
    if slips:
        return slips
    match node.name:
        case "Replace":
            return _check_replace(node)
        case "RandomString":
            return _check_random(node)
    return []


def check_name(node: Node) -> list[Slip]:
    """What is wrong with a call's name."""
    if not isinstance(node, Call) or node.name in signatures():
        return []
    return [Slip(node.start, f"`{node.name}` is no function here; {_meant(node.name, signatures())}")]


def _check_count(node: Call, signature: Signature) -> list[Slip]:
    count = len(node.arguments)
    if signature.fewest <= count <= signature.most:
        if node.name == "Switch" and count % 2:
            return [Slip(node.start, f"Switch has {count} arguments; after source and defaultValue write a value for each key")]  # fmt: skip
        return []
    bound = signature.fewest if count < signature.fewest else signature.most
    few = "at least" if count < signature.fewest and signature.most > signature.fewest else "at most" if signature.most > signature.fewest else "just"  # fmt: skip
    takes = f"{few} {bound} argument{'s' * (bound != 1)}" if bound else "no arguments"
    return [Slip(node.start, f"{node.name} takes {takes}, and here are {count}; write {signature}")]


def _check_arguments(node: Call, signature: Signature) -> list[Slip]:
    slips: list[Slip] = []
    for index, argument in enumerate(node.arguments[: signature.most]):
        parameter = signature.parameter(index)
        where = f"{parameter.name} of {node.name}"
        match argument:
            case _ if parameter.kind == "roles" and getattr(argument, "name", "") != ROLES:
                slips.append(
                    Slip(
                        argument.start,
                        f"{node.name} is about roles by assignment; write {node.name}([{ROLES}])",
                    )
                )
            case Nothing() if not parameter.may_be_empty:
                slips.append(Slip(argument.start, f"{where} is left empty; write {signature}"))
            case Comparison() if parameter.kind != "condition":
                slips.append(Slip(argument.start, f"{where} is no condition; compare within IIF or CBool"))
            case Word(name=name) if name not in (known := (*WORDS.get(parameter.kind, ()), *TRUTHS)):
                slips.append(Slip(argument.start, f"`{name}` is no word for {where}; {_word(name, known)}"))
            case Constant(value=value) if remedy := _fault(parameter.kind, value):
                slips.append(Slip(argument.start, f"`{value}` is no {where}; {remedy}"))
    return slips


def _word(name: str, known: Collection[str]) -> str:
    if name in signatures():
        return f"write {signatures()[name]}"
    close = difflib.get_close_matches(name, known, n=1) if len(known) > len(TRUTHS) else []
    return (
        f"did you mean {close[0]}?"
        if close
        else f'write [{name}] for the attribute, or "{name}" for the text'
    )


def _fault(kind: str, value: object) -> str:
    """What to write instead of a constant that such a parameter cannot take; empty if it can."""
    match kind:
        case "number":
            return "" if _is_number(value) else "write a number"
        case "interval" if value not in INTERVALS:
            return f"write one of {', '.join(INTERVALS)}"
        case "compare" if value not in (*WORDS["compare"], 0, 1, "0", "1"):
            return "write vbBinaryCompare or vbTextCompare"
        case "culture" if not _CULTURE.fullmatch(str(value)):
            return "write a language, for example tr-TR"
        case "styles" if not {word.strip() for word in str(value).split(",")} <= STYLES:
            return f"write one of {', '.join(sorted(STYLES))}"
    return ""


def _check_replace(node: Call) -> list[Slip]:
    """What is given decides what Replace does (research: entra 3.4): it must be one of the five ways, and whole."""
    names = [parameter.name for parameter in signatures()["Replace"].parameters]
    given = {
        name: argument for name, argument in zip(names, node.arguments, strict=False) if not isinstance(argument, Nothing)
    }  # fmt: skip
    ways = (
        {"oldValue", "replacementValue"}, {"oldValue", "template"}, {"regexPattern", "replacementValue"},
        {"regexPattern", "regexGroupName", "replacementValue"}, {"regexPattern", "regexGroupName", "replacementAttributeName"},
    )  # fmt: skip
    if set(given) - {"source"} not in ways:
        told = ", ".join(name for name in names[1:] if name in given) or "nothing"
        return [
            Slip(node.start, f"Replace is given {told}; give it oldValue or regexPattern and replacementValue, oldValue and template, or "
                             "regexPattern, regexGroupName and replacementAttributeName")
        ]  # fmt: skip
    old, pattern, group = given.get("oldValue"), given.get("regexPattern"), given.get("regexGroupName")
    if isinstance(old, Constant) and old.value == "":
        return [Slip(old.start, "oldValue of Replace is empty; write what is to be replaced")]
    if not isinstance(pattern, Constant):
        return []
    try:
        found = compile_pattern(str(pattern.value))
    except PatternError as error:
        return [Slip(pattern.start, f"regexPattern of Replace {error}")]
    if isinstance(group, Constant) and group.value not in found.groupindex:
        return [
            Slip(
                group.start,
                f"`{group.value}` is no group of the pattern; name one in it by (?<{group.value}>…)",
            )
        ]
    return []


def _check_random(node: Call) -> list[Slip]:
    told = [argument.value if isinstance(argument, Constant) else 0 for argument in node.arguments[:5]]
    length, *least = (float(value) for value in told)
    if length > LONGEST:
        return [
            Slip(node.arguments[0].start, f"RandomString is at most {LONGEST} characters long; write less")
        ]
    if isinstance(node.arguments[0], Constant) and sum(least) > length:
        return [
            Slip(node.arguments[0].start, f"RandomString is to have {length:.0f} characters, and at least {sum(least):.0f} of some kinds; write more")
        ]  # fmt: skip
    return []


def _is_number(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True


def _meant(name: str, known: Collection[str]) -> str:
    """The function that was meant: names are case-sensitive."""
    same = [other for other in known if other.casefold() == name.casefold()]
    if same:
        return f"names are case-sensitive: write {same[0]}"
    if name in UNKNOWN:
        return f"it is one {UNKNOWN[name]}"
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else "see docs/functions.md for those that are"

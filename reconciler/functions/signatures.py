"""Signatures: what each function of Entra's language is called and takes (research: entra 3.2, 3.5).

A parameter is its name, then what it takes: `:` and a kind (text if none is said), `~` where it may be left empty, `?` where
it may also be left out, `…` where the last ones repeat.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

_TABLE = """
Append(source:texts, suffix)
AppRoleAssignmentsComplex(source:roles)
AssertiveAppRoleAssignmentsComplex(source:roles)
BitAnd(value1:number, value2:number)
CBool(Expression:condition)
CDate(expression:date)
Coalesce(source1:any, source2:any?, …)
ConvertToBase64(source:texts)
ConvertToUTF8Hex(source:texts)
Count(attribute:list)
CStr(value:any)
DateAdd(interval:interval, value:number, dateTime:date)
DateDiff(interval:interval, date1:date, date2:date)
DateFromNum(value:number)
FormatDateTime(source:texts, dateTimeStyles:styles~, inputFormat~, outputFormat)
Guid()
IgnoreFlowIfNullOrEmpty(expression:any)
IIF(condition:condition, valueIfTrue:any~, valueIfFalse:any~)
InStr(value1, value2, start:number?, compareType:compare?)
IsNothing(source:any)
IsNull(Expression:any)
IsNullOrEmpty(Expression:any)
IsPresent(Expression:any)
IsString(Expression:any)
Item(attribute:list, index:number)
Join(separator~, source1:list~, source2:list?, …)
Left(String:texts, NumChars:number)
Mid(source:texts, start:number, length:number)
NormalizeDiacritics(source:texts)
Not(source:any)
Now()
NumFromDate(value:date)
PCase(source:texts, wordSeparators?)
Prepend(prefix, source:texts)
RandomString(Length:number, MinimumNumbers:number, MinimumSpecialCharacters:number, MinimumCapital:number, MinimumLowerCase:number, CharactersToAvoid?)
Redact(value:any)
RemoveDuplicates(attribute:list)
Replace(source:texts, oldValue:part?, regexPattern:pattern?, regexGroupName:part?, replacementValue:part?, replacementAttributeName:part?, template:part?)
SelectUniqueValue(uniqueValueRule1:any, uniqueValueRule2:any, uniqueValueRule3:any?, …)
SingleAppRoleAssignment(source:roles)
Split(source:list, delimiter)
StripSpaces(source:texts)
Switch(source, defaultValue:any~, key1, value1:any~, …)
ToLower(source:texts, culture:culture?)
ToUpper(source:texts, culture:culture?)
Word(String, WordNumber:number, Delimiters)
"""
MOST = 10_000  # arguments of what repeats: the length of an expression is the real bound


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: what it is called, what it takes, and whether it may be left empty or out."""

    name: str
    kind: str = "text"
    may_be_empty: bool = False
    may_be_missing: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """A function's name and parameters; the last `repeats` of them come again and again."""

    name: str
    parameters: tuple[Parameter, ...]
    repeats: int = 0

    def __str__(self) -> str:
        shown = [f"{p.name}?" if p.may_be_missing else p.name for p in self.parameters]
        return f"{self.name}({', '.join([*shown, '…'] if self.repeats else shown)})"

    @property
    def fewest(self) -> int:
        """How many arguments it needs at least."""
        needed = [at for at, parameter in enumerate(self.parameters, 1) if not parameter.may_be_missing]
        return max(needed, default=0)

    @property
    def most(self) -> int:
        """How many arguments it takes at most."""
        return MOST if self.repeats else len(self.parameters)

    def parameter(self, index: int) -> Parameter:
        """The parameter that the argument at `index` is for."""
        if index < len(self.parameters) or not self.repeats:
            return self.parameters[index]
        first = len(self.parameters) - self.repeats
        return self.parameters[first + (index - first) % self.repeats]


@lru_cache(maxsize=1)
def signatures() -> dict[str, Signature]:
    """Every signature by the function's name."""
    return {found.name: found for found in map(_signature, _TABLE.strip().splitlines())}


def _signature(line: str) -> Signature:
    name, _, rest = line.rstrip(")").partition("(")
    words = [word.strip() for word in rest.split(",") if word.strip()]
    parameters = tuple(_parameter(word) for word in words if word != "…")
    repeats = (2 if name == "Switch" else 1) if "…" in words else 0
    return Signature(name, parameters, repeats)


def _parameter(word: str) -> Parameter:
    name, _, kind = word.rstrip("~?").partition(":")
    return Parameter(name, kind or "text", word.endswith(("~", "?")), word.endswith("?"))

"""Registry: every function of the language that is worked out from its arguments alone, by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconciler.functions import casing, choices, dates, diacritics, lists, numbers, patterns, roles, texts
from reconciler.functions.values import (
    Value,
    as_anything,
    as_integer,
    as_list,
    as_moment,
    as_text,
    as_texts,
    as_truth,
)

FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "Append": texts.append, "AppRoleAssignmentsComplex": roles.added_roles,
    "AssertiveAppRoleAssignmentsComplex": roles.asserted_roles, "BitAnd": numbers.bit_and, "CBool": choices.to_bool,
    "CDate": dates.to_date, "Coalesce": choices.coalesce, "ConvertToBase64": texts.to_base64,
    "ConvertToUTF8Hex": texts.to_utf8_hex, "Count": lists.count, "CStr": texts.to_string, "DateAdd": dates.add_dates,
    "DateDiff": dates.between_dates, "DateFromNum": dates.from_filetime, "FormatDateTime": dates.format_date,
    "IIF": choices.choose_by, "InStr": texts.find, "IsNothing": choices.is_null, "IsNull": choices.is_null, "IsNullOrEmpty": choices.is_null_or_empty,
    "IsPresent": choices.is_present, "IsString": choices.is_string, "Item": lists.item, "Join": texts.join,
    "Left": texts.left, "Mid": texts.mid, "NormalizeDiacritics": diacritics.normalize_diacritics, "Not": choices.negate,
    "NumFromDate": dates.to_filetime, "PCase": casing.proper_case, "Prepend": texts.prepend,
    "RemoveDuplicates": lists.remove_duplicates, "Replace": patterns.replace,
    "SingleAppRoleAssignment": roles.single_role, "Split": texts.split, "StripSpaces": texts.strip_spaces,
    "Switch": choices.switch, "ToLower": casing.to_lower, "ToUpper": casing.to_upper, "Word": texts.word,
}  # fmt: skip
# What a parameter of each kind makes of a value; an argument that was left empty reaches the function as None.
READERS: Mapping[str, Callable[[Value], object]] = {
    "any": as_anything, "condition": as_truth, "date": as_moment, "list": as_list, "number": as_integer,
    "part": lambda value: as_text(value) or "", "pattern": lambda value: as_text(value) or "", "roles": as_list, "texts": as_texts,
}  # fmt: skip


def reader(kind: str) -> Callable[[Value], object]:
    """What a parameter of that kind makes of a value: text where it says nothing else."""
    return READERS.get(kind, as_text)

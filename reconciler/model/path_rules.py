"""Path rules: which SCIM paths a mapping may name, and which two of them write to one value."""

from __future__ import annotations

from collections.abc import Collection

from reconciler.model.attribute_path import AttributePath
from reconciler.model.resource import Type
from reconciler.model.scim_schema import KNOWN, characteristic


def is_known(path: AttributePath, type_: Type, extra: Collection[str]) -> bool:
    """Whether RFC 7643 knows the attribute, a profile does (`extra`), or it is a custom extension's."""
    if characteristic(path, type_) is not None or str(path) in extra:
        return True
    # A custom extension is its owner's business; the enterprise one is RFC 7643's.
    return path.urn is not None and ":enterprise:" not in path.urn


def why_unmappable(path: AttributePath, type_: Type) -> str | None:
    """Why a mapping may not name an attribute although it is known, or None."""
    known = characteristic(path, type_)
    if str(path) == "password":
        return "`password` is no matter of provisioning: it would stand in plans and logs; take it out"
    if known and known.read_only:
        return f"`{path}` is read-only; take it out"
    whole = characteristic(AttributePath(path.urn, path.name), type_)
    if path.key is not None and whole is not None and not whole.multi_valued:
        return f"`{path.name}` holds one value; write it without [{path.key} eq …]"
    return None


def unknown_selector(path: AttributePath, type_: Type) -> frozenset[str]:
    """The sub-attributes that the path may select by, where it selects by none of them; else nothing."""
    subs = frozenset(
        name.rpartition(".")[2] for name in KNOWN[type_] if name.startswith(f"{path.name}.") and not path.urn
    )
    return subs if path.key is not None and path.key not in subs else frozenset()


def is_one_value(one: AttributePath, other: AttributePath) -> bool:
    """Whether two paths write to one value: the same, or one the whole of the other (names ignore case, RFC 7643 2.1)."""
    if [_folded(one.urn), _folded(one.name)] != [_folded(other.urn), _folded(other.name)]:
        return False
    selectors = [(_folded(path.key), _folded(path.value)) for path in (one, other) if path.key is not None]
    if len(selectors) == 2 and selectors[0] != selectors[1]:
        return False
    return one.sub is None or other.sub is None or _folded(one.sub) == _folded(other.sub)


def _folded(text: str | bool | None) -> str:
    return str(text).casefold()

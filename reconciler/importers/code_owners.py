"""Code owners: CODEOWNERS from the `owners` of groups: who must agree to an edit of the file that declares them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.model.desired import DesiredState

HEAD = "# Written by `reconcile init` from the `owners:` of groups. The last line that fits a file decides.\n"


def write_code_owners(state: DesiredState, root: str, everything: str | None) -> str:
    """The file's text. `everything`: who owns all else, as `@org/team` or an address; None for nobody.

    GitHub knows people by handle or address; an owner here is a user, so it is the user's address.
    """
    lines = [HEAD]
    if everything:
        lines += [f"*  {everything}\n", f"/.github/  {everything}\n", f"/{root}/  {everything}\n"]
    for document, owners in sorted(_by_document(state).items()):
        also = [everything] if everything else []
        lines.append(f"/{_escaped(document)}  {' '.join([*owners, *also])}\n")
    return "".join(lines)


def _by_document(state: DesiredState) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for group in state.groups.values():
        addresses = found.setdefault(group.origin.document, [])
        addresses += [address for address in _addresses(state, group.owners) if address not in addresses]
    return {document: sorted(addresses) for document, addresses in found.items() if addresses}


def _addresses(state: DesiredState, owners: Iterable[str]) -> Iterable[str]:
    for owner in owners:
        user = state.users.get(owner)
        address = user and (user.attributes.get("mail") or user.attributes.get("userPrincipalName"))
        if (
            isinstance(address, str)
            and "@" in address
            and address.isprintable()
            and not set(address) & set(" \t#")
        ):
            yield address


def _escaped(path: str) -> str:
    return path.replace("\\", "\\\\").replace(" ", "\\ ").replace("#", "\\#")

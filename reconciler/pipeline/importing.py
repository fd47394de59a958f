"""Importing: a file that was exported elsewhere, into what the desired state does not have yet."""

from __future__ import annotations

import re
from pathlib import Path

from reconciler.edge.documents import read_documents, read_profiles
from reconciler.edge.new_files import read_exported, write_new_files
from reconciler.edge.shipped import read_shipped
from reconciler.importers.entra import Asked, Imported, import_entra
from reconciler.model.errors import DesiredStateError, ImportRefused, ReconcilerError, UsageError
from reconciler.model.place import Document
from reconciler.model.profile import Profile
from reconciler.pipeline.world import World, built_in_profiles
from reconciler.stages.parse import build_shapes
from reconciler.stages.parse_connections import check_url
from reconciler.stages.parse_profiles import is_file, parse_profiles
from reconciler.stages.read import read_yaml
from reconciler.stages.reading import Gathered, Node

LARGEST = 64 * 1024 * 1024
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")


def import_schema(world: World, file: Path, asked: Asked, folder: Path) -> Imported:
    """What the exported schema in `file` makes, beside what `folder` declares already.

    Raises ImportRefused for a file that is no schema, UsageError for what was asked and cannot be, ReconcilerError for
    what cannot be read.
    """
    _check(asked)
    profiles = {**built_in_profiles(), **_own_profile(world, asked)}
    content = read_exported(file, LARGEST)
    try:
        return import_entra(content, asked, profiles, _declared(folder).get("attributes", {}))
    except ImportRefused as error:
        raise ImportRefused(f"{file}: {error}") from None


def write_imported(imported: Imported, folder: Path) -> list[Path]:
    """Writes each document into its kind's place below `folder`, and gives the files.

    Raises ReconcilerError, before anything is written, for a file that is there already and for a name that is taken.
    """
    declared = _declared(folder)
    taken = [
        f"{kind.removesuffix('s')} `{name}` is declared already, in {where[name.casefold()]}"
        for kind in ("mappings", "scopes", "targets") if (where := declared.get(kind))
        for name in imported.names if name.casefold() in where
    ]  # fmt: skip
    if taken:
        raise ReconcilerError(
            "\n".join([*taken, "nothing was written; choose another --name, or take out what is there"])
        )
    texts = {folder / each.kind / f"{imported.name}.yaml": each.text for each in imported.documents}
    write_new_files(texts)
    return list(texts)


def _check(asked: Asked) -> None:
    if asked.url is not None:
        gathered = Gathered({"--url": Document(path="--url", text="")})
        check_url(Node(asked.url, "--url", (), gathered))
        if gathered.mistakes:
            raise UsageError(gathered.mistakes[0].text)
    if asked.notify is not None and not _MAIL.fullmatch(asked.notify):
        raise UsageError(f"`{asked.notify}` is no mail address; write it@example.com")


def _declared(folder: Path) -> dict[str, dict[str, str]]:
    """What the YAML below `folder` declares: by kind the names, ignoring case, and where. Mistakes are for `validate`."""
    found: dict[str, dict[str, str]] = {}
    if not folder.is_dir():
        return found
    whole = folder.resolve()
    documents, _ = read_documents(whole.parent, whole.name)
    for document in documents:
        top, _ = read_yaml(document)
        for kind, entries in top.items() if isinstance(top, dict) else ():
            if isinstance(entries, dict):
                found.setdefault(kind, {}).update({name.casefold(): document.path for name in entries})
    return found


def _own_profile(world: World, asked: Asked) -> dict[str, Profile]:
    """The profile file that was asked for, if a path was. Raises DesiredStateError for one that is wrong."""
    if asked.profile is None or not is_file(asked.profile):
        return {}
    files = read_profiles(world.base, [asked.profile])
    for path, document in files.items():
        if isinstance(document, str):
            raise UsageError(f"{path} {document}")
    gathered = Gathered(
        {document.path: document for document in files.values() if isinstance(document, Document)}
    )
    shapes = build_shapes(read_shipped("desired-state.schema.json"), read_shipped("profile.schema.json"))
    profiles = parse_profiles(files, gathered, shapes.profile)
    if gathered.mistakes:
        raise DesiredStateError(tuple(sorted(gathered.mistakes)))
    return profiles

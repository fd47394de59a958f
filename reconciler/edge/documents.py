"""Documents: the YAML files of the desired state, and the profile files that targets name, as text."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from reconciler.model.errors import ReconcilerError
from reconciler.model.neutral import neutral
from reconciler.model.place import Document, Mistake

LARGEST = 64 * 1024 * 1024
LARGEST_PROFILE = 1024 * 1024


def read_documents(base: Path, desired: str) -> tuple[tuple[Document, ...], tuple[Mistake, ...]]:
    """Every YAML file below `base/desired`, sorted, with the mistakes of those that cannot be read.

    Raises ReconcilerError if there is no such folder.
    """
    root = base / desired
    if not root.is_dir():
        raise ReconcilerError(
            f"{desired}: there is no such folder; name it with --desired, or the checkout with -C"
        )
    documents: list[Document] = []
    mistakes: list[Mistake] = []
    top = root.resolve()
    for file in sorted(root.rglob("*")):
        written = file.relative_to(base).as_posix()
        path = neutral(written)
        if file.suffix in (".yaml", ".yml"):
            found = _read(file, path, top, desired)
        elif (
            file.is_symlink() and file.is_dir()
        ):  # nobody looks inside, and what is there would be missing silently
            found = "is a link to a folder; put the folder itself here"
        else:
            continue
        if path != written:
            found = "has a name with control or invisible characters; rename it"
        if isinstance(found, str):
            mistakes.append(Mistake(path, 1, 1, found))
        else:
            documents.append(found)
    return tuple(documents), tuple(mistakes)


def _read(file: Path, path: str, top: Path, desired: str) -> Document | str:
    """The document in one file, which is UTF-8, or what is wrong with it."""
    try:
        if not file.resolve().is_relative_to(top):
            return f"leads outside of {desired}; put the file itself here"
        if not file.is_file() or file.stat().st_size > LARGEST:
            return "is no file of at most 64 MB; split it"
        return Document(path=path, text=file.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        return "is not UTF-8; save it as UTF-8"
    except (OSError, RuntimeError) as error:  # a link to itself is the one or the other
        return f"cannot be read ({type(error).__name__}); put a readable file here"


def read_profiles(base: Path, paths: Iterable[str]) -> dict[str, Document | str]:
    """The profile file of each path below `base`, or what is wrong with the path."""
    return {path: _read_profile(base.resolve(), path) for path in paths}


def _read_profile(base: Path, path: str) -> Document | str:
    try:
        file = (base / path).resolve()
        if not file.is_relative_to(base):
            return "leads outside of the checkout; put the profile file inside it"
        if not file.is_file():
            return "is no file; write a path from the top of the checkout"
        if file.stat().st_size > LARGEST_PROFILE:
            return "is larger than 1 MB; a profile is a short file"
        return Document(path=path, text=file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        return "is not UTF-8; save it as UTF-8"
    except (OSError, ValueError, RuntimeError):
        return "cannot be read; write the path of a readable file"

"""Git tree: the YAML and profile files of a commit, from git's own store: the work tree is neither read nor touched.

What is read is the blobs as they are: no filter, hook or attribute of the checkout takes part. Bounds and messages are those of
`documents`; what a checkout would bring from elsewhere (a submodule, Git LFS) is told to be missing.
"""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.edge.documents import LARGEST, LARGEST_PROFILE
from reconciler.model.errors import ReconcilerError, UsageError
from reconciler.model.neutral import neutral
from reconciler.model.place import Document, Mistake

SECONDS = 120.0
LINKS = 10  # from one to the next
_OBJECT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PASSED = re.compile(r"PATH|HOME|USER|LOGNAME|TMPDIR|XDG_CONFIG_HOME|SSH_\w+|GIT_\w+")  # no token of ours
_LFS = b"version https://git-lfs.github.com/spec/"
LINK, MODULE, FOLDER = "120000", "160000", "040000"


@dataclass(frozen=True, slots=True, kw_only=True)
class GitTree:
    """What `ref` stood for when it was looked up; `commit` is empty where it names a tree that is no commit's."""

    ref: str
    commit: str
    tree: str
    base: Path
    environ: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of `git ls-tree`."""

    mode: str
    object: str
    size: int


def open_tree(base: Path, ref: str, environ: Mapping[str, str]) -> GitTree:
    """The tree that `ref` names in the repository around `base`.

    Raises UsageError for what is no ref or names nothing here, ReconcilerError where there is no repository to ask.
    """
    if not ref or ref.startswith("-") or not ref.isprintable():
        raise UsageError(f"--base {neutral(ref)!r}: write a branch, a tag or a commit, as in origin/main")
    _run(base, environ, "rev-parse", "--git-dir")
    tree = _resolve(base, environ, f"{ref}^{{tree}}")
    if not tree:
        raise UsageError(f"--base {neutral(ref)}: {_unknown(base, environ, ref)}")
    commit = _resolve(base, environ, f"{ref}^{{commit}}")
    return GitTree(ref=ref, commit=commit, tree=tree, base=base, environ=environ)


def read_documents_at(tree: GitTree, desired: str) -> tuple[tuple[Document, ...], tuple[Mistake, ...]]:
    """Every YAML file that `tree` has below `desired`, sorted, with the mistakes of those that cannot be read.

    A tree without that folder has none: nothing was declared then.
    """
    root = _below(tree.base, desired)
    entries = _list(tree, root, recursive=True)
    wanted, mistakes = _choose(tree, entries, root, desired)
    contents = _contents(tree, [entry.object for entry in wanted.values()])
    documents: list[Document] = []
    for name, entry in sorted(wanted.items()):
        path = neutral(name)
        found = _checked(contents[entry.object])
        if path != name:
            found = "has a name with control or invisible characters; rename it"
        if isinstance(found, str):
            mistakes.append(Mistake(path, 1, 1, found))
        else:
            documents.append(Document(path=path, text=found.decode("utf-8-sig")))
    return tuple(documents), tuple(sorted(mistakes))


def read_profiles_at(tree: GitTree, paths: Iterable[str]) -> dict[str, Document | str]:
    """The profile file that `tree` has at each path below the checkout, or what is wrong with the path."""
    return {path: _profile(tree, path) for path in paths}


def _choose(
    tree: GitTree, entries: Mapping[str, _Entry], root: str, desired: str
) -> tuple[dict[str, _Entry], list[Mistake]]:
    """The files to read, by path, each link replaced by the file that it leads to."""
    wanted: dict[str, _Entry] = {}
    mistakes: list[Mistake] = []
    targets = _contents(tree, [entry.object for entry in entries.values() if entry.mode == LINK])
    folders = {posixpath.dirname(name) for name in entries}
    for name, entry in entries.items():
        is_yaml = name.endswith((".yaml", ".yml"))
        found: _Entry | str = entry
        if entry.mode == MODULE:
            found = "is a submodule, whose files git keeps elsewhere"
        elif entry.mode == LINK:
            end = _follow(name, entries, targets)
            is_folder = end == root or any(other == end or other.startswith(f"{end}/") for other in folders)
            found = entries.get(end, "leads nowhere; put the file itself here")
            if name == root or is_folder:
                found = "is a link to a folder; put the folder itself here"
            elif not is_yaml:
                continue
            elif end != root and not end.startswith(f"{root}/"):
                found = f"leads outside of {desired}; put the file itself here"
        elif not is_yaml:
            continue
        if isinstance(found, _Entry) and found.size > LARGEST:
            found = "is no file of at most 64 MB; split it"
        if isinstance(found, str):
            mistakes.append(Mistake(neutral(name), 1, 1, found))
        else:
            wanted[name] = found
    return wanted, mistakes


def _follow(name: str, entries: Mapping[str, _Entry], targets: Mapping[str, bytes]) -> str:
    """The path at which a link ends, link after link; the name of one that goes round in a circle."""
    for _ in range(LINKS):
        entry = entries.get(name)
        if entry is None or entry.mode != LINK:
            return name
        to = os.fsdecode(targets[entry.object])
        name = to if to.startswith("/") else posixpath.normpath(posixpath.join(posixpath.dirname(name), to))
    return "/"


def _profile(tree: GitTree, path: str) -> Document | str:
    name = posixpath.normpath(path)
    for _ in range(LINKS):
        if name.startswith(("/", "../")) or "\0" in name:
            return "leads outside of the checkout; put the profile file inside it"
        entry = _list(tree, name, recursive=False).get(name)
        if entry is None or entry.mode in (MODULE, FOLDER):
            return "is no file; write a path from the top of the checkout"
        if entry.size > LARGEST_PROFILE:
            return "is larger than 1 MB; a profile is a short file"
        content = _contents(tree, [entry.object])[entry.object]
        if entry.mode != LINK:
            found = _checked(content)
            return found if isinstance(found, str) else Document(path=path, text=found.decode("utf-8-sig"))
        name = posixpath.normpath(posixpath.join(posixpath.dirname(name), os.fsdecode(content)))
    return "is a link that leads in a circle; put the profile file itself here"


def _checked(content: bytes) -> bytes | str:
    """The content of a file, which is UTF-8, or what is wrong with it."""
    if content.startswith(_LFS):
        return "is kept in Git LFS, and its text is not in git; keep the text itself there"
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "is not UTF-8; save it as UTF-8"
    return content


def _below(base: Path, desired: str) -> str:
    """`desired` from the working folder, as git writes paths. Raises UsageError for a folder that is elsewhere."""
    path = os.path.relpath(os.path.abspath(base / desired), os.path.abspath(base))  # noqa: PTH100  # follows no link
    if path.startswith(".."):
        raise UsageError(f"--base reads {neutral(desired)} from git, and that is not below the folder of -C")
    return path


def _list(tree: GitTree, path: str, *, recursive: bool) -> dict[str, _Entry]:
    """The entries of `tree` at or below a path, by their path from the working folder."""
    options = ("-r",) if recursive else ()
    told = _run(tree.base, tree.environ, "ls-tree", *options, "-l", "-z", tree.tree, "--", path)
    entries = {}
    for line in filter(None, told.split(b"\0")):
        head, _, name = line.partition(b"\t")
        mode, _, object_, size = head.decode("ascii").split()
        entries[os.fsdecode(name)] = _Entry(mode, object_, int(size) if size.isdecimal() else 0)
    return entries


def _contents(tree: GitTree, objects: Iterable[str]) -> dict[str, bytes]:
    """The content of each blob, by its object name."""
    asked = list(dict.fromkeys(objects))
    if not asked:
        return {}
    told = _run(
        tree.base, tree.environ, "cat-file", "--batch", told=("\n".join(asked) + "\n").encode("ascii")
    )
    contents, at = {}, 0
    for name in asked:
        end = told.index(b"\n", at)
        words = told[at:end].split()
        if len(words) != 3 or words[1] != b"blob":
            raise ReconcilerError(
                f"git lacks the object {name} of {neutral(tree.ref)}; fetch it whole, or run git fsck"
            )
        at = end + 1 + int(words[2])
        contents[name] = told[end + 1 : at]
        at += 1
    return contents


def _resolve(base: Path, environ: Mapping[str, str], expression: str) -> str:
    """The object that an expression names; empty if there is none."""
    done = _git(base, environ, ("rev-parse", "--verify", "--quiet", expression, "--"), b"")
    name = done.stdout.decode("utf-8", "replace").strip()
    return name if done.returncode == 0 and _OBJECT.fullmatch(name) else ""


def _unknown(base: Path, environ: Mapping[str, str], ref: str) -> str:
    """Why a ref may not be known here, and what to write or do instead."""
    is_shallow = _git(base, environ, ("rev-parse", "--is-shallow-repository"), b"").stdout.strip() == b"true"
    if is_shallow:
        return "this clone is shallow and does not have it; fetch more, with actions/checkout by `fetch-depth: 0`"
    if _resolve(base, environ, f"origin/{ref}^{{tree}}"):
        return f"git knows no such branch, tag or commit here; did you mean origin/{neutral(ref)}?"
    return "git knows no such branch, tag or commit here; fetch it, or write another"


def _run(base: Path, environ: Mapping[str, str], *words: str, told: bytes = b"") -> bytes:
    """What git answers. Raises ReconcilerError with what it says instead."""
    done = _git(base, environ, words, told)
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0].removeprefix("fatal: ")
    if said.startswith("not a git repository"):
        raise ReconcilerError("--base: this is no git repository; run it in a checkout, or name one with -C")
    if "dubious ownership" in said:
        said += "; `git config --global --add safe.directory` with that folder tells git that you trust it"
    raise ReconcilerError(f"--base: git {words[0]} failed: {neutral(said) or f'exit {done.returncode}'}")


def _git(
    base: Path, environ: Mapping[str, str], words: tuple[str, ...], told: bytes
) -> subprocess.CompletedProcess[bytes]:
    passed = {name: value for name, value in environ.items() if _PASSED.fullmatch(name)}
    settled = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    command = ("git", "--no-pager", "--no-replace-objects", "--literal-pathspecs", "-C", str(base), *words)
    try:
        return subprocess.run(  # noqa: S603  # a fixed program; what people write stands behind a verb, or `--`
            command, input=told, capture_output=True, env={**passed, **settled}, timeout=SECONDS, check=False
        )
    except FileNotFoundError:
        raise ReconcilerError("--base: there is no git on this machine; install it") from None
    except subprocess.TimeoutExpired:
        raise ReconcilerError(f"--base: git {words[0]} took longer than {SECONDS:.0f} s") from None
    except (OSError, ValueError) as error:
        raise ReconcilerError(f"--base: git could not be run: {type(error).__name__}") from None

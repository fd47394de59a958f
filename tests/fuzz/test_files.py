"""Hostile files: where YAML, profiles and secrets may come from, and what else may lie there."""

# ruff: noqa: PT017  # hostile input may be taken or refused; how it is refused is looked at where it is

from __future__ import annotations

import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.edge import credentials
from reconciler.edge.credentials import read_secret
from reconciler.edge.documents import read_documents, read_profiles
from reconciler.model.errors import TargetError
from reconciler.model.place import Mistake
from reconciler.model.target import SecretRef
from tests.fuzz.hostile import PLACE, assert_neutral
from tests.fuzz.small_endpoint import declare
from tests.fuzz.test_expressions import in_a_small_process
from tests.fuzz.volume import LONGEST, tried, within
from tests.tool import Tool

CANARY = "canary-9b1f7c"


def fifo(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def itself(path: Path) -> None:
    path.symlink_to(path.name)


def nowhere(path: Path) -> None:
    path.symlink_to("nothing.yaml")


def upwards(path: Path) -> None:
    path.symlink_to("../../secret.yaml")


def away(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def bound(path: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        listener.bind(path.name)
    finally:
        os.chdir(here)
        listener.close()


def sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(1 << 40)


def utf16(path: Path) -> None:
    path.write_bytes("users: {}".encode("utf-16"))


def latin(path: Path) -> None:
    path.write_bytes(b"users: {a: {displayName: \xe9}}")


def nulls(path: Path) -> None:
    path.write_bytes(b"users: {}\x00")


STRANGE = (fifo, folder, endless, itself, nowhere, upwards, away, bound, sparse, utf16, latin, nulls)


@pytest.mark.parametrize("make", STRANGE, ids=lambda make: make.__name__)
def test_whatever_stands_where_yaml_should_is_a_mistake_with_its_place(
    make: object, tool: Tool, tmp_path: Path
) -> None:
    declare(tmp_path, "https://scim.example.com")
    (tmp_path / "secret.yaml").write_text(f"users: {{{CANARY}: 1}}")
    path = tmp_path / "desired_state" / "users" / "x.yaml"
    path.parent.mkdir()
    make(path)  # type: ignore[operator]

    result = within(LONGEST, lambda: tool.run(tmp_path, ("validate",), {}))

    tried("strange file")
    assert result.code == 1, str(result)
    assert PLACE.match(result.out), str(result)
    assert "users/x.yaml" in result.out
    assert CANARY not in result.out
    assert_neutral(result.out + result.err)


def test_a_file_that_nobody_may_read_is_a_mistake() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        with as_nobody():
            mistakes = _told_of_an_unreadable_file(Path(folder))

    assert [mistake.document for mistake in mistakes] == ["desired_state/users.yaml"]


def _told_of_an_unreadable_file(folder: Path) -> tuple[Mistake, ...]:
    path = folder / "desired_state" / "users.yaml"
    path.parent.mkdir()
    path.write_text("users: {}")
    path.chmod(0)
    return read_documents(folder, "desired_state")[1]


@contextmanager
def as_nobody() -> Iterator[None]:
    """As a user for whom permissions count: the super-user may read everything."""
    is_root = os.geteuid() == 0
    mask = os.umask(0)
    try:
        if is_root:
            os.seteuid(65534)
        yield
    finally:
        if is_root:
            os.seteuid(0)
        os.umask(mask)


def test_a_folder_that_is_a_link_is_a_mistake_and_not_passed_over(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "more.yaml").write_text("users: {eve: {}}")
    (tmp_path / "desired_state").mkdir()
    (tmp_path / "desired_state" / "users").symlink_to(elsewhere)

    documents, mistakes = read_documents(tmp_path, "desired_state")

    assert documents == ()
    assert [str(mistake) for mistake in mistakes] == [
        "desired_state/users:1:1: is a link to a folder; put the folder itself here"
    ]


@pytest.mark.parametrize("start", ["\ufeff", "\r\n", "\ufeff\r\n", "# a\r", "---\r\n"], ids=repr)
def test_marks_and_line_ends_of_every_sort_are_read(start: str, tool: Tool, tmp_path: Path) -> None:
    declare(tmp_path, "https://scim.example.com")
    (tmp_path / "desired_state" / "removed").mkdir()
    path = tmp_path / "desired_state" / "users.yaml"
    path.write_bytes(
        (
            start.replace("# a\r", "# a\r\n")
            + "users:\r\n  ada: {userPrincipalName: a}\n  bob:\r    userPrincipalName: b\r\n"
        ).encode()
    )
    (tmp_path / "desired_state" / "groups.yaml").unlink()

    result = tool.run(tmp_path, ("validate",), {})

    assert result.code == 0, str(result)
    assert "2 users" in result.out


PROFILES = {
    "upwards": "../secret.yaml", "absolute": "/etc/passwd", "a device": "/dev/zero", "a null byte": "a/\x00.yaml", "a folder": "folder/x.yaml",
    "a pipe": "folder/pipe.yaml", "a link away": "folder/away.yaml", "a link to itself": "folder/itself.yaml", "long": "x/" * 5000 + "y.yaml",
    "nothing": "folder/none.yaml", "a half character": "folder/\udcff.yaml", "large": "folder/large.yaml",
}  # fmt: skip


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_comes_from_a_file_of_the_checkout_only(name: str, tmp_path: Path) -> None:
    base = tmp_path / "checkout"
    (base / "folder" / "x.yaml").mkdir(parents=True)
    (tmp_path / "secret.yaml").write_text(CANARY)
    fifo(base / "folder" / "pipe.yaml")
    (base / "folder" / "away.yaml").symlink_to(tmp_path / "secret.yaml")
    itself(base / "folder" / "itself.yaml")
    sparse(base / "folder" / "large.yaml")

    found = within(LONGEST, lambda: read_profiles(base, [PROFILES[name]]))

    tried("strange file")
    why = found[PROFILES[name]]
    assert isinstance(why, str)
    assert ";" in why


def secret(tmp_path: Path, ref: SecretRef) -> str:
    """The value of a reference; an error never holds it."""
    tried("secret reference")
    try:
        return within(LONGEST, lambda: read_secret(ref, {}, root=tmp_path))
    except TargetError as error:
        assert CANARY not in str(error)
        assert_neutral(str(error))
        raise


def test_a_secret_file_is_found_below_the_checkout_or_at_an_absolute_path(tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    root.mkdir()
    (root / "token").write_text(f" {CANARY}\n")
    (tmp_path / "mounted").write_text(f"{CANARY}-too\n")
    (root / "link").symlink_to(tmp_path / "mounted")

    assert secret(root, SecretRef(file="token")) == CANARY
    assert secret(root, SecretRef(file=str(tmp_path / "mounted"))) == f"{CANARY}-too"
    assert secret(root, SecretRef(file="link")) == f"{CANARY}-too"


@pytest.mark.parametrize(
    "file",
    [
        "none",
        ".",
        "pipe",
        "/dev/zero",
        "a\x00b",
        "itself",
        "large",
        "latin",
        "x" * 5000,
        "\u202e",
        "a\n::error::b",
    ],
    ids=repr,
)
def test_whatever_else_is_named_as_a_secret_file_is_an_error_at_once(file: str, tmp_path: Path) -> None:
    fifo(tmp_path / "pipe")
    itself(tmp_path / "itself")
    sparse(tmp_path / "large")
    (tmp_path / "latin").write_bytes(CANARY.encode() + b"\xff")

    with pytest.raises(TargetError):
        secret(tmp_path, SecretRef(file=file))


def python(code: str) -> SecretRef:
    return SecretRef(command=(sys.executable, "-c", code))


def test_a_secret_command_gives_what_it_writes(tmp_path: Path) -> None:
    assert secret(tmp_path, python(f"print('{CANARY}')")) == CANARY


@pytest.mark.parametrize(
    "ref",
    [
        python(f"import sys; print('{CANARY}'); sys.exit('{CANARY}')"), python(f"raise RuntimeError('{CANARY}')"),
        python(f"import os, signal; print('{CANARY}', flush=True); os.kill(os.getpid(), signal.SIGTERM)"),
        python(f"while True: print('{CANARY}')"), python(rf"import sys; sys.stdout.buffer.write(b'{CANARY}\xff')"),
        SecretRef(command=("/nothing",)), SecretRef(command=("/",)), SecretRef(command=("a\x00b",)), SecretRef(command=()),
        SecretRef(command=("\n::error::\u202e",)),
    ],
    ids=range(10),
)  # fmt: skip
def test_a_secret_command_that_fails_is_an_error_that_tells_nothing(ref: SecretRef, tmp_path: Path) -> None:
    with pytest.raises(TargetError):
        secret(tmp_path, ref)


def test_a_secret_command_without_end_is_not_waited_for_nor_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "COMMAND_SECONDS", 0.3)
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(5)']); print('{CANARY}')"

    with pytest.raises(TargetError, match="took longer"):
        secret(tmp_path, python(code))


def test_no_secret_takes_memory_without_bounds(tmp_path: Path) -> None:
    def act() -> None:
        for ref in (SecretRef(file="/dev/zero"), python("while True: print('x' * 1000000)")):
            try:
                read_secret(ref, {}, root=tmp_path)
            except TargetError:
                continue
            raise AssertionError(ref)

    in_a_small_process(act)

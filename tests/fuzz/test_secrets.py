"""A canary wherever a secret may come from: none of them is ever seen in an output, a plan, a log or a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.raw_server import answer, raw_server
from tests.fuzz.small_endpoint import GROUPS, USERS, declare, small_endpoint
from tests.fuzz.volume import IS_FULL, tried
from tests.tool import Tool

CANARY = "canary-9b1f7c"
COMMANDS = (
    ("validate",), ("plan",), ("plan", "--format", "json", "--requests", "--out", "plan.json", "--manifest", "manifest.json"), ("drift",),
    ("explain", "user:ada"), ("apply", "--yes"), ("apply", "plan.json"), ("log",), ("log", "--format", "json"),
)  # fmt: skip


def files_with_canary(base: Path, but: Iterable[str] = ()) -> list[str]:
    """The files below `base` that hold a canary, but for those where it was put."""
    return [
        str(path.relative_to(base)) for path in base.rglob("*")
        if path.is_file() and path.name not in but and CANARY.encode() in path.read_bytes()
    ]  # fmt: skip


def run_all(tool: Tool, base: Path, environ: dict[str, str], but: tuple[str, ...] = ()) -> None:
    """Every command, every other one with tracebacks asked for; no canary may come out of any."""
    for number, command in enumerate(COMMANDS):
        asked = {"RECONCILE_TRACEBACK": "1"} if number % 2 == IS_FULL else {}
        result = tool.run(base, command, {**environ, **asked})
        assert CANARY not in result.out + result.err, str(result)
        assert "internal error" not in result.err, str(result)
        assert "Traceback" not in result.err, str(result)
        tried("command with a canary for a secret")

    assert files_with_canary(base, but) == []


def from_env(base: Path) -> tuple[object, dict[str, str], tuple[str, ...]]:
    return {"bearer": {"env": "SCIM_TOKEN"}}, {"SCIM_TOKEN": f"{CANARY}-env"}, ()


def from_file(base: Path) -> tuple[object, dict[str, str], tuple[str, ...]]:
    (base / "token.txt").write_text(f"{CANARY}-file")
    return {"bearer": {"file": "token.txt"}}, {}, ("token.txt",)


def from_command(base: Path) -> tuple[object, dict[str, str], tuple[str, ...]]:
    (base / "give.py").write_text(f"print('{CANARY}-command')")
    return {"bearer": {"command": [sys.executable, "give.py"]}}, {}, ("give.py",)


def unusable(base: Path) -> tuple[object, dict[str, str], tuple[str, ...]]:
    return {"bearer": {"env": "SCIM_TOKEN"}}, {"SCIM_TOKEN": f"{CANARY}-ümlaut\n{CANARY}"}, ()


SOURCES: tuple[Callable[[Path], tuple[object, dict[str, str], tuple[str, ...]]], ...] = (
    from_env,
    from_file,
    from_command,
    unusable,
)
REFUSALS: dict[str, Callable[[str, str], Any]] = {
    "nobody is allowed": lambda method, path: answer({"detail": "no"}, "401 Unauthorized"),
    "noise": lambda method, path: b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    "elsewhere": lambda method, path: answer({}, "302 Found", [("Location", "http://127.0.0.1:9/x")]),
}  # fmt: skip


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__)
def test_a_token_never_shows_where_writes_are_refused(source: Any, tool: Tool, tmp_path: Path) -> None:
    with small_endpoint(refusal={"detail": "no", "scimType": "mutability"}) as server:
        auth, environ, but = source(tmp_path)
        declare(tmp_path, server.url, auth=auth)

        run_all(tool, tmp_path, environ, but)


@pytest.mark.parametrize("name", ["nobody is allowed", "elsewhere"])
def test_a_token_never_shows_where_the_endpoint_cannot_be_read(name: str, tool: Tool, tmp_path: Path) -> None:
    with raw_server(REFUSALS[name]) as server:
        declare(tmp_path, server.url, auth={"bearer": {"env": "SCIM_TOKEN"}})

        run_all(tool, tmp_path, {"SCIM_TOKEN": f"{CANARY}-env"})


@pytest.mark.parametrize("status", ["200 OK", "400 Bad", "500 Oops"])
def test_a_client_secret_never_shows_even_if_the_token_endpoint_repeats_it(
    status: str, tool: Tool, tmp_path: Path
) -> None:
    said = answer({"error": f"{CANARY}-client", "error_description": f"{CANARY}-client"}, status)
    with raw_server(lambda method, path: said) as tokens:
        oauth = {"tokenUrl": tokens.url, "clientId": "me", "clientSecret": {"env": "SECRET"}}
        declare(tmp_path, "https://scim.example.com", auth={"oauth2ClientCredentials": oauth})

        run_all(tool, tmp_path, {"SECRET": f"{CANARY}-client"})


def test_a_fetched_token_never_shows(tool: Tool, tmp_path: Path) -> None:
    said = answer({"access_token": f"{CANARY}-fetched", "expires_in": 3600})
    with raw_server(lambda method, path: said) as tokens, small_endpoint() as server:
        oauth = {"tokenUrl": tokens.url, "clientId": "me", "clientSecret": {"env": "SECRET"}}
        declare(tmp_path, server.url, auth={"oauth2ClientCredentials": oauth})

        run_all(tool, tmp_path, {"SECRET": f"{CANARY}-client"})


def test_a_webhook_and_a_password_never_show_where_no_notice_can_be_sent(tool: Tool, tmp_path: Path) -> None:
    with (
        small_endpoint(USERS, GROUPS) as server,
        raw_server(lambda method, path: answer({}, "404 Gone")) as hook,
    ):
        smtp = {
            "host": "127.0.0.1",
            "port": 9,
            "username": {"env": "MAIL_USER"},
            "password": {"env": "MAIL_PASSWORD"},
        }
        notify = [
            {"webhook": {"env": "HOOK"}}, {"webhook": {"env": "NO_URL"}},
            {"email": {"to": "it@example.com", "from": "scim@example.com", "smtp": smtp}},
        ]  # fmt: skip
        declare(tmp_path, server.url, notify=notify)
        environ = {
            "SCIM_TOKEN": f"{CANARY}-env", "HOOK": f"{hook.url}/{CANARY}-hook", "NO_URL": f"http://[{CANARY}-no-url",
            "MAIL_USER": f"{CANARY}-user", "MAIL_PASSWORD": f"{CANARY}-password", "RECONCILE_MANIFEST_KEY": f"{CANARY}-key",
        }  # fmt: skip

        result = tool.run(tmp_path, ("apply", "--yes"), environ)
        run_all(tool, tmp_path, environ)

        assert hook.asked, str(result)


def test_a_literal_secret_is_refused_without_being_repeated(tool: Tool, tmp_path: Path) -> None:
    declare(tmp_path, "https://scim.example.com", auth={"bearer": f"{CANARY}-literal"})
    where = ("targets.yaml",)

    run_all(tool, tmp_path, {}, where)


@pytest.mark.parametrize(
    "url",
    [
        f"https://me:{CANARY}@scim.example.com",
        f"https://{CANARY}@scim.example.com",
        f"http://me:{CANARY}@scim.example.com",
    ],
)
def test_a_url_with_a_password_is_refused_without_being_repeated(
    url: str, tool: Tool, tmp_path: Path
) -> None:
    declare(tmp_path, url, client={"proxy": url})

    run_all(tool, tmp_path, {}, ("targets.yaml",))

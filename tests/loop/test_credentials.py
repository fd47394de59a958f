"""Where a token comes from: a variable, a file, a command, or a token endpoint; and what is said when it is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from reconciler.sandbox import running
from tests.loop.test_loop import Directory, make
from tests.loopback import LOOPBACK, serving
from tests.servers.running import Server

TOKEN, SECRET = "sandbox-token", "a-client-secret"


class TokenEndpoint(ThreadingHTTPServer):
    """Gives `tokens` in turn, the last one for ever, to who knows the secret (RFC 6749 section 4.4)."""

    def __init__(self, tokens: list[str]) -> None:
        super().__init__((LOOPBACK, 0), _Answering)
        self.tokens, self.asked = tokens, 0


class _Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, TokenEndpoint)
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        is_known = form.get("client_secret") == [SECRET] and form["grant_type"] == ["client_credentials"]
        self.server.asked += 1
        token = self.server.tokens.pop(0) if len(self.server.tokens) > 1 else self.server.tokens[0]
        body = {"access_token": token, "expires_in": 3600} if is_known else {"error": "invalid_client"}
        self.send_response(200 if is_known else 401)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # its name in the library
        """Says nothing."""


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    with running(None, TOKEN) as endpoint:
        yield make(tmp_path, Server(name="sandbox", url=endpoint.url, token=TOKEN))


@contextmanager
def granting(directory: Directory, tokens: list[str]) -> Iterator[TokenEndpoint]:
    server = TokenEndpoint(tokens)
    url = f"http://{LOOPBACK}:{server.server_port}/token"
    text = f"{{oauth2ClientCredentials: {{tokenUrl: '{url}', clientId: me, clientSecret: {{file: secret}}, scope: scim}}}}"
    directory.edit("targets", "{bearer: {env: SCIM_TOKEN}}", text)
    (directory.base / "secret").write_text(SECRET + "\n")
    with serving(server):
        yield server


def test_a_token_is_fetched_with_client_credentials_once_for_many_requests(directory: Directory) -> None:
    with granting(directory, [TOKEN]) as server:
        done = directory.run("plan")

    assert done.returncode == 0, done.stderr
    assert server.asked == 1


def test_a_token_that_is_refused_is_renewed_once(directory: Directory) -> None:
    with granting(directory, ["a-stale-token", TOKEN]):
        done = directory.run("apply", "--yes")

    assert done.returncode == 0, done.stderr
    assert len(directory.users()) == 3


def test_a_wrong_client_secret_is_told_and_not_shown(directory: Directory) -> None:
    with granting(directory, [TOKEN]):
        (directory.base / "secret").write_text("a-wrong-secret")
        done = directory.run("plan")

    assert done.returncode == 1
    assert "check clientId and clientSecret" in done.stderr
    assert "a-wrong-secret" not in done.stdout + done.stderr


def test_a_client_that_the_token_endpoint_refuses_puts_the_target_into_quarantine(
    directory: Directory,
) -> None:
    with granting(directory, [TOKEN]):
        (directory.base / "secret").write_text("an-old-secret")
        refused = directory.run("apply", "--yes")
        found = json.loads((directory.base / ".reconcile" / "quarantine" / "live.json").read_text())

    assert refused.returncode == 1
    assert "check clientId and clientSecret" in refused.stderr
    assert found["code"] == "EncounteredQuarantineException"
    assert "an-old-secret" not in json.dumps(found) + refused.stderr


def test_a_token_comes_from_a_file_or_a_command_too(directory: Directory) -> None:
    (directory.base / "token").write_text(TOKEN + "\n")
    directory.edit("targets", "{bearer: {env: SCIM_TOKEN}}", "{bearer: {file: token}}")
    assert directory.run("plan").returncode == 0
    directory.edit("targets", "{bearer: {file: token}}", f"{{bearer: {{command: [echo, {TOKEN}]}}}}")
    assert directory.run("plan").returncode == 0


def test_a_refused_token_is_exit_1_and_says_what_to_do(directory: Directory) -> None:
    (directory.base / "token").write_text("a-refused-token")
    directory.edit("targets", "{bearer: {env: SCIM_TOKEN}}", "{bearer: {file: token}}")
    done = directory.run("apply", "--yes")

    assert done.returncode == 1
    assert "the token is refused: renew it" in done.stderr
    assert "a-refused-token" not in done.stdout + done.stderr

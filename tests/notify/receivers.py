"""Receivers of notices on loopback: a web server and a mail server that keep what they get."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.loopback import LOOPBACK, serving

USER, PASSWORD = "mailer", "a-mail-password"


@dataclass(slots=True)
class Web:
    """A web server: what it was sent, and the statuses that it answers with, the last of them for ever."""

    url: str
    statuses: list[int] = field(default_factory=lambda: [200])
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def status(self) -> int:
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        web: Web = self.server.web  # type: ignore[attr-defined]
        web.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(web.status())
        self.send_header("Location", f"{web.url}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextlib.contextmanager
def receive_posts() -> Iterator[Web]:
    """Gives a running web server."""
    with serving(ThreadingHTTPServer((LOOPBACK, 0), _Handler)) as server:
        web = Web(f"http://{LOOPBACK}:{server.server_address[1]}/hook/a-secret-path")
        server.web = web  # type: ignore[attr-defined]
        yield web


@dataclass(slots=True)
class Mailbox:
    """A mail server: where it is, the mails that it took, who logged in, and over what."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_DATA(self, _: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # the library's
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default))
        self.encrypted.append(session.ssl is not None)
        return "250 OK"

    def authenticate(self, *about: Any) -> AuthResult:
        given = about[-1]
        assert isinstance(given, LoginPassword)
        self.logins.append(given.login.decode())
        is_right = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=is_right, handled=False)


@contextlib.contextmanager
def receive_mails(certificate: Path | None = None, *, asks: bool = False) -> Iterator[Mailbox]:
    """Gives a running mail server; with a certificate it offers STARTTLS, `asks`: it wants a login."""
    mailbox = Mailbox()
    options: dict[str, Any] = {}
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        options = {"tls_context": context, "require_starttls": True}
    if asks:
        options |= {
            "authenticator": mailbox.authenticate,
            "auth_required": True,
            "auth_require_tls": certificate is not None,
        }
    controller = _Controller(mailbox, hostname=LOOPBACK, port=0, **options)
    controller.start()
    mailbox.port = controller.port
    try:
        yield mailbox
    finally:
        controller.stop()


class _Controller(Controller):
    def _trigger_server(self) -> None:
        # The library knocks at the port that it was told, which for port 0 is not the one it got.
        self.port = cast("asyncio.Server", self.server).sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]

"""Credentials: secrets by reference; their values never reach an error, a log or a repr."""

from __future__ import annotations

import asyncio
import os
import select
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from reconciler.edge.answers import exchange, no_answer_code
from reconciler.edge.client import Token
from reconciler.edge.trust import check_origin, trust
from reconciler.model.codes import SCIM
from reconciler.model.errors import TargetError, TransportError
from reconciler.model.neutral import neutral
from reconciler.model.target import Client, OAuth2ClientCredentials, SecretRef, Target

EARLY = 60.0  # seconds before its end that a token is renewed
LARGEST_SECRET = 64 * 1024  # bytes
COMMAND_SECONDS = 30.0
LONGEST_TOKEN = 10.0 * 365 * 86400  # seconds; `expires_in` beyond that, or none at all, is no promise


def read_secret(ref: SecretRef, environ: Mapping[str, str], *, root: Path) -> str:
    """The value that `ref` stands for. Raises TargetError that says what to set, never what it holds."""
    if ref.literal is not None:
        return ref.literal
    if ref.env is not None:
        value = environ.get(ref.env) or ref.default
        if not value:
            raise TargetError(
                f"the environment variable {ref.env} is not set; set it to what the target needs"
            )
        return value
    if ref.file is not None:
        return _read_file(root / ref.file, ref.file)
    if "CI" in environ and environ.get("RECONCILE_COMMAND") == "ci":
        raise TargetError("a secret from a command is refused under `ci`; write {env: NAME} or {file: path}")
    return _ask_command(ref.command or ("",))


def _read_file(path: Path, name: str) -> str:
    """The secret in a file below the checkout or, where secrets are mounted, at an absolute path.

    Nothing else is read than a file of a secret's size: not a pipe that nobody writes to, nor a device without end.
    """
    try:
        if not path.is_file():
            raise TargetError(f"cannot read the secret file {neutral(name)}: there is no such file")
        with path.open("rb") as stream:
            content = stream.read(LARGEST_SECRET + 1)
        if len(content) > LARGEST_SECRET:
            raise TargetError(f"the secret file {neutral(name)} is larger than {LARGEST_SECRET} bytes")
        return content.decode("utf-8").strip()
    except (OSError, ValueError) as error:  # a path with a null byte is a ValueError
        raise TargetError(f"cannot read the secret file {neutral(name)}: {type(error).__name__}") from None


def _ask_command(command: tuple[str, ...]) -> str:
    """What the command writes; it is ended once it takes too long or writes more than a secret."""
    program = neutral(command[0])
    try:
        # It keeps the terminal, where it may ask its user; what it started and left behind is not waited for.
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603
            try:
                content = _read_output(process)
                code = process.wait(COMMAND_SECONDS)
            finally:
                process.kill()
        if code:
            raise TargetError(f"the secret command {program} failed: exit {code}")
        return content.decode("utf-8").strip()
    except subprocess.TimeoutExpired:
        raise TargetError(f"the secret command {program} took longer than {COMMAND_SECONDS:.0f} s") from None
    except _TooMuchError:
        raise TargetError(f"the secret command {program} wrote more than {LARGEST_SECRET} bytes") from None
    except (OSError, ValueError) as error:
        raise TargetError(f"the secret command {program} failed: {type(error).__name__}") from None


class _TooMuchError(Exception):
    pass


def _read_output(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    content, end = b"", time.monotonic() + COMMAND_SECONDS
    while len(content) <= LARGEST_SECRET:
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            raise subprocess.TimeoutExpired(process.args, COMMAND_SECONDS)
        part = os.read(process.stdout.fileno(), LARGEST_SECRET)
        if not part:
            return content
        content += part
    raise _TooMuchError


def open_token(target: Target, environ: Mapping[str, str], *, root: Path) -> Token:
    """What gives the target's bearer token, and a fresh one where the endpoint refuses it.

    Raises TargetError for a secret that cannot be read or could not stand in a header.
    """
    if target.oauth2 is not None:
        return _ClientCredentials(target.oauth2, target.client, environ, root).token
    ref = target.bearer
    held = _header_safe(read_secret(ref, environ, root=root)) if ref else None

    async def token(renew: bool) -> str | None:
        nonlocal held
        if not renew:
            return held
        # A file or a command may have something newer by now; a variable cannot.
        if ref is None or ref.env is not None:
            return None
        fresh = _header_safe(read_secret(ref, environ, root=root))
        is_new, held = fresh != held, fresh
        return fresh if is_new else None

    return token


class _ClientCredentials:
    """A token fetched with client credentials (RFC 6749 section 4.4), and again before it ends."""

    def __init__(
        self, grant: OAuth2ClientCredentials, client: Client, environ: Mapping[str, str], root: Path
    ) -> None:
        check_origin(grant.token_url)
        self._grant, self._client = grant, client
        self._secret = read_secret(grant.client_secret, environ, root=root)
        self._held: str | None = None
        self._until = 0.0

    async def token(self, renew: bool) -> str | None:
        """The token in hand, or a new one."""
        if renew or self._held is None or time.monotonic() >= self._until:
            self._held, lasts = await self._fetch()
            self._until = time.monotonic() + max(lasts - EARLY, lasts / 2)
        return self._held

    async def _fetch(self) -> tuple[str, float]:
        grant = self._grant
        form = {
            "grant_type": "client_credentials",
            "client_id": grant.client_id,
            "client_secret": self._secret,
        }
        if grant.scope:
            form["scope"] = grant.scope
        try:
            async with httpx.AsyncClient(
                timeout=self._client.timeout_seconds, verify=trust(grant.token_url, self._client),
                proxy=self._client.proxy, trust_env=False, follow_redirects=False,
            ) as http:  # fmt: skip
                async with asyncio.timeout(self._client.timeout_seconds * 10):
                    request = http.build_request("POST", grant.token_url, data=form)
                    answer = await exchange(http, request, largest=LARGEST_SECRET)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            text = f"cannot reach {grant.token_url}: {type(error).__name__}"
            raise TransportError(text, code=no_answer_code(error)) from None
        try:
            body = answer.json() if answer.status_code == 200 else {}
            token, lasts = _header_safe(str(body["access_token"])), float(body.get("expires_in", 3600))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            is_passing = answer.status_code >= 500 or answer.status_code == 429
            raise TargetError(
                f"{grant.token_url}: no token (status {answer.status_code}); check clientId and clientSecret",
                code="InternalServerError" if is_passing else f"{SCIM}InvalidCredentials",
            ) from None
        return token, lasts if 0 < lasts < LONGEST_TOKEN else 3600.0


def _header_safe(secret: str) -> str:
    if not secret or not all(" " < character < "\x7f" for character in secret):
        raise TargetError("the token is empty or holds characters that no header may; store the bare token")
    return secret

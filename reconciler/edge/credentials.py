"""Credentials: secrets by reference; their values never reach an error, a log or a repr."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from reconciler.edge.client import Token, check_origin, trust
from reconciler.model.errors import TargetError, TransportError
from reconciler.model.target import Client, OAuth2ClientCredentials, SecretRef, Target

EARLY = 60.0  # seconds before its end that a token is renewed


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
        try:
            return (root / ref.file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise TargetError(f"cannot read the secret file {ref.file}: {type(error).__name__}") from None
    if "CI" in environ and environ.get("RECONCILE_COMMAND") == "ci":
        raise TargetError("a secret from a command is refused under `ci`; write {env: NAME} or {file: path}")
    program = (ref.command or ("",))[0]
    try:
        done = subprocess.run(ref.command or (), capture_output=True, timeout=30, check=True, text=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError) as error:
        raise TargetError(f"the secret command {program} failed: {type(error).__name__}") from None
    return done.stdout.strip()


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
                answer = await http.post(grant.token_url, data=form)
        except httpx.HTTPError as error:
            raise TransportError(f"cannot reach {grant.token_url}: {type(error).__name__}") from None
        try:
            body = answer.json() if answer.status_code == 200 else {}
            token, lasts = _header_safe(str(body["access_token"])), float(body.get("expires_in", 3600))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise TargetError(
                f"{grant.token_url}: no token (status {answer.status_code}); check clientId and clientSecret"
            ) from None
        return token, lasts


def _header_safe(secret: str) -> str:
    if not secret or not all(" " < character < "\x7f" for character in secret):
        raise TargetError("the token is empty or holds characters that no header may; store the bare token")
    return secret

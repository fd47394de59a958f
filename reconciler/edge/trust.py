"""Trust: where requests may go, whom to believe there, and how far a redirect leads (DESIGN 3: url; 7)."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import certifi
import httpx

from reconciler.model.errors import TransportError
from reconciler.model.neutral import neutral
from reconciler.model.target import Client

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def check_origin(url: str) -> None:
    """Raises TransportError where a token would go out in plain text."""
    try:
        parts = urlsplit(url)
        is_open = parts.username is not None or parts.password is not None
        is_more = bool(parts.query or parts.fragment)
        _ = parts.port
    except ValueError:
        raise TransportError("the url is none; write https://scim.example.com/v2") from None
    if is_open:
        raise TransportError(
            "the url holds a user name or password; take it out, write auth:, and renew that secret"
        )
    if is_more:
        raise TransportError(
            "the url holds a query or a fragment, and it is shown; write https://host/path only"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise TransportError(f"{url}: write an https url; plain http is for loopback only")


def trust(url: str, client: Client) -> ssl.SSLContext | bool:
    """Whom to trust: the target's own certificate authority beside the machine's; made once, for it is slow.

    Raises TransportError for a CA file that cannot be read.
    """
    if not url.startswith("https") and not client.proxy:
        return False
    context = ssl.create_default_context()
    try:
        if client.ca_file and not Path(client.ca_file).is_file():
            raise FileNotFoundError
        context.load_verify_locations(client.ca_file or certifi.where())
    except (OSError, ValueError) as error:
        name = neutral(str(client.ca_file))
        raise TransportError(f"cannot read the CA file {name}: {type(error).__name__}") from None
    return context


def is_certificate(error: BaseException | None) -> bool:
    """A certificate that is not trusted now is not trusted in a second either."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def onward(method: str, url: str, response: httpx.Response) -> str | None:
    """Where a redirect leads on the same origin with the same method; the token never goes elsewhere."""
    status, location = response.status_code, response.headers.get("location")
    if status not in (301, 302, 307, 308) or not location or (method != "GET" and status < 307):
        return None
    try:
        there = urljoin(url, location)
        parts, here = urlsplit(there), urlsplit(url)
    except ValueError:
        return None
    return there if (parts.scheme, parts.netloc) == (here.scheme, here.netloc) else None


def host(url: str) -> str:
    """The host that a url names, without who logs in there."""
    try:
        return neutral(urlsplit(url).netloc.rpartition("@")[2][:100])
    except ValueError:
        return ""

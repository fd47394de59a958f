"""Reach: whether a connection to an endpoint can be opened, and where it fails: name, connection, TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
from datetime import UTC, datetime
from urllib.parse import urlsplit

from reconciler.edge.trust import host, trust
from reconciler.model.errors import TransportError
from reconciler.model.sight import Reached, Unreached
from reconciler.model.target import Client


async def reach(url: str, client: Client) -> Reached | Unreached:
    """Opens one connection to `url` and closes it; nothing is sent. By a proxy it is the proxy's to do so."""
    if client.proxy:
        return Reached(proxy=host(client.proxy))
    parts = urlsplit(url)
    name, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        return Unreached(step="dns", text=f"the name {name} leads nowhere: {why or type(error).__name__}")
    try:
        context = trust(url, client) or None
        async with asyncio.timeout(client.timeout_seconds):
            _, writer = await asyncio.open_connection(name, port, ssl=context)
    except TransportError as error:
        return Unreached(step="certificate", text=str(error))
    except ssl.SSLCertVerificationError as error:
        return Unreached(step="certificate", text=f"its certificate is not trusted: {error.verify_message}")
    except ssl.SSLError as error:
        return Unreached(
            step="tls", text=f"it does not speak TLS as is asked: {error.reason or 'no reason given'}"
        )
    except TimeoutError:
        return Unreached(
            step="timeout", text=f"{name}:{port} did not answer within {client.timeout_seconds:g} s"
        )
    except OSError as error:
        return Unreached(
            step="connection",
            text=f"{name}:{port} takes no connection: {error.strerror or type(error).__name__}",
        )
    try:
        return _reached(writer.get_extra_info("ssl_object"), len({address[4][0] for address in found}))
    finally:
        writer.close()


def _reached(tls: ssl.SSLObject | None, addresses: int) -> Reached:
    if tls is None:
        return Reached(addresses=addresses)
    certificate = tls.getpeercert() or {}
    ends = certificate.get("notAfter")
    return Reached(
        addresses=addresses, tls=tls.version() or "",
        ends=datetime.fromtimestamp(ssl.cert_time_to_seconds(str(ends)), UTC) if ends else None,
    )  # fmt: skip

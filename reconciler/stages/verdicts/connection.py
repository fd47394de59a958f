"""Connection: whether the url, the certificate and the token are good, and whether they are asked for at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil

from reconciler.model.sight import Asked, Reached, Sight, Unreached
from reconciler.model.target import Target
from reconciler.model.verdict import Verdict, fail, note, warn, well
from reconciler.stages.normalize import field
from reconciler.stages.verdicts.answers import counted, said

SOON = timedelta(days=30)
REMEDIES = {
    "url": "correct `url` in the target",
    "dns": "correct the host in `url`, or reach it by `client: {proxy: …}`",
    "connection": "correct host and port in `url`; a firewall may ask for `client: {proxy: …}`",
    "timeout": "correct host and port in `url`; a firewall may ask for `client: {proxy: …}`",
    "certificate": "if a certificate authority of your own signed it, write `client: {caFile: …}`; else it is the endpoint's to renew",
    "tls": "correct scheme and port in `url`",
}


def judge_connection(sight: Sight, now: datetime) -> Iterator[Verdict]:
    """Name, connection, certificate, redirects."""
    seen = sight.connection
    if isinstance(seen, Unreached):
        yield fail(seen.step, seen.text, REMEDIES[seen.step])
        return
    yield well("reached", _reached(seen))
    if seen.ends is not None and seen.ends - now < SOON:
        days = ceil((seen.ends - now) / timedelta(days=1))
        yield warn("certificate-ends", f"the certificate ends in {counted(days, 'day')}, on {seen.ends:%Y-%m-%d}",
                   "have it renewed; from that day on every run fails")  # fmt: skip
    for path, onward in sight.tempo.redirects[:3]:
        yield warn("redirected", f"{path} is redirected to {onward}: twice the requests",
                   "write into `url` where it leads to")  # fmt: skip


def _reached(seen: Reached) -> str:
    if seen.proxy:
        return f"goes by the proxy {seen.proxy}: its name and certificate are not looked at here"
    if not seen.tls:
        return "takes connections, over plain http on loopback"
    addresses = f"{seen.addresses} addresses" if seen.addresses > 1 else "1 address"
    ends = f"; its certificate is trusted, until {seen.ends:%Y-%m-%d}" if seen.ends else ""
    return f"takes connections at {addresses} over {seen.tls}{ends}"


def judge_credentials(sight: Sight, target: Target) -> Iterator[Verdict]:
    """Whether the token is taken, and what somebody without one is told."""
    if isinstance(sight.connection, Unreached):
        return
    if sight.no_token:
        yield fail(
            "no-token",
            sight.no_token,
            "write where the token is under `auth:`, and put it there",
        )
        return
    users = sight.list_of("User")
    asked = users.first if users is not None else sight.config
    if asked is None:
        return
    if asked.status == 401:
        yield fail("token-refused", f"{asked.path} refuses the token (status 401)",
                   "renew it at the endpoint, and put it where `auth:` says")  # fmt: skip
        return
    if asked.status == 403:
        yield fail("token-forbidden", f"{asked.path} may not be read with this token: {said(asked)}",
                   "have the endpoint's administrator let it read and write users and groups")  # fmt: skip
        return
    if asked.is_well:
        yield well("token-taken", f"{asked.path} is answered with this token")
    yield from _stranger(sight.anonymous)
    yield from _schemes(sight.config, target)


def _stranger(asked: Asked | None) -> Iterator[Verdict]:
    if asked is None:
        return
    if asked.status in (401, 403):
        yield well("stranger-refused", f"without a token nothing is told (status {asked.status})")
    elif asked.is_well:
        yield warn("stranger-answered", f"{asked.path} is answered without any token: whoever finds the url reads everybody",
                   "have the endpoint's administrator close it; until then treat what it holds as public")  # fmt: skip
    else:
        yield note("stranger-unclear", f"without a token, {asked.path} gives {said(asked)}")


def _schemes(config: Asked | None, target: Target) -> Iterator[Verdict]:
    found = field(config.body, "authenticationSchemes") if config is not None and config.is_well else None
    schemes = (
        [str(field(one, "type")) for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    )
    takes_tokens = any("oauth" in scheme.lower() or "bearer" in scheme.lower() for scheme in schemes)
    if schemes and not takes_tokens:
        given = "client credentials" if target.oauth2 else "a bearer token"
        yield warn("scheme", f"it says that it takes {', '.join(schemes)}; the target sends {given}",
                   "ask the endpoint's administrator for a bearer token")  # fmt: skip

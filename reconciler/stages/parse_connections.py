"""Parse connections: where requests and messages go, and the secrets that they need, always by reference."""

from __future__ import annotations

from ipaddress import ip_address
from typing import cast
from urllib.parse import urlsplit

from reconciler.model.attribute_path import parse_path
from reconciler.model.dialect import Form
from reconciler.model.resource import Type
from reconciler.model.target import (
    Client,
    Email,
    Learnt,
    OAuth2ClientCredentials,
    SecretRef,
    Webhook,
    Withheld,
)
from reconciler.stages.reading import Node

_NOWHERE = SecretRef(literal="")


def read_url(node: Node) -> SecretRef:
    """The endpoint's url: text, or from the environment with a default."""
    if not isinstance(node.value, dict):
        check_url(node)
        return SecretRef(literal=node.text())
    default = node.get("default")
    if default:
        check_url(default)
    return SecretRef(env=node.read("env", Node.text, None), default=default.text() if default else None)


def check_url(node: Node) -> None:
    """Notes a url that is not https, and plain http to anywhere but loopback; never one that holds a password."""
    text = node.text()
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        node.wrong(f"`{node.name}` is no url; write https://scim.example.com/v2")
        return
    if parts.username is not None or parts.password is not None:
        node.wrong(
            f"`{node.name}` holds a user name or password; take it out of the url, write auth:, and renew that secret"
        )
    elif (
        not host
        or parts.scheme not in ("https", "http")
        or (parts.scheme == "http" and not _is_loopback(host))
    ):
        node.wrong(f"`{text}` is no https url; write https://…, plain http goes to loopback only")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def read_secret(node: Node) -> SecretRef:
    """Where a secret is."""
    return SecretRef(
        env=node.read("env", Node.text, None), file=node.read("file", Node.text, None),
        command=node.read("command", Node.texts, None),
    )  # fmt: skip


def read_oauth2(node: Node) -> OAuth2ClientCredentials | None:
    """Client credentials of OAuth 2, if they are given."""
    node_ = node.get("oauth2ClientCredentials")
    if node_ is None:
        return None
    url = node_.get("tokenUrl")
    if url:
        check_url(url)
    return OAuth2ClientCredentials(
        token_url=url.text() if url else "", client_id=node_.read("clientId", Node.text, ""),
        client_secret=node_.read("clientSecret", read_secret, _NOWHERE), scope=node_.read("scope", Node.text, None),
    )  # fmt: skip


def read_notification(node: Node) -> Webhook | Email | None:
    """Where one kind of message goes."""
    webhook, email = node.get("webhook"), node.get("email")
    if webhook:
        return Webhook(url=read_secret(webhook))
    smtp = email.get("smtp") if email else None
    if email is None or smtp is None:
        return None
    return Email(
        to=email.read("to", Node.text, ""), sender=email.read("from", Node.text, ""), host=smtp.read("host", Node.text, ""),
        port=smtp.read("port", _whole, 587), username=smtp.read("username", read_secret, None),
        password=smtp.read("password", read_secret, None),
    )  # fmt: skip


def read_client(node: Node) -> Client:
    """How requests are paced and carried."""
    plain = Client()
    proxy = node.get("proxy")
    return Client(
        concurrency=int(_bounded(node, "concurrency", plain.concurrency, 1, 100)),
        requests_per_second=_bounded(node, "requestsPerSecond", plain.requests_per_second, 0.01, 10_000),
        timeout_seconds=_bounded(node, "timeoutSeconds", plain.timeout_seconds, 0.01, 3600),
        ca_file=node.read("caFile", _text_or_none, None), proxy=_proxy(proxy) if proxy else None,
    )  # fmt: skip


def _bounded(node: Node, key: str, plain: float, least: float, most: float) -> float:
    """The number under `key`; what is out of all proportion would wait for ever, or open connections without end."""
    given = node.get(key)
    if given is None:
        return plain
    number = read_number(given)
    if not least <= number <= most:
        given.wrong(f"`{key}` is `{given.text()}`; write a number from {least:g} to {most:g}")
        return plain
    return number


def _proxy(node: Node) -> str | None:
    if node.value is None:
        return None
    try:
        parts = urlsplit(node.text())
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        is_secret = "@" in parts.netloc
    except ValueError:
        is_url = is_secret = False
    if is_secret:
        node.wrong("`proxy` holds a user name or password; take it out of the url, and renew that secret")
    elif not is_url:
        node.wrong(
            f"`{node.text()}` is no http or https url; write for example http://proxy.example.com:3128"
        )
    return node.text()


def _withheld(node: Node) -> Withheld:
    path = node.get("path") if isinstance(node.value, dict) else node
    user, group = node.get("user"), node.get("group")
    text = path.text() if path else ""
    try:
        text = str(parse_path(text)) if path else ""
    except ValueError as error:
        node.wrong(str(error))
    key = user or group
    return Withheld(
        path=text, type=("User" if user else "Group") if key else None, key=key.text() if key else None
    )


def read_learnt(node: Node) -> Learnt:
    """What apply found out about the endpoint."""
    withhold = node.get("withhold")
    return Learnt(
        withhold=tuple(_withheld(entry) for entry in withhold.entries()) if withhold else (),
        member_removal=node.read("memberRemoval", Node.text, None),  # type: ignore[arg-type]
        updates=_updates(node.get("updates")),
    )


def _updates(node: Node | None) -> dict[Type, Form]:
    """The form of updates by resource type; one word stands for both."""
    if node is None:
        return {}
    types: dict[str, Type] = {"users": "User", "groups": "Group"}
    if isinstance(node.value, str):
        return dict.fromkeys(types.values(), cast("Form", node.text()))
    return {types[name]: cast("Form", part.text()) for name in node.names() if (part := node.get(name))}


def read_number(node: Node) -> float:
    """A number."""
    return float(node.value)  # type: ignore[arg-type]


def _whole(node: Node) -> int:
    return int(node.value)  # type: ignore[call-overload, no-any-return]


def _text_or_none(node: Node) -> str | None:
    return None if node.value is None else node.text()

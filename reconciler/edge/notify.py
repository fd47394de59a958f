"""Notify: tells people by webhook or e-mail when a target stops, fails in part, and is well again; each once (DESIGN 6).

A notice that cannot be sent changes nothing but a warning. What a warning says never holds the webhook's url, which
is a secret, nor a password.
"""

from __future__ import annotations

import json
import smtplib
import time
from collections.abc import Mapping
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import assert_never
from urllib.parse import urlsplit

import httpx

from reconciler.edge.credentials import read_secret
from reconciler.edge.trust import LOOPBACK, trust
from reconciler.model.errors import TargetError
from reconciler.model.notice import Situation, Told, after_telling, choose_destinations
from reconciler.model.target import Client, Email, Target, Webhook
from reconciler.reports.notice import notice_document, notice_subject, notice_text

TIMEOUT = 10.0  # seconds for one try
PAUSES = (0.5, 2.0)  # before the second and the third try
IMPLICIT_TLS = 465  # RFC 8314 section 3.3


def announce(
    situation: Situation, target: Target, data: Path, environ: Mapping[str, str], *, root: Path
) -> tuple[str, ...]:
    """Sends what is news to whom it is news; gives a warning for each notice that could not be sent."""
    if not target.notify:
        return ()
    named = {_name(destination): destination for destination in target.notify}
    before = load_told(data, target.name)
    reached, warnings = [], []
    for name in choose_destinations(before, situation, tuple(named)):
        try:
            _send(named[name], situation, target.client, environ, root)
        except (TargetError, OSError, ValueError, httpx.HTTPError, httpx.InvalidURL) as error:
            warnings.append(f"{target.name}: the notice to {name} was not sent: {_words(error)}")
        else:
            reached.append(name)
    try:
        _save_told(data, target.name, after_telling(before, situation, reached))
    except OSError as error:
        warnings.append(f"{target.name}: cannot remember who was told: {error.strerror}")
    return tuple(warnings)


def load_told(data: Path, target: str) -> Told | None:
    """What was told last of the target; None if nothing was, or the file is broken: told twice is better than never."""
    try:
        found = json.loads(_path(data, target).read_text(encoding="utf-8"))
        condition = found["condition"]
        if condition not in ("quarantine", "partial"):
            return None
        return Told(
            condition=condition,
            kind=str(found["kind"]),
            destinations=frozenset(map(str, found["destinations"])),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _save_told(data: Path, target: str, told: Told | None) -> None:
    path = _path(data, target)
    if told is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"condition": told.condition, "kind": told.kind, "destinations": sorted(told.destinations)}
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(document, indent=2, sort_keys=True), encoding="utf-8")
    fresh.replace(path)


def _path(data: Path, target: str) -> Path:
    return data / "notices" / f"{target}.json"


def _name(destination: Webhook | Email) -> str:
    """A destination in words, without anything secret."""
    match destination:
        case Webhook(url=ref):
            return f"the webhook in {ref.env or ref.file or (ref.command or ('its url',))[0]}"
        case Email(to=to):
            return to
        case _:
            assert_never(destination)


def _send(
    destination: Webhook | Email, situation: Situation, client: Client, environ: Mapping[str, str], root: Path
) -> None:
    match destination:
        case Webhook(url=ref):
            _post(read_secret(ref, environ, root=root), situation, client, environ)
        case Email():
            _mail(destination, situation, client, environ, root)
        case _:
            assert_never(destination)


def _post(url: str, situation: Situation, client: Client, environ: Mapping[str, str]) -> None:
    """Posts the notice. Raises TargetError and httpx's errors; the text of the latter holds the url."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise TargetError("its url is no https url; plain http is for loopback only")
    _check_allowed(f"{parts.scheme}://{parts.netloc}", environ)
    with httpx.Client(
        timeout=TIMEOUT,
        verify=trust(url, client),
        proxy=client.proxy,
        trust_env=False,
        follow_redirects=False,
    ) as http:
        document = notice_document(situation)
        for pause in PAUSES:
            status = _try_post(http, url, document)
            if status is not None and status < 500 and status != 429:
                break
            time.sleep(pause)
        else:
            status = http.post(url, json=document).status_code
    if not 200 <= status < 300:
        onward = ": it redirects; store the url that it leads to" if 300 <= status < 400 else ""
        raise TargetError(f"status {status}{onward}")


def _try_post(http: httpx.Client, url: str, document: dict[str, object]) -> int | None:
    """The status of the answer, None where none came."""
    try:
        return http.post(url, json=document).status_code
    except httpx.TransportError:
        return None


def _mail(email: Email, situation: Situation, client: Client, environ: Mapping[str, str], root: Path) -> None:
    """Mails the notice. Raises TargetError, OSError (all of smtplib's errors are) and ValueError."""
    _check_allowed(f"smtp://{email.host}:{email.port}", environ)
    message = _message(email, situation)
    context = trust(f"https://{email.host}", client)
    assert not isinstance(context, bool)
    is_safe = email.port == IMPLICIT_TLS
    smtp: smtplib.SMTP
    if is_safe:
        smtp = smtplib.SMTP_SSL(email.host, email.port, timeout=TIMEOUT, context=context)
    else:
        smtp = smtplib.SMTP(email.host, email.port, timeout=TIMEOUT)
    try:
        smtp.ehlo_or_helo_if_needed()
        if not is_safe and smtp.has_extn("starttls"):
            smtp.starttls(context=context)
            smtp.ehlo()
            is_safe = True
        if email.username is not None:
            if not is_safe and email.host not in LOOPBACK:
                raise TargetError(
                    f"{email.host} offers no STARTTLS, and a password never goes over plain text"
                )
            user = read_secret(email.username, environ, root=root)
            smtp.login(user, read_secret(email.password, environ, root=root) if email.password else "")
        smtp.send_message(message)
    finally:
        with suppress(OSError):
            smtp.quit()


def _message(email: Email, situation: Situation) -> EmailMessage:
    """The mail. Raises ValueError for an address that holds a line break, which would be a header of its own."""
    message = EmailMessage()
    message["From"], message["To"] = email.sender, email.to
    message["Subject"] = notice_subject(situation)
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=email.sender.rpartition("@")[2] or "localhost")
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's out-of-office note answers it
    message.set_content(notice_text(situation))
    return message


def _check_allowed(origin: str, environ: Mapping[str, str]) -> None:
    """Raises TargetError for where RECONCILE_ALLOWED_ORIGINS lets no request go (DESIGN 7)."""
    allowed = environ.get("RECONCILE_ALLOWED_ORIGINS", "").replace(",", " ").split()
    if allowed and origin not in [one.rstrip("/") for one in allowed]:
        raise TargetError("its origin is not among RECONCILE_ALLOWED_ORIGINS")


def _words(error: Exception) -> str:
    """What went wrong, without what may be secret: only our own errors are shown as they are."""
    if isinstance(error, TargetError):
        return str(error)
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__} {error.smtp_code}"
    if isinstance(error, ValueError):
        return f"{type(error).__name__}; check its address"
    return type(error).__name__

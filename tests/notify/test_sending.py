"""One notice on its way: what is sent, what is refused, and that no secret is ever told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.edge import notify
from reconciler.edge.notify import announce, load_told
from reconciler.model.mapping import Mapping, ObjectMapping
from reconciler.model.notice import Situation
from reconciler.model.place import Origin
from reconciler.model.profile import Profile
from reconciler.model.target import Client, Email, Scope, SecretRef, Target, Webhook
from tests.loopback import make_certificate
from tests.notify.receivers import (
    PASSWORD,
    USER,
    Mailbox,
    Web,
    receive_mails,
    receive_posts,
)

PLAIN_LOGIN = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
STOPPED = Situation(
    target="envoy", condition="quarantine", reason="the endpoint refuses the credentials: GET /Users: status 401",
    run="20261125T1-envoy", done=3, failed=9,
)  # fmt: skip
WELL = Situation(target="envoy", condition="well", run="20261125T2-envoy", done=9)


@pytest.fixture
def web() -> Iterator[Web]:
    with receive_posts() as web:
        yield web


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "PAUSES", (0.0, 0.0))


def make_target(*destinations: Webhook | Email, client: Client | None = None) -> Target:
    return Target(
        name="envoy", url=SecretRef(literal="https://scim.example.com"), bearer=None,
        profile=Profile(name="rfc", source="RFC 7644", verified="2026-11-23"),
        mapping=Mapping(name="plain", users=ObjectMapping(match=(), attributes=())), scope=Scope(), ownership="externalId",
        notify=destinations, client=client or Client(), origin=Origin(document="targets.yaml"),
    )  # fmt: skip


def post_to(web: Web, data: Path, situation: Situation = STOPPED) -> tuple[str, ...]:
    target = make_target(Webhook(url=SecretRef(env="HOOK")))
    return announce(situation, target, data, {"HOOK": web.url}, root=data)


def make_email(mailbox: Mailbox, **more: object) -> Email:
    email = Email(to="it@example.com", sender="scim@example.com", host="127.0.0.1", port=mailbox.port)
    return replace(email, **more)  # type: ignore[arg-type]


def mail_to(
    email: Email, data: Path, environ: dict[str, str] | None = None, client: Client | None = None
) -> tuple[str, ...]:
    return announce(STOPPED, make_target(email, client=client), data, environ or {}, root=data)


def test_a_webhook_gets_text_and_fields(web: Web, tmp_path: Path) -> None:
    assert post_to(web, tmp_path) == ()

    [body] = web.bodies
    text = body.pop("text")
    assert body == {
        "target": "envoy", "event": "quarantine", "reason": STOPPED.reason, "run": STOPPED.run,
        "counts": {"done": 3, "failed": 9, "withheld": 0},
    }  # fmt: skip
    assert "envoy is in quarantine: the endpoint refuses the credentials" in text
    assert "9 not done" in text
    assert "`reconcile apply --target envoy`" in text
    assert f"`reconcile log {STOPPED.run}`" in text


def test_what_an_endpoint_said_is_no_markup_in_a_chat(web: Web, tmp_path: Path) -> None:
    reason = "<!channel> [here](http://evil.example) @everyone `x` \x1b[31m"
    post_to(web, tmp_path, replace(STOPPED, reason=reason))

    text = web.bodies[0]["text"].splitlines()[0]
    assert not set("<>[]@`\x1b") & set(text)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_receiver_that_is_busy_is_asked_three_times(status: int, web: Web, tmp_path: Path) -> None:
    web.statuses = [status, status, 204]
    assert post_to(web, tmp_path) == ()
    assert len(web.bodies) == 3


@pytest.mark.parametrize(
    ("status", "posts", "words"), [(404, 1, "status 404"), (302, 1, "redirects"), (500, 3, "status 500")]
)
def test_a_notice_that_is_refused_is_a_warning_without_the_url(
    status: int, posts: int, words: str, web: Web, tmp_path: Path
) -> None:
    web.statuses = [status]
    [warning] = post_to(web, tmp_path)

    assert len(web.bodies) == posts
    assert words in warning
    assert "HOOK" in warning
    assert "a-secret-path" not in warning


@pytest.mark.parametrize(
    "url",
    ["http://hooks.example.com/a-secret-path", "ftp://127.0.0.1/a-secret-path", "http://127.0.0.1:1/a-secret-path",
     "https://[bad/a-secret-path", "a-secret-path", "https://127.0.0.1:99999/a-secret-path", "http://127.0.0.1:1/\na-secret-path"],
)  # fmt: skip
def test_a_url_that_does_not_do_is_a_warning_without_it(url: str, tmp_path: Path) -> None:
    [warning] = announce(
        STOPPED, make_target(Webhook(url=SecretRef(env="HOOK"))), tmp_path, {"HOOK": url}, root=tmp_path
    )
    assert "a-secret-path" not in warning


def test_a_secret_that_is_not_set_is_a_warning(tmp_path: Path) -> None:
    [warning] = announce(
        STOPPED, make_target(Webhook(url=SecretRef(env="HOOK"))), tmp_path, {}, root=tmp_path
    )
    assert "HOOK is not set" in warning


def test_no_notice_goes_where_no_request_may_go(web: Web, tmp_path: Path) -> None:
    environ = {"HOOK": web.url, "RECONCILE_ALLOWED_ORIGINS": "https://scim.example.com"}
    [warning] = announce(
        STOPPED, make_target(Webhook(url=SecretRef(env="HOOK"))), tmp_path, environ, root=tmp_path
    )

    assert "RECONCILE_ALLOWED_ORIGINS" in warning
    assert web.bodies == []


def test_one_condition_is_told_once_and_its_end_once(web: Web, tmp_path: Path) -> None:
    other_numbers = replace(STOPPED, reason="the endpoint refuses the credentials: GET /Groups: status 401")
    for situation in (STOPPED, STOPPED, other_numbers, WELL, WELL, STOPPED):
        assert post_to(web, tmp_path, situation) == ()

    assert [body["event"] for body in web.bodies] == ["quarantine", "recovery", "quarantine"]


def test_another_reason_is_told_again(web: Web, tmp_path: Path) -> None:
    post_to(web, tmp_path, replace(STOPPED, reason="8 of 20 changes failed, more than 40%: POST /Users"))
    post_to(web, tmp_path, replace(STOPPED, reason="9 of 21 changes failed, more than 40%: PATCH /Users/4f"))
    post_to(web, tmp_path, replace(STOPPED, reason="the endpoint does not answer any more: POST /Users"))

    assert len(web.bodies) == 2


def test_who_was_not_reached_is_told_the_next_time_and_the_others_are_not(web: Web, tmp_path: Path) -> None:
    with receive_posts() as other:
        target = make_target(Webhook(url=SecretRef(env="HOOK")), Webhook(url=SecretRef(env="OTHER")))
        environ = {"HOOK": web.url, "OTHER": other.url}
        web.statuses = [404, 200]
        assert len(announce(STOPPED, target, tmp_path, environ, root=tmp_path)) == 1
        assert announce(STOPPED, target, tmp_path, environ, root=tmp_path) == ()
        announce(WELL, target, tmp_path, environ, root=tmp_path)

        assert len(web.bodies) == 3
        assert len(other.bodies) == 2


@pytest.mark.parametrize("content", ["", "{", "[]", '{"condition": "well"}', '{"condition": 1}', "\xff"])
def test_a_broken_memory_stops_nothing(content: str, web: Web, tmp_path: Path) -> None:
    path = tmp_path / "notices" / "envoy.json"
    path.parent.mkdir()
    path.write_bytes(content.encode("latin-1"))

    assert post_to(web, tmp_path) == ()
    assert len(web.bodies) == 1
    assert load_told(tmp_path, "envoy") is not None


def test_a_memory_that_cannot_be_written_is_a_warning(web: Web, tmp_path: Path) -> None:
    (tmp_path / "notices").write_text("in the way")
    [warning] = post_to(web, tmp_path)

    assert "cannot remember" in warning
    assert len(web.bodies) == 1


def test_a_mail_goes_out_plainly_where_nothing_else_is_offered(tmp_path: Path) -> None:
    with receive_mails() as mailbox:
        assert mail_to(make_email(mailbox), tmp_path) == ()

    [mail] = mailbox.mails
    assert (mail["From"], mail["To"]) == ("scim@example.com", "it@example.com")
    assert mail["Subject"] == "[reconcile] envoy is in quarantine"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "reconcile apply --target envoy" in mail.get_content()


def test_a_mail_with_a_login_goes_over_starttls(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with receive_mails(certificate, asks=True) as mailbox:
        email = make_email(
            mailbox, username=SecretRef(env="MAIL_USER"), password=SecretRef(env="MAIL_PASSWORD")
        )
        environ = {"MAIL_USER": USER, "MAIL_PASSWORD": PASSWORD}
        assert mail_to(email, tmp_path, environ, Client(ca_file=str(certificate))) == ()

    assert mailbox.logins == [USER]
    assert mailbox.encrypted == [True]


def test_a_mail_server_that_nobody_vouches_for_gets_nothing(tmp_path: Path) -> None:
    with receive_mails(make_certificate(tmp_path)) as mailbox:
        [warning] = mail_to(make_email(mailbox), tmp_path)

    assert "SSLCertVerificationError" in warning
    assert mailbox.mails == []


@PLAIN_LOGIN
def test_a_login_without_encryption_goes_to_loopback_only(tmp_path: Path) -> None:
    with receive_mails(asks=True) as mailbox:
        email = make_email(
            mailbox, username=SecretRef(env="MAIL_USER"), password=SecretRef(env="MAIL_PASSWORD")
        )
        environ = {"MAIL_USER": USER, "MAIL_PASSWORD": PASSWORD}
        assert mail_to(email, tmp_path, environ) == ()
        elsewhere = replace(
            email, to="ops@example.com", host="127.1"
        )  # any name that is not one of loopback's
        [warning] = mail_to(elsewhere, tmp_path, environ)

    assert mailbox.logins == [USER]
    assert len(mailbox.mails) == 1
    assert "never goes over plain text" in warning


@PLAIN_LOGIN
def test_a_refused_login_is_a_warning_without_the_password(tmp_path: Path) -> None:
    with receive_mails(asks=True) as mailbox:
        email = make_email(
            mailbox, username=SecretRef(env="MAIL_USER"), password=SecretRef(env="MAIL_PASSWORD")
        )
        [warning] = mail_to(email, tmp_path, {"MAIL_USER": USER, "MAIL_PASSWORD": "wrong-password"})

    assert "SMTPAuthenticationError" in warning
    assert "wrong-password" not in warning
    assert mailbox.mails == []


@pytest.mark.parametrize("field", ["to", "sender"])
def test_an_address_is_no_place_for_other_headers(field: str, tmp_path: Path) -> None:
    with receive_mails() as mailbox:
        email = make_email(mailbox, **{field: "it@example.com\r\nBcc: all@example.com"})
        [warning] = mail_to(email, tmp_path)

    assert "check its address" in warning
    assert mailbox.mails == []


def test_a_mail_server_that_is_not_there_is_a_warning(tmp_path: Path) -> None:
    with receive_mails() as mailbox:
        pass
    [warning] = mail_to(make_email(mailbox), tmp_path)

    assert "ConnectionRefusedError" in warning

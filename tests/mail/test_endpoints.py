"""Servers and credentials as URLs, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as made

from accounts.errors import Invalid
from conversations.channels.email.wire import endpoints
from conversations.channels.email.wire.endpoints import Credentials, ImapServer, SmtpServer
from conversations.channels.email.wire.providers import known_servers


@pytest.mark.parametrize(
    ("url", "server", "credentials"),
    [
        ("imaps://ada:pw@mail.example.com", ImapServer("mail.example.com", 993, "tls", "INBOX"), ("ada", "pw")),
        ("imap://ada:pw@mail.example.com", ImapServer("mail.example.com", 143, "plain", "INBOX"), ("ada", "pw")),
        ("imap://ada:pw@127.0.0.1:13143/INBOX", ImapServer("127.0.0.1", 13143, "plain", "INBOX"), ("ada", "pw")),
        ("imaps://ada:pw@MAIL.Example.com/", ImapServer("mail.example.com", 993, "tls", "INBOX"), ("ada", "pw")),
        ("imaps://ada@example.com:p%40s%2Fs%3A%25@[2001:db8::1]:99/Support/New%20mail",
         ImapServer("2001:db8::1", 99, "tls", "Support/New mail"), ("ada@example.com", "p@s/s:%")),
        ("imaps://ada%40example.com:p:w@m%C3%BCller.example".replace("m%C3%BCller", "müller"),
         ImapServer("xn--mller-kva.example", 993, "tls", "INBOX"), ("ada@example.com", "p:w")),
        ("imaps://%C3%A4da:p%C3%A4ss@host", ImapServer("host", 993, "tls", "INBOX"), ("äda", "päss")),
    ],
)  # fmt: skip
def test_imap_urls_are_read(url: str, server: ImapServer, credentials: tuple[str, str]) -> None:
    assert endpoints.parse_imap(url) == (server, Credentials(*credentials))


@pytest.mark.parametrize(
    ("url", "server", "credentials"),
    [
        ("smtps://ada:pw@mail.example.com", SmtpServer("mail.example.com", 465, "tls"), Credentials("ada", "pw")),
        ("smtp://ada:pw@mail.example.com/", SmtpServer("mail.example.com", 587, "plain"), Credentials("ada", "pw")),
        ("smtp://127.0.0.1:2525", SmtpServer("127.0.0.1", 2525, "plain"), None),
        ("smtp://ada@example.com:pw@relay:25", SmtpServer("relay", 25, "plain"), Credentials("ada@example.com", "pw")),
    ],
)
def test_smtp_urls_are_read(url: str, server: SmtpServer, credentials: Credentials | None) -> None:
    assert endpoints.parse_smtp(url) == (server, credentials)


def test_urls_are_printed_as_they_are_written() -> None:
    for url in ("imaps://ada%40example.com:p%2Fw@host:993/INBOX", "imap://ada:pw@[::1]:143/Support/New"):
        assert endpoints.imap_url(*endpoints.parse_imap(url)) == url
    for url in ("smtps://ada%40example.com:p%2Fw@host:465", "smtp://host:25"):
        assert endpoints.smtp_url(*endpoints.parse_smtp(url)) == url


_text = made.text(made.characters(blacklist_categories=["Cs", "Cc"]), min_size=1)


@given(user=_text, password=_text, folder=_text, port=made.integers(1, 65535))
def test_any_user_password_and_folder_can_be_written(user: str, password: str, folder: str, port: int) -> None:
    server, credentials = (
        ImapServer("mail.example.com", port, "tls", folder.strip("/") or "x"),
        Credentials(user, password),
    )
    assert endpoints.parse_imap(endpoints.imap_url(server, credentials)) == (server, credentials)


@pytest.mark.parametrize(
    "url",
    [
        "", "imap", "imap:", "imap://", "http://ada:pw@host", "imaps://host", "imaps://ada@host", "imaps://:pw@host", "imaps://ada:@host",
        "imaps://ada:pw@", "imaps://ada:pw@:993", "imaps://ada:pw@host:0", "imaps://ada:pw@host:99999", "imaps://ada:pw@host:x",
        "imaps://ada:pw@-host", "imaps://ada:pw@ho_st..example", "imaps://ada:pw@[::1", "imaps://ada:p%zz@host", "imaps://ada:p%ff@host",
        "imaps://ada:pw@host/INBOX?x", "imaps://ada:p#w@host", "imaps://ada:p/w@host", "imaps://a da:pw@host", "imaps://ada:p%0aw@host",
        "imaps://ada:pw@host/IN%00BOX", "imaps://ada:pw@ho\nst", "smtp://ada:pw@host",
    ],
)  # fmt: skip
def test_what_is_no_imap_url_is_refused_without_the_password(url: str) -> None:
    with pytest.raises(Invalid) as found:
        endpoints.parse_imap(url)
    assert found.value.field == "imap"
    assert "pw" not in found.value.message.replace("user:password", "")


@pytest.mark.parametrize(
    "url", ["smtp://ada:pw@host/INBOX", "imap://ada:pw@host", "smtp://ada@host", "smtp://:pw@host", "smtp://"]
)
def test_what_is_no_smtp_url_is_refused(url: str) -> None:
    with pytest.raises(Invalid) as found:
        endpoints.parse_smtp(url, field="outgoing")
    assert found.value.field == "outgoing"


@pytest.mark.parametrize(
    ("server", "field"),
    [
        (ImapServer("ho st"), "imap.host"),
        (ImapServer(""), "imap.host"),
        (ImapServer("host", 0), "imap.port"),
        (ImapServer("host", folder=""), "imap.folder"),
        (ImapServer("host", folder="a\nb"), "imap.folder"),
    ],
)
def test_a_server_from_a_form_is_checked(server: ImapServer, field: str) -> None:
    endpoints.check(ImapServer("mail.example.com"), field="imap")
    with pytest.raises(Invalid) as found:
        endpoints.check(server, field="imap")
    assert found.value.field == field


def test_secrets_are_not_shown_when_credentials_are_printed() -> None:
    shown = repr(Credentials("ada", "geheim", access_token=lambda: "token"))
    assert "ada" in shown
    assert "geheim" not in shown


@pytest.mark.parametrize(
    ("address", "title", "imap", "smtp"),
    [
        ("ada@gmail.com", "Google", "imap.gmail.com:993", "smtp.gmail.com:465"),
        ("Ada@GoogleMail.com", "Google", "imap.gmail.com:993", "smtp.gmail.com:465"),
        ("ada@hotmail.com", "Outlook.com", "outlook.office365.com:993", "smtp-mail.outlook.com:587"),
        ("ada@acme.onmicrosoft.com", "Microsoft", "outlook.office365.com:993", "smtp.office365.com:587"),
        ("ada@icloud.com", "iCloud", "imap.mail.me.com:993", "smtp.mail.me.com:587"),
        ("ada@fastmail.com", "Fastmail", "imap.fastmail.com:993", "smtp.fastmail.com:465"),
    ],
)
def test_servers_of_well_known_providers_are_known(address: str, title: str, imap: str, smtp: str) -> None:
    found = known_servers(address)
    assert found is not None
    assert found.title == title
    assert (f"{found.imap.host}:{found.imap.port}", f"{found.smtp.host}:{found.smtp.port}") == (imap, smtp)


@pytest.mark.parametrize("address", ["ada@example.com", "ada@notgmail.com", "ada@com", "ada", "", "@", "a@."])
def test_servers_of_other_domains_are_not_guessed(address: str) -> None:
    assert known_servers(address) is None

"""Signing in at a provider in the place of a password: begun by those who may, finished by the same person, and tried before it is saved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.models import Event, Workspace
from conversations.channels.email import trials
from conversations.channels.email.wire.endpoints import Credentials, ImapServer, SmtpServer
from conversations.models import Login, Mailbox
from conversations.screens.settings.mailboxes import forms
from tests.conftest import Member
from tests.factories import MailboxFactory
from tests.inbox.conftest import HTMX, text_of
from tests.mail_servers import dovecot, outgoing, tokens
from tests.mail_servers.dovecot import Dovecot
from tests.mail_servers.outgoing import Outgoing
from tests.mail_servers.tokens import TokenServer
from tests.mailboxes.conftest import work

pytestmark = pytest.mark.django_db
LIST = "/w/acme/settings/mailboxes"
ADDRESS = "help@gmail.com"


@pytest.fixture
def provider(settings: Any) -> Iterator[TokenServer]:
    """Where people sign in as `help@gmail.com`."""
    settings.ALLOW_PRIVATE_HOSTS = True
    with tokens.running() as server:
        server.configure(settings)
        server.user = ADDRESS
        yield server


@pytest.fixture
def servers(provider: TokenServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Dovecot, Outgoing]]:
    """Mail servers that take the provider's tokens, in the place of Google's."""
    with (
        dovecot.running(tokens_url=f"{provider.url}/tokeninfo?access_token=") as incoming,
        outgoing.running() as sending,
    ):
        own = {
            "imap_host": "127.0.0.1", "imap_port": incoming.imap_port, "imap_security": "plain", "imap_folder": "INBOX",
            "smtp_host": "127.0.0.1", "smtp_port": sending.port, "smtp_security": "plain", "sending": "own", "user": ADDRESS,
        }  # fmt: skip
        sending.tokens = provider.owners.keys()  # type: ignore[assignment]  # those that are granted later, too
        monkeypatch.setattr(forms, "of_provider", lambda name, address: {**own, "user": address})
        yield incoming, sending


def begun(client: Client, path: str = "/sign-in/google", **more: str) -> str:
    """The address that somebody is sent to."""
    answer = client.post(f"{LIST}{path}", {"address": ADDRESS, **more})
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def came_back(client: Client, provider: TokenServer, url: str, **more: str) -> Any:
    """What the desk answers at the end, when the person comes back from there."""
    answer = client.get("/mail/signed-in", {**provider.sign_in(url), **more})
    assert answer["Location"].startswith(f"{LIST}/signed-in?")
    return client.get(answer["Location"])


def test_person_is_sent_to_the_provider_and_the_page_allows_it(admin: Client, provider: TokenServer) -> None:
    query = parse_qs(urlsplit(begun(admin)).query)
    assert query["redirect_uri"][0].endswith("/mail/signed-in")
    assert query["login_hint"] == [ADDRESS]
    page = admin.get(f"{LIST}/add", {"address": ADDRESS})
    assert "Sign in with Google" in text_of(page.content)
    assert f"form-action 'self' {provider.url}" in page["Content-Security-Policy"]


def test_button_is_missing_where_no_provider_is_set_up(admin: Client, settings: Any) -> None:
    settings.GOOGLE_OAUTH_CLIENT_ID = settings.MICROSOFT_OAUTH_CLIENT_ID = ""
    page = text_of(admin.get(f"{LIST}/add", {"address": ADDRESS}).content)
    assert "Sign in with Google" not in page
    assert admin.post(f"{LIST}/sign-in/google", {"address": ADDRESS}).status_code == 404
    assert "not set up on this desk" in text_of(admin.get(f"{LIST}/add", {"address": "a@outlook.com"}).content)


def test_mailbox_is_added_with_the_providers_tokens(
    admin: Client, in_acme: Workspace, provider: TokenServer, servers: tuple[Dovecot, Outgoing]
) -> None:
    back = came_back(admin, provider, begun(admin, name="Help"))["Location"].partition("#")[0]
    assert "Testing the connection" in text_of(admin.get(back).content)
    name = work()
    page = admin.get(back)
    text = text_of(page.content)
    for part in ("Signing in works.", "Fetching works.", "Sending works.", "Signed in with Google."):
        assert part in text
    assert b'name="password"' not in page.content
    typed = {field: str(value) for field, value in forms.of_provider("google", ADDRESS).items()}
    admin.post(f"{LIST}/add", {**typed, "address": ADDRESS, "name": "Help", "inbound": "imap", "trial": name})
    mailbox = Mailbox.objects.get()
    assert (mailbox.login, mailbox.name) == (Login.GOOGLE, "Help")
    assert set(mailbox.secrets) == {"oauth"}
    assert mailbox.secrets["oauth"]["access"] in provider.owners
    assert all(one.is_ok for one in trials.of_mailbox(mailbox))
    assert mailbox.secrets["oauth"]["refresh"] not in str(list(Event.objects.values_list("data", flat=True)))


def test_mailbox_whose_consent_is_gone_is_reconnected(
    admin: Client, in_acme: Workspace, provider: TokenServer, servers: tuple[Dovecot, Outgoing]
) -> None:
    incoming, sending = servers
    login = Credentials(ADDRESS)
    mailbox = MailboxFactory(
        workspace=in_acme, address=ADDRESS, login="google", oauth={"access": "old", "refresh": "gone", "expires_at": 0},
        imap=(ImapServer("127.0.0.1", incoming.imap_port, "plain"), login), smtp=(SmtpServer("127.0.0.1", sending.port, "plain"), login),
    )  # fmt: skip
    assert not any(one.is_ok for one in trials.of_mailbox(mailbox))
    assert "Reconnect with Google" in text_of(admin.get(f"{LIST}/{mailbox.public_id}").content)
    back = came_back(admin, provider, begun(admin, f"/{mailbox.public_id}/sign-in/google"))["Location"]
    name = work()
    assert "Signing in works." in text_of(admin.get(back.partition("#")[0]).content)
    typed = {field: str(value) for field, value in forms.of_provider("google", ADDRESS).items()}
    admin.post(f"{LIST}/{mailbox.public_id}/login", {**typed, "trial": name})
    row = Mailbox.objects.get()
    assert row.secrets["oauth"]["access"] in provider.owners
    assert all(one.is_ok for one in trials.of_mailbox(row))


def test_mailbox_is_tested_with_its_stored_tokens_and_may_take_a_password_instead(
    admin: Client, in_acme: Workspace, provider: TokenServer, servers: tuple[Dovecot, Outgoing]
) -> None:
    came_back(admin, provider, begun(admin))
    typed = {field: str(value) for field, value in forms.of_provider("google", ADDRESS).items()}
    admin.post(f"{LIST}/add", {**typed, "address": ADDRESS, "inbound": "imap", "trial": work()})
    mailbox = Mailbox.objects.get()
    page = f"{LIST}/{mailbox.public_id}"
    admin.post(f"{page}/test", typed, headers=HTMX)
    assert "Fetching works." in text_of(admin.get(f"{LIST}/tests/{work()}", headers=HTMX).content)
    # Not at another server, which would read them.
    admin.post(f"{page}/test", {**typed, "imap_host": "localhost"}, headers=HTMX)
    assert "Fetching does not work." in text_of(admin.get(f"{LIST}/tests/{work()}", headers=HTMX).content)
    assert "Use a password instead" in text_of(admin.get(page).content)
    admin.post(f"{page}/test", {**typed, "password": "secret"}, headers=HTMX)
    name = work()
    assert "Fetching works." in text_of(admin.get(f"{LIST}/tests/{name}", headers=HTMX).content)
    admin.post(f"{page}/login", {**typed, "password": "secret", "trial": name})
    row = Mailbox.objects.get()
    assert (row.login, row.secrets) == (Login.PASSWORD, {"imap_password": "secret", "smtp_password": "secret"})


def test_refused_sign_in_is_shown_and_nothing_is_tried(admin: Client, provider: TokenServer) -> None:
    begun(admin)
    state = admin.session["mailbox_sign_in"]["state"]
    answer = admin.get("/mail/signed-in", {"error": "access_denied", "state": state}, follow=True)
    assert "did not let you sign in" in text_of(answer.content)


def test_code_that_the_provider_does_not_take_is_a_named_fault(
    admin: Client, provider: TokenServer, servers: tuple[Dovecot, Outgoing]
) -> None:
    back = came_back(admin, provider, begun(admin), code="made-up")["Location"]
    work()
    text = text_of(admin.get(back.partition("#")[0]).content)
    assert "Signing in does not work." in text
    assert "Fetching" not in text.partition("Signing in does not work.")[2].partition("Add mailbox")[0]


def test_state_of_another_sign_in_is_refused(admin: Client, provider: TokenServer) -> None:
    came = provider.sign_in(begun(admin))
    begun(admin)
    answer = admin.get("/mail/signed-in", came, follow=True)
    assert "not valid any more" in text_of(answer.content)
    # And it is used up.
    assert admin.get("/mail/signed-in", came).status_code == 404


def test_sign_in_is_finished_by_the_person_who_began_it(admin: Client, ben: Member, provider: TokenServer) -> None:
    came = provider.sign_in(begun(admin))
    agent = ben.signed_in()
    assert agent.get("/mail/signed-in", came).status_code == 404
    assert agent.post(f"{LIST}/sign-in/google", {"address": ADDRESS}).status_code == 403
    assert agent.get(f"{LIST}/signed-in", came).status_code == 403


def test_address_is_asked_for_first(admin: Client, provider: TokenServer) -> None:
    answer = admin.post(f"{LIST}/sign-in/google", {"address": "nobody"}, follow=True)
    assert "Enter the address first." in text_of(answer.content)

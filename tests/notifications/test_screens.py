"""The bell and its page: what is unread, reading it, and that one member's notifications are nobody else's."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts import clock, journal
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.channels.email import actions as mailbox_actions
from conversations.models import Conversation, Notification
from tests.conftest import Member
from tests.factories import ConversationFactory, MailboxFactory, receive
from tests.inbox.conftest import HTMX, queries_of, text_of
from tests.notifications.conftest import act, of

pytestmark = pytest.mark.usefixtures("in_acme")
PAGE = "/w/acme/notifications"


@pytest.fixture
def row(acme: Workspace, ada: Member, ben: Member) -> Conversation:
    """A conversation that Ada has assigned to Ben."""
    made: Conversation = ConversationFactory(workspace=acme, subject="Where is my order?")
    actions.assign(conversation=made, to=ben.user, **act(ada))
    journal.drain()
    return made


@pytest.fixture
def client(ben: Member) -> Client:
    return ben.signed_in()


def test_bell_counts_what_is_unread_on_every_screen(ada: Member, client: Client, row: Conversation) -> None:
    for path in ("/w/acme/inbox", "/w/acme/knowledge", PAGE):
        assert 'aria-label="Notifications, 1 unread"' in client.get(path).content.decode()
    assert 'aria-label="Notifications"' in ada.signed_in().get("/w/acme/inbox").content.decode()


def test_page_says_what_happened_and_leads_there(client: Client, row: Conversation) -> None:
    page = client.get(PAGE)
    assert "Ada Duarte assigned #1 to you" in text_of(page.content)
    assert "Where is my order?" in text_of(page.content)
    one = Notification.objects.get()
    answer = client.post(f"{PAGE}/{one.pk}/open")
    assert answer["Location"] == "/w/acme/inbox/1"
    one.refresh_from_db()
    assert one.read_at is not None


def test_all_are_marked_as_read_but_for_those_that_came_since(
    acme: Workspace, ada: Member, ben: Member, client: Client, row: Conversation
) -> None:
    newest = Notification.objects.get().event_id
    other = ConversationFactory(workspace=acme)
    actions.assign(conversation=other, to=ben.user, **act(ada))
    assert len(of(ben)) == 2
    assert client.post(f"{PAGE}/read", {"newest": newest}).status_code == 302
    assert of(ben) == [("assigned", 2, 1)]
    bell = client.post(f"{PAGE}/read", {"conversation": other.pk}, headers=HTMX).content.decode()
    assert 'data-count="0"' in bell
    assert of(ben) == []


def test_nothing_of_others_is_read_or_opened(vic: Member, ben: Member, row: Conversation) -> None:
    other, one = vic.signed_in(), Notification.objects.get()
    assert other.post(f"{PAGE}/{one.pk}/open").status_code == 404
    other.post(f"{PAGE}/read")
    assert len(of(ben)) == 1
    assert "No notifications" in text_of(other.get(PAGE).content)


def test_page_costs_the_same_for_one_and_for_fifty(
    acme: Workspace, ada: Member, ben: Member, client: Client, row: Conversation
) -> None:
    client.get(PAGE)
    one = queries_of(lambda: client.get(PAGE))
    for _ in range(55):
        made = ConversationFactory(workspace=acme)
        actions.assign(conversation=made, to=ben.user, **act(ada))
    while journal.drain():
        pass
    assert queries_of(lambda: client.get(PAGE)) == one <= 6
    page = client.get(PAGE).content.decode()
    assert page.count("/open") == 50
    after = page.partition("?after=")[2].partition('"')[0]
    assert "#1 to you" in client.get(f"{PAGE}?after={after}").content.decode()
    assert client.get(f"{PAGE}?after=nonsense").status_code == 404


def test_collapsed_notification_says_how_much_more(ben: Member, client: Client, row: Conversation) -> None:
    receive(row)
    receive(row)
    assert of(ben) == [("assigned", 1, 3)]
    assert "and 2 more" in text_of(client.get(PAGE).content)


def test_channels_that_are_disconnected_are_on_every_page_of_who_may_reconnect_them(
    acme: Workspace, ada: Member, ben: Member
) -> None:
    pages = ("/w/acme/inbox", "/w/acme/settings/notifications", "/w/acme/tickets")
    box = MailboxFactory(workspace=acme, address="support@acme.example")
    admin, agent = ada.signed_in(), ben.signed_in()

    def banners(client: Client) -> list[str]:
        found = [client.get(path).content.decode() for path in pages]
        return [text[text.index("data-broken") :].partition("</p>")[0] for text in found if "data-broken" in text]

    assert banners(admin) == []
    mailbox_actions.mark_disconnected(mailbox=box, reason="Refused.", by=Actor.system(acme.pk), at=clock.now())
    assert banners(agent) == []
    shown = banners(admin)
    assert len(shown) == 3
    assert all("The mailbox support@acme.example is disconnected." in text for text in shown)
    assert all(f"/settings/mailboxes/{box.public_id}" in text for text in shown)
    other = MailboxFactory(workspace=acme, address="sales@acme.example")
    mailbox_actions.mark_disconnected(mailbox=other, reason="Refused.", by=Actor.system(acme.pk), at=clock.now())
    assert all("2 channels are disconnected." in text for text in banners(admin))


def test_every_page_follows_the_stream_that_the_tabs_share(ben: Member) -> None:
    client = ben.signed_in()
    for path in ("/w/acme/inbox", "/w/acme/settings/notifications", "/w/acme/customers", "/w/acme/notifications"):
        page = client.get(path).content.decode()
        assert (page.count('id="live"'), page.count('id="connection"')) == (1, 1), path
        assert page.count("screens/live") == 1, path

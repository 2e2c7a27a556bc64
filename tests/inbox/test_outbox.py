"""Replies that leave later, in the inbox: undo, send later, held, failed. All of it works by plain forms."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from accounts import clock
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.channels import outbox
from conversations.models import Attachment, Channel, Conversation, Delivery, DeliveryFile, Mailbox, Message
from conversations.queries import outbox as outbox_queries
from tests.conftest import Member
from tests.factories import ConversationFactory, receive
from tests.inbox.conftest import HTMX, markup_of, queries_of, text_of
from tests.outbox import by_mail, leave, now, scheduled

URL = "/w/acme/inbox/1"
pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def mailed(acme: Workspace) -> Conversation:
    """An open conversation by mail, number 1."""
    return by_mail(acme, subject="Help with order", body="It never came.")


@pytest.fixture
def delivery(mailed: Conversation, agent: Client) -> Delivery:
    """A reply that Ben has just sent."""
    agent.post(f"{URL}/reply", {"body": "On its way."})
    return Delivery.objects.get()


def press(browser: Client, delivery: Delivery, what: str, values: Any = None, **more: Any) -> HttpResponse:
    return browser.post(f"{URL}/outbox/{delivery.public_id}/{what}", values or {}, **more)  # type: ignore[return-value]


def page(browser: Client, query: str = "") -> str:
    return markup_of(browser.get(f"{URL}{query}").content)


def buttons(browser: Client) -> set[str]:
    """What the page offers to do with replies in the outbox."""
    return set(re.findall(r"/outbox/[0-9a-f-]+/(\w+)\?", page(browser)))


# --- Undo -----------------------------------------------------------------------------------------


def test_reply_by_mail_can_be_taken_back_for_ten_seconds(agent: Client, mailed: Conversation) -> None:
    before = now(mailed)
    answer = agent.post(f"{URL}/reply", {"body": "On its way.", "then": "resolved"}, headers=HTMX)
    delivery = Delivery.objects.get()
    assert (delivery.send_after - delivery.created_at).total_seconds() == outbox_queries.UNDO_SECONDS
    assert f'id="later-{delivery.public_id}"' in markup_of(answer.content)
    assert re.search(r"Sending in \d+ s", text_of(answer.content))
    assert buttons(agent) == {"undo"}
    assert (now(mailed).status, now(mailed).updated_at) == (before.status, before.updated_at)
    leave()
    assert (now(mailed).status, now(mailed).preview) == ("resolved", "On its way.")
    shown = page(agent)
    assert f'id="later-{delivery.public_id}"' not in shown
    assert 'data-version="sending' in shown
    outbox.deliver_due()
    assert 'data-version="sending' not in page(agent)


@pytest.mark.parametrize("seconds", [0, 25])
def test_mailbox_says_for_how_long(agent: Client, acme: Workspace, seconds: int) -> None:
    mailbox = Mailbox.objects.create(workspace=acme, address="help@acme.example", undo_seconds=seconds)
    by_mail(acme, mailbox=mailbox)
    agent.post(f"{URL}/reply", {"body": "On its way."})
    delivery = Delivery.objects.get()
    assert (delivery.send_after - delivery.created_at).total_seconds() == seconds
    assert delivery.state == ("scheduled" if seconds else "sending")


def test_reply_in_a_chat_is_sent_at_once(agent: Client, acme: Workspace) -> None:
    ConversationFactory(workspace=acme, channel=Channel.CHAT)
    agent.post(f"{URL}/reply", {"body": "On its way."})
    assert not Delivery.objects.exists()
    assert Message.objects.latest("pk").body == "On its way."


def test_undo_puts_text_and_files_back_into_the_composer_without_script(agent: Client, mailed: Conversation) -> None:
    upload = SimpleUploadedFile("note.txt", b"a line")
    agent.post(f"{URL}/reply", {"body": "On its <way>.", "uploads": [upload]})
    delivery = Delivery.objects.get()
    answer = press(agent, delivery, "undo?view=open")
    assert answer["Location"] == f"{URL}?view=open&restored={delivery.public_id}#composer"
    shown = markup_of(agent.get(answer["Location"]).content)
    assert "On its &lt;way&gt;.</textarea>" in shown
    kept = DeliveryFile.objects.get()
    assert f'name="keep" value="{kept.public_id}" checked' in shown
    assert agent.get(f"/w/acme/files/{kept.public_id}").getvalue() == b"a line"
    leave()
    assert Message.objects.count() == 1
    more = SimpleUploadedFile("other.txt", b"another line")
    agent.post(f"{URL}/reply", {"body": "On its way.", "keep": [kept.public_id], "uploads": [more]})
    leave()
    assert [file.file.read() for file in Attachment.objects.order_by("pk")] == [b"a line", b"another line"]
    assert list(Attachment.objects.order_by("pk").values_list("name", flat=True)) == ["note.txt", "other.txt"]


def test_undo_answers_a_script_with_the_text_and_the_files(agent: Client, delivery: Delivery, ben: Member) -> None:
    shown = markup_of(press(agent, delivery, "undo", headers=HTMX).content)
    assert f'data-restored="{ben.user.pk}/acme/1:reply"' in shown
    assert "<pre> On its way.</pre>" in shown  # a line break after the tag is none
    assert f'id="later-{delivery.public_id}"' not in shown


def test_undo_that_comes_too_late_says_so(agent: Client, delivery: Delivery) -> None:
    leave()
    answer = press(agent, delivery, "undo", headers=HTMX)
    assert answer.status_code == 422
    assert "It has been sent already." in text_of(answer.content)
    assert "data-restored" not in answer.content.decode()


def test_same_reply_sent_twice_is_scheduled_once(agent: Client, mailed: Conversation) -> None:
    sent = {"body": "On its way.", "send_id": str(uuid4())}
    for _ in range(2):
        assert agent.post(f"{URL}/reply", sent, headers=HTMX).status_code == 200
    assert Delivery.objects.count() == 1


def test_reply_beside_one_that_waits_is_refused_until_its_writer_has_seen_that(
    agent: Client, mailed: Conversation, ada: Member, ben: Member
) -> None:
    before = agent.get(URL).context["outgoing"]
    theirs, own = scheduled(mailed, ada), scheduled(mailed, ben)
    answer = agent.post(f"{URL}/reply", {"body": "It left today.", "waiting": str(own.public_id)}, headers=HTMX)
    assert (before, answer.status_code) == ([], 409)
    assert "reply is about to be sent. Read it, then send again." in text_of(answer.content)
    assert f'data-waiting="{theirs.public_id} {own.public_id}"' in markup_of(answer.content)
    assert Delivery.objects.count() == 2
    again = {"body": "It left today.", "waiting": f"{theirs.public_id} {own.public_id}"}
    assert agent.post(f"{URL}/reply", again).status_code == 302
    actions.hold(delivery=scheduled(mailed, ada), by=Actor.system(mailed.workspace_id), at=clock.now())
    assert agent.post(f"{URL}/reply", again | {"body": "And a note."}).status_code == 302  # what is held does not leave
    assert Delivery.objects.count() == 5


def test_page_has_the_replies_that_wait_in_its_form(agent: Client, delivery: Delivery) -> None:
    assert f'name="waiting" value="{delivery.public_id}"' in page(agent)


def test_files_of_another_conversation_are_not_taken_along(agent: Client, acme: Workspace, ben: Member) -> None:
    by_mail(acme)
    other = by_mail(acme)
    taken = scheduled(other, ben, uploads=[SimpleUploadedFile("secret.txt", b"secret")])
    actions.cancel(delivery=taken, by=ben.actor, at=clock.now())
    agent.post(f"{URL}/reply", {"body": "On its way.", "keep": [DeliveryFile.objects.get().public_id, "nonsense"]})
    assert DeliveryFile.objects.count() == 1


# --- Later ----------------------------------------------------------------------------------------


def test_reply_is_scheduled_for_a_choice_of_the_menu_and_for_a_moment(agent: Client, acme: Workspace) -> None:
    ConversationFactory(workspace=acme, channel=Channel.CHAT)
    choices = re.findall(r'name="later" value="([^"]+)" data-later', page(agent))
    assert len(choices) >= 3
    agent.post(f"{URL}/reply", {"body": "Tomorrow.", "later": choices[-2]})
    moment = (clock.now() + timedelta(days=20)).replace(second=0, microsecond=0)
    agent.post(f"{URL}/reply", {"body": "Then.", "later": "at", "later_at": f"{moment:%Y-%m-%dT%H:%M}"})
    first, second = Delivery.objects.order_by("pk")
    assert first.send_after.isoformat() == choices[-2]
    assert second.send_after == moment
    assert text_of(agent.get(URL).content).count("Scheduled for") == 2
    assert buttons(agent) == {"undo", "send", "cancel"}


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"later": "at"}, "Pick a time in the future."),
        ({"later": "at", "later_at": "2020-01-01T09:00"}, "Pick a time in the future."),
        ({"later": "2020-01-01T09:00:00+00:00"}, "Pick a time in the future."),
        ({"later": "nonsense"}, "Pick a time in the future."),
        ({"later": "at", "later_at": "2099-01-01T09:00"}, "Pick a time within a year."),
    ],
)
def test_moment_that_is_no_choice_keeps_the_text(
    agent: Client, mailed: Conversation, values: dict[str, str], fault: str
) -> None:
    answer = agent.post(f"{URL}/reply", {"body": "Then.", **values})
    assert answer.status_code == 422
    assert fault in text_of(answer.content)
    assert "Then.</textarea>" in answer.content.decode()
    assert not Delivery.objects.exists()


def test_scheduled_reply_is_sent_now_or_cancelled(agent: Client, mailed: Conversation, ben: Member) -> None:
    sent, dropped = (
        scheduled(mailed, ben, text, send_after=clock.now() + timedelta(days=1)) for text in ("Now.", "Never.")
    )
    answer = press(agent, sent, "send", headers=HTMX)
    assert (answer.status_code, now(mailed).preview) == (200, "Now.")
    answer = press(agent, dropped, "cancel", headers=HTMX)
    assert "Cancelled. Edit" in text_of(answer.content)
    assert f"/outbox/{dropped.public_id}/undo" in answer.content.decode()
    assert "<pre> Never.</pre>" in markup_of(press(agent, dropped, "undo", headers=HTMX).content)
    leave()
    assert Message.objects.count() == 2


# --- Held -----------------------------------------------------------------------------------------


@pytest.fixture
def held(mailed: Conversation, delivery: Delivery) -> Delivery:
    receive(mailed, "Forget it, it came.")
    leave()
    assert now(delivery).is_held
    return delivery


def test_held_reply_shows_what_came_and_is_reviewed(agent: Client, held: Delivery, mailed: Conversation) -> None:
    shown = text_of(agent.get(URL).content)
    assert "1 new message came in first" in shown
    assert "Review and send" in shown
    assert buttons(agent) == {"review", "undo", "cancel"}
    expected = agent.get(URL).context["expected_last"]
    receive(mailed, "Or did it?")
    values = {"body": "Glad to hear.\r\nBye.", "expected_last": expected}
    answer = press(agent, held, "review", values, headers=HTMX)
    assert answer.status_code == 422
    assert "Something new came in while you were writing." in text_of(answer.content)
    assert "2 new messages came in first" in text_of(answer.content)
    press(agent, held, "review", {**values, "expected_last": now(mailed).last_message_id})
    assert now(mailed).preview == "Glad to hear. Bye."


def test_held_reply_is_in_the_view_of_what_was_not_sent_until_it_is_reviewed(
    agent: Client, held: Delivery, mailed: Conversation
) -> None:
    assert "Help with order" in text_of(agent.get("/w/acme/inbox?view=failed").content)
    assert "Retry all" not in text_of(agent.get("/w/acme/inbox?view=failed").content)  # it wants a review
    assert "Failed to send: 1" in text_of(agent.get("/w/acme/inbox").content)
    shown = text_of(agent.get("/w/acme/inbox?view=failed").content)
    assert "Help with order · Ben Kimura: On its way." in shown
    assert "Not sent: new message" in shown
    assert "Retry all" not in shown, "it has to be reviewed"
    agent.post("/w/acme/inbox/outbox/retry")
    assert now(held).is_held
    press(agent, held, "review", {"body": "Good.", "expected_last": now(mailed).last_message_id})
    assert "Nothing failed to send" in text_of(agent.get("/w/acme/inbox?view=failed").content)


# --- Failed ---------------------------------------------------------------------------------------


@pytest.fixture
def failed(mailed: Conversation, delivery: Delivery, acme: Workspace) -> Delivery:
    leave()
    reason = "This address does not exist."
    actions.mark_failed(delivery=now(delivery), code="address", reason=reason, by=Actor.system(acme.pk), at=clock.now())
    return delivery


def test_failure_is_shown_with_its_reason_in_the_thread_and_in_a_view(agent: Client, failed: Delivery) -> None:
    assert "Not delivered. This address does not exist." in text_of(agent.get(URL).content)
    assert buttons(agent) == {"retry", "discard"}
    shown = text_of(agent.get("/w/acme/inbox?view=failed").content)
    assert "Failed to send 1" in shown
    assert "Help with order" in shown
    assert "Failed to send: 1" in text_of(agent.get("/w/acme/inbox").content)


def test_failed_reply_is_retried_and_leaves_the_view(agent: Client, failed: Delivery) -> None:
    answer = press(agent, failed, "retry", headers=HTMX)
    assert "Sending …" in text_of(answer.content)
    outbox.deliver_due()
    assert now(failed).state == "sent"
    assert "Nothing failed to send" in text_of(agent.get("/w/acme/inbox?view=failed").content)
    assert "Failed to send:" not in text_of(agent.get("/w/acme/inbox").content)
    update = markup_of(agent.get(f"{URL}/fresh?message=0&event=0").content)
    assert "Not delivered" not in update


def test_failed_reply_is_discarded_and_stays_in_the_thread(agent: Client, failed: Delivery) -> None:
    press(agent, failed, "discard")
    assert "Not delivered. This address does not exist." in text_of(agent.get(URL).content)
    assert buttons(agent) == {"retry"}
    assert "Help with order" not in text_of(agent.get("/w/acme/inbox?view=failed").content)


def test_all_that_failed_are_retried_at_once(agent: Client, failed: Delivery, acme: Workspace) -> None:
    assert "Retry all" in text_of(agent.get("/w/acme/inbox?view=failed").content)
    answer = agent.post("/w/acme/inbox/outbox/retry?view=failed", follow=True)
    assert "Sending 1 reply again." in text_of(answer.content)
    assert now(failed).state == "sending"


# --- Who ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["undo", "cancel", "send", "review", "retry", "discard"])
def test_viewer_sees_and_changes_nothing(viewer: Client, delivery: Delivery, what: str) -> None:
    shown = page(viewer)
    assert f'id="later-{delivery.public_id}"' in shown
    assert "/outbox/" not in shown
    before = Delivery.objects.values().get()
    assert press(viewer, delivery, what, {"expected_last": 0, "body": "x"}).status_code == 403
    assert viewer.post("/w/acme/inbox/outbox/retry").status_code == 403
    assert Delivery.objects.values().get() == before


def test_colleague_sees_whose_reply_it_is(ada: Member, delivery: Delivery) -> None:
    browser = ada.signed_in()
    assert "Ben Kimura" in text_of(browser.get(URL).content)
    assert buttons(browser) == {"undo"}


def test_reply_of_another_conversation_is_missing(agent: Client, delivery: Delivery, acme: Workspace) -> None:
    other = by_mail(acme)
    address = f"/w/acme/inbox/{other.number}/outbox/{delivery.public_id}/cancel"
    assert agent.post(address).status_code == 404
    assert agent.post(f"{URL}/outbox/{uuid4()}/cancel").status_code == 404


def test_outbox_costs_the_same_statements_for_one_and_for_many(
    agent: Client, mailed: Conversation, ben: Member
) -> None:
    agent.get(URL)
    nothing = queries_of(lambda: agent.get(URL))
    scheduled(mailed, ben, uploads=[SimpleUploadedFile("note.txt", b"a line")])
    one = queries_of(lambda: agent.get(URL))
    for _ in range(9):
        scheduled(mailed, ben, uploads=[SimpleUploadedFile("note.txt", b"a line")])
    # The replies, their files, and to whom the last one goes.
    assert queries_of(lambda: agent.get(URL)) == one == nothing + 3

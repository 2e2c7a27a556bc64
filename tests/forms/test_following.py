"""Following up without an account: a signed link shows one conversation to its customer, who writes on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import clock
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.forms import tokens
from conversations.models import Attachment, Conversation, Handler, Message, MessageKind, Status
from tests.conftest import Member
from tests.factories import ConversationFactory, reply
from tests.forms.conftest import Visitor, token


@pytest.fixture
def conversation(visitor: Visitor) -> Conversation:
    visitor.send()
    return Conversation.objects.select_related("contact").get()


def link(conversation: Conversation, language: str = "en") -> str:
    return f"/f/c/{tokens.of_conversation(conversation, language)}"


def write(client: Client, address: str, text: str = "One more thing.", **more: Any) -> Any:
    page = client.get(address).content.decode()
    return client.post(address, {"token": token(page), "message": text, **more})


def close(conversation: Conversation) -> None:
    by = Actor.system(conversation.workspace_id)
    actions.set_status(conversation=conversation, status=Status.CLOSED, by=by, at=clock.now())


def test_page_shows_the_messages_of_both_sides_and_no_notes(
    conversation: Conversation, ben: Member, client: Client
) -> None:
    act: Any = {"by": ben.actor, "at": clock.now()}
    actions.reply(conversation=conversation, body="Have you tried turning it off?", **act)
    actions.note(conversation=conversation, body="A difficult one.", **act)
    actions.set_status(conversation=conversation, status="resolved", **act)
    page = client.get(link(conversation)).content.decode()
    assert "The station is offline." in page
    assert "Have you tried turning it off?" in page
    assert "A difficult one." not in page
    assert f"Your request #{conversation.number}" in page
    assert '<b dir="auto">Ben</b>' in page
    assert ben.user.email not in page


def test_customer_writes_on_and_the_conversation_reopens(
    conversation: Conversation, ben: Member, client: Client
) -> None:
    reply(conversation, by=ben.actor)
    answer = write(client, link(conversation), files=[SimpleUploadedFile("log.txt", b"error 7")])
    assert answer.status_code == 303
    conversation.refresh_from_db()
    message = Message.objects.latest("pk")
    assert (conversation.status, message.body, message.sender_contact) == (
        "open",
        "One more thing.",
        conversation.contact,
    )
    assert Attachment.objects.get(message=message).name == "log.txt"
    page = client.get(answer["Location"]).content.decode()
    assert "Your message was sent." in page
    assert "log.txt" in page


def test_message_that_is_sent_twice_is_written_once(conversation: Conversation, client: Client) -> None:
    address = link(conversation)
    given = {"token": token(client.get(address).content.decode()), "message": "One more thing."}
    assert {client.post(address, given).status_code for _ in range(2)} == {303}
    assert Message.objects.filter(body="One more thing.").count() == 1
    client.post(address, {**given, "message": "And another."})
    assert Message.objects.count() == 3


def test_writing_in_a_closed_conversation_starts_one_that_follows_it(
    conversation: Conversation, client: Client
) -> None:
    close(conversation)
    address = link(conversation)
    assert "What you write starts a new one." in client.get(address).content.decode()
    answer = write(client, address)
    new = Conversation.objects.get(follows=conversation)
    assert (new.channel, new.contact, new.subject) == ("form", conversation.contact, conversation.subject)
    assert f"Your request #{new.number}" in client.get(answer["Location"]).content.decode()
    before = client.get(address).content.decode()
    assert "Your request goes on here" in before
    assert "<form" not in before
    onward = before.split('class="button" href="')[1].split('"')[0]
    assert f"Your request #{new.number}" in client.get(onward).content.decode()


def test_spammer_follows_up_among_the_spam(visitor: Visitor) -> None:
    visitor.send(homepage="x")
    row = Conversation.objects.get()
    close(row)
    assert write(visitor.client, link(row)).status_code == 303
    assert Conversation.objects.get().handler == Handler.NOBODY


@pytest.mark.parametrize(
    ("text", "sentence"),
    [(" \n", "This is missing."), ("\u200b", "This is missing."), ("x" * 10_001, "At most 10000 characters.")],
    ids=["blank", "invisible", "too long"],
)
def test_what_cannot_be_sent_is_kept_with_the_reason(
    conversation: Conversation, client: Client, text: str, sentence: str
) -> None:
    answer = write(client, link(conversation), text)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert text.strip()[:100] in answer.content.decode()
    assert Message.objects.count() == 1


@pytest.mark.usefixtures("no_time_passes_for_limits")
def test_writing_too_often_is_refused_and_the_text_is_kept(conversation: Conversation, client: Client) -> None:
    address = link(conversation)
    page = token(client.get(address).content.decode())
    answers = [client.post(address, {"token": page, "message": f"Number {n}"}) for n in range(12)]
    assert answers[0].status_code == 303
    assert answers[-1].status_code == 429
    assert "Number 11" in answers[-1].content.decode()


# --- Who may see it -----------------------------------------------------------------------------


def test_link_is_over_after_thirty_days_and_says_so_in_its_language(
    conversation: Conversation, client: Client, moments: time_machine.Coordinates
) -> None:
    address = link(conversation, "de")
    moments.shift(timedelta(days=29, hours=23))
    assert client.get(address).status_code == 200
    moments.shift(timedelta(hours=2))
    for answer in (client.get(address), client.post(address, {"message": "Hello?"})):
        assert answer.status_code == 404
        assert "Dieser Link funktioniert nicht" in answer.content.decode()
        assert "The station is offline." not in answer.content.decode()
    assert Message.objects.count() == 1


def test_nobody_makes_a_link_of_their_own(conversation: Conversation, client: Client) -> None:
    good = tokens.of_conversation(conversation, "en")
    other = ConversationFactory(workspace=conversation.workspace)
    parts, others = good.split(":"), tokens.of_conversation(other, "en").split(":")
    forged = [
        good[:-1],
        good + "x",
        good.swapcase(),
        ":".join([others[0], *parts[1:]]),
        ":".join([*parts[:2], others[2]]),
    ]
    for one in (*forged, "x", "%00", "a:b:c", good.partition(":")[0]):
        answer = client.get(f"/f/c/{one}")
        assert answer.status_code == 404, one
        assert "This link does not work" in answer.content.decode()


def test_link_of_a_page_or_of_the_api_is_not_one_of_a_conversation(conversation: Conversation, client: Client) -> None:
    from conversations.api import end_user

    for theirs in (tokens.of_page("follow x"), end_user.token(conversation)):
        assert client.get(f"/f/c/{theirs}").status_code == 404


def test_file_is_a_download_for_who_has_the_link_of_its_conversation(
    conversation: Conversation, ben: Member, client: Client, in_acme: Workspace
) -> None:
    act: Any = {"by": ben.actor, "at": clock.now()}
    actions.reply(conversation=conversation, body="See this.", uploads=[ContentFile(b"<b>hi</b>", "a.html")], **act)
    actions.note(conversation=conversation, body="Inside.", uploads=[ContentFile(b"secret", "b.txt")], **act)
    shown, hidden = Attachment.objects.order_by("pk")
    assert hidden.message.kind == MessageKind.NOTE
    address = link(conversation)
    page = client.get(address).content.decode()
    assert f"{address}/files/{shown.public_id}" in page
    assert str(hidden.public_id) not in page
    sent = client.get(f"{address}/files/{shown.public_id}")
    assert b"".join(sent.streaming_content) == b"<b>hi</b>"
    assert sent["Content-Type"] == "application/octet-stream"
    assert sent["Content-Disposition"].startswith("attachment")
    assert "sandbox" in sent["Content-Security-Policy"]
    assert client.get(f"{address}/files/{hidden.public_id}").status_code == 404
    other = link(ConversationFactory(workspace=in_acme))
    assert client.get(f"{other}/files/{shown.public_id}").status_code == 404
    assert client.get(f"/f/c/nothing/files/{shown.public_id}").status_code == 404


def test_pages_ask_no_index_and_tell_no_other_site(conversation: Conversation, client: Client) -> None:
    answer = client.get(link(conversation))
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "no-store, private"
    assert not answer.cookies


def test_no_link_of_a_customer_is_in_the_log(
    conversation: Conversation, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    address = link(conversation)
    assert write(client, address, " ").status_code == 422
    assert client.get(f"{address}/files/{conversation.public_id}").status_code == 404
    assert client.get(f"{address}x").status_code == 404
    assert "/f/c/" not in caplog.text


def test_statements_do_not_grow_with_the_thread(
    conversation: Conversation, client: Client, ben: Member, django_assert_num_queries: Any
) -> None:
    address = link(conversation)
    with django_assert_num_queries(4):
        client.get(address)
    for number in range(20):
        reply(conversation, f"Number {number}", by=ben.actor, uploads=[ContentFile(b"x", "a.txt")])
    with django_assert_num_queries(4):
        client.get(address)


# --- Joined -------------------------------------------------------------------------------------


def joined(conversation: Conversation, into: Conversation, ben: Member) -> None:
    actions.join(conversation=conversation, into=into, by=ben.actor, at=clock.now())


def test_conversation_that_was_joined_into_another_customers_shows_its_customer_their_own_messages_alone(
    conversation: Conversation, in_acme: Workspace, ben: Member, client: Client
) -> None:
    theirs = ConversationFactory(workspace=in_acme, body="My password is hunter2.")
    reply(theirs, "We keep it to ourselves.", by=ben.actor)
    address = link(conversation)
    joined(conversation, theirs, ben)
    page = client.get(address).content.decode()
    assert '<div class="entry__text" dir="auto">The station is offline.</div>' in page
    assert "hunter2" not in page
    assert "to ourselves" not in page
    answer = write(client, address, "Any news?")
    assert answer["Location"].startswith(address)
    message = Message.objects.get(body="Any news?")
    assert (message.conversation, message.sender_contact) == (theirs, conversation.contact)
    again = client.get(address).content.decode()
    assert "Any news?" in again
    assert "hunter2" not in again


def test_file_of_another_customer_stays_theirs_after_joining(
    conversation: Conversation, in_acme: Workspace, ben: Member, client: Client
) -> None:
    theirs = ConversationFactory(workspace=in_acme, uploads=[ContentFile(b"secret", "a.txt")])
    joined(conversation, theirs, ben)
    assert client.get(f"{link(conversation)}/files/{Attachment.objects.get().public_id}").status_code == 404


def test_conversation_that_was_joined_into_the_customers_own_one_is_shown_there(
    conversation: Conversation, in_acme: Workspace, ben: Member, client: Client
) -> None:
    own = ConversationFactory(workspace=in_acme, contact=conversation.contact, body="Where is my order?")
    joined(conversation, own, ben)
    page = client.get(link(conversation)).content.decode()
    assert "Where is my order?" in page
    assert "The station is offline." in page
    answer = write(client, link(conversation))
    assert f"Your request #{own.number}" in client.get(answer["Location"]).content.decode()


def test_link_shows_no_words_of_another_customer_whose_conversation_was_joined_into_this_one(
    conversation: Conversation, visitor: Visitor, ben: Member, client: Client
) -> None:
    visitor.send(message="Mine is another matter.")
    other = Conversation.objects.latest("pk")
    assert other.contact != conversation.contact
    actions.join(conversation=other, into=conversation, by=ben.actor, at=clock.now())
    page = client.get(link(conversation)).content.decode()
    assert "The station is offline." in page
    assert "Mine is another matter." not in page


def test_follow_up_from_a_page_that_is_too_old_is_shown_again_and_never_stored_twice(
    conversation: Conversation, client: Client
) -> None:
    for _ in range(2):
        answer = client.post(link(conversation), {"token": "old:old:old", "message": "Are you there?"})
        assert answer.status_code == 422
        assert "Are you there?" in answer.content.decode()
    assert not Message.objects.filter(body="Are you there?").exists()

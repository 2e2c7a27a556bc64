"""Visitors' sessions: what is a visitor's own stays theirs, and what somebody else wrote is never seen."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from accounts import clock
from accounts.errors import Conflict, NotFound
from accounts.live.access import still_valid
from accounts.models import Event
from accounts.permissions import Actor
from conversations import actions as desk
from conversations.actions.entries import Door
from conversations.actions.senders import Sender
from conversations.chat import actions, proofs, queries, sessions
from conversations.chat.access import ChatAccess
from conversations.chat.actions import holding
from conversations.models import Channel, ChatSession, Conversation, Message, Widget
from tests.chat.conftest import begin, identify, make, start
from tests.concurrency import at_once
from tests.factories import ContactFactory, ConversationFactory, reply

pytestmark = pytest.mark.django_db


def visible(session: ChatSession) -> list[Conversation]:
    return list(queries.conversations_of(session))


def test_visitor_has_a_contact_of_their_own_whom_nobody_has_verified(widget: Widget) -> None:
    known = ContactFactory(workspace=widget.workspace, email="nia@example.com", external_id="u_41")
    stated = proofs.stated({"id": "u_41", "email": "nia@example.com", "name": "Nia"})
    session = start(widget, identity=stated)
    contact = session.contact
    assert contact != known
    assert (contact.is_verified, contact.external_id, contact.email) == (False, None, "nia@example.com")
    assert contact.traits == {"stated_id": "u_41"}


def test_token_is_kept_as_a_hash_and_opens_its_widget_alone(widget: Widget) -> None:
    opened = actions.start_session(widget=widget, by=sessions.visitor(widget), at=clock.now())
    assert opened.token is not None
    assert opened.session.token_hash != opened.token
    assert sessions.find(widget, opened.token) == opened.session
    assert sessions.find(Widget(pk=widget.pk + 1, workspace=widget.workspace), opened.token) is None
    for wrong in ("", "x" * 300, "\ud800", "a\x00"):
        assert sessions.find(widget, wrong) is None


def test_identified_visitor_takes_their_own_conversations_along_and_the_token_is_another(widget: Widget) -> None:
    known = ContactFactory(workspace=widget.workspace, external_id="u_41")
    earlier = ConversationFactory(workspace=widget.workspace, contact=known)
    session = start(widget)
    chat = begin(session, "My order is late.")
    ticket = desk.escalate(conversation=chat, by=Actor.system(widget.workspace_id), at=clock.now())
    opened = identify(session)
    assert opened.session.contact == known
    assert opened.token
    assert {*visible(opened.session)} == {earlier, chat}
    assert Message.objects.get(conversation=chat).sender_contact == known
    ticket.refresh_from_db()
    assert ticket.anonymous_traits["name"] == known.name
    moved = Event.objects.get(type="conversation.contact_changed")
    assert moved.data == {"contact_id": known.pk, "previous_contact_id": session.contact_id}


def test_old_token_shows_nothing_after_identifying(widget: Widget) -> None:
    opened = actions.start_session(widget=widget, by=sessions.visitor(widget), at=clock.now())
    chat = begin(opened.session)
    identify(opened.session)
    assert opened.token is not None
    assert sessions.find(widget, opened.token) is None
    assert not visible(opened.session)
    by = sessions.visitor(widget, opened.session.contact)
    with pytest.raises(actions.SessionEnded):
        actions.write(session=opened.session, conversation=chat, body="More", by=by, at=clock.now())
    with pytest.raises(actions.SessionEnded):
        begin(opened.session)


def test_who_is_verified_as_somebody_else_brings_nothing_along(widget: Widget) -> None:
    first = identify(start(widget), external_id="u_1").session
    private = begin(first, "My password is hunter2.")
    second = identify(first, external_id="u_2").session
    assert second.contact != first.contact
    assert not visible(second)
    private.refresh_from_db()
    assert private.contact == first.contact
    with pytest.raises(actions.SessionEnded):
        holding.held(first)


def test_same_person_goes_on_with_the_same_token(widget: Widget) -> None:
    session = identify(start(widget)).session
    again = identify(session)
    assert (again.session, again.token) == (session, None)


def test_what_is_typed_leads_to_nobody_elses_mail(widget: Widget) -> None:
    """An address that a visitor types is no proof: who has it writes as a contact of their own."""
    session = start(widget, identity=proofs.stated({"email": "victim@example.com"}))
    by = Actor.system(widget.workspace_id)
    mail = desk.identify(workspace=widget.workspace, email="victim@example.com", by=by, at=clock.now())
    assert mail != session.contact
    private = ConversationFactory(workspace=widget.workspace, contact=mail, door=Door(Channel.EMAIL, "test"))
    chat = begin(session)
    assert visible(session) == [chat]
    assert private not in visible(identify(session, external_id="attacker").session)


def test_unverified_visitor_sees_chats_alone_and_no_words_of_others(widget: Widget) -> None:
    session = start(widget)
    chat = begin(session)
    ConversationFactory(workspace=widget.workspace, contact=session.contact, door=Door(Channel.EMAIL, "test"))
    other = ContactFactory(workspace=widget.workspace)
    by = Actor.system(widget.workspace_id)
    desk.receive(conversation=chat, body="Not yours.", sender=Sender.contact(other), by=by, at=clock.now())
    desk.note(conversation=chat, body="Inside.", by=by, at=clock.now())
    reply(chat, "Hello!")
    assert visible(session) == [chat]
    assert [row.body for row in queries.shown(chat).order_by("pk")] == ["Hello?", "Hello!"]


def test_seen_never_goes_back_and_the_ticket_follows(widget: Widget) -> None:
    session = start(widget)
    chat = begin(session)
    by = sessions.visitor(widget, session.contact)
    ticket = desk.escalate(conversation=chat, by=Actor.system(widget.workspace_id), at=clock.now())
    first, second = reply(chat, "One."), reply(chat, "Two.")
    chat.refresh_from_db()
    ticket.refresh_from_db()
    assert (queries.unread_in(chat), ticket.unread_customer_count) == (2, 2)
    for message, left in ((first, 1), (second, 0), (first, 0)):
        chat = actions.mark_seen(conversation=chat, message=message, by=by, at=clock.now())
        ticket.refresh_from_db()
        assert (queries.unread_in(chat), ticket.unread_customer_count) == (left, left)
    assert Event.objects.filter(type="chat.seen").count() == 2
    stranger = sessions.visitor(widget, start(widget).contact)
    with pytest.raises(NotFound):
        actions.mark_seen(conversation=chat, message=second, by=stranger, at=clock.now())


def test_customer_resolves_and_reopens_and_closed_goes_on_in_a_new_one(widget: Widget) -> None:
    session = start(widget)
    chat = begin(session)
    act = {"by": sessions.visitor(widget, session.contact), "at": clock.now()}
    assert actions.resolve_as_customer(conversation=chat, **act).status == "resolved"
    assert actions.reopen_as_customer(conversation=chat, **act).status == "open"
    assert Message.objects.filter(conversation=chat, kind="status-change", sender_kind="customer").count() == 2
    desk.set_status(conversation=chat, status="closed", by=Actor.system(widget.workspace_id), at=clock.now())
    assert actions.resolve_as_customer(conversation=chat, **act).status == "closed"
    with pytest.raises(Conflict):
        actions.reopen_as_customer(conversation=chat, **act)
    message = actions.write(session=session, conversation=chat, body="One more thing.", **act)
    assert message.conversation.follows == chat
    assert message.conversation.channel == Channel.CHAT
    for verb in (actions.resolve_as_customer, actions.reopen_as_customer):
        with pytest.raises(NotFound):
            verb(conversation=chat, by=sessions.visitor(widget, start(widget).contact), at=clock.now())


def test_repeat_finds_what_was_written(widget: Widget) -> None:
    session = start(widget)
    ids = {"public_id": uuid.uuid4(), "message_public_id": uuid.uuid4()}
    assert begin(session, **ids) == begin(session, **ids)
    assert Message.objects.count() == 1
    with pytest.raises(Conflict):
        begin(start(widget), **ids)
    with pytest.raises(Conflict):
        begin(start(widget), message_public_id=ids["message_public_id"])


def test_described_visitor_stays_unverified_and_a_verified_one_is_not_renamed(widget: Widget) -> None:
    stated = proofs.stated({"name": "Eve", "email": "eve@example.com", "plan": "pro"})
    session = start(widget)
    by = sessions.visitor(widget, session.contact)
    session = actions.describe_visitor(session=session, identity=stated, by=by, at=clock.now())
    session.contact.refresh_from_db()
    assert (session.contact.name, session.contact.email, session.contact.traits) == (
        "Eve",
        "eve@example.com",
        {"plan": "pro"},
    )
    assert not session.contact.is_verified
    verified = identify(session).session
    actions.describe_visitor(session=verified, identity=stated, by=sessions.visitor(widget), at=clock.now())
    verified.contact.refresh_from_db()
    assert verified.contact.name == "Nia Okafor"


def test_stream_holds_while_its_session_and_its_widget_do(
    widget: Widget, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    second = make(widget.workspace, name="Second")
    kept, ended, off = start(widget), start(widget), start(second)
    given = [ChatAccess(one.pk) for one in (kept, ended, off)]
    with django_assert_num_queries(1):
        assert still_valid(given) == {*given}
    actions.end_session(session=ended, by=sessions.visitor(widget, ended.contact), at=clock.now())
    actions.update_widget(widget=second, is_active=False, by=Actor.system(widget.workspace_id), at=clock.now())
    assert still_valid(given) == {given[0]}


@pytest.mark.django_db(transaction=True)
def test_two_tabs_that_identify_at_once_lose_nothing(widget: Widget) -> None:
    session = start(widget)
    chat = begin(session)
    opened = at_once(lambda n: identify(session), 2)
    assert all(one.token for one in opened)
    assert len({one.session.contact_id for one in opened}) == 1
    for one in opened:
        assert visible(one.session) == [chat]

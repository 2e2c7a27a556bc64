"""Erasing a customer: no column and no file holds a word of theirs any more, and what is not theirs is as it was.

Every row that belongs to the customer gets the canary into every text that it has. What may stay is named here, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, models

from accounts import clock
from accounts.errors import Conflict
from accounts.models import Event, IdempotentRequest, QueuedMail, Workspace
from accounts.permissions import Actor
from conversations import actions, maintenance
from conversations.assistant import actions as assistant_actions
from conversations.assistant import runs
from conversations.assistant.engines.protocol import Draft
from conversations.channels import outbox
from conversations.chat import actions as chat_actions
from conversations.chat import sessions
from conversations.models import (
    AssistantFrame,
    AssistantProposal,
    AssistantQueueItem,
    AssistantRun,
    AssistantThread,
    Attachment,
    AutomaticMail,
    BlockedSender,
    BulkJob,
    BulkRow,
    CallbackRequest,
    ChatRestore,
    Contact,
    ContactAddress,
    ContactKey,
    ContactNote,
    Conversation,
    Delivery,
    DeliveryFile,
    DiscordLink,
    DiscordMember,
    DiscordMessage,
    DiscordThread,
    DraftFile,
    EntryPoint,
    Erasure,
    Follower,
    InboundMail,
    MailReference,
    Mention,
    Message,
    MessageVersion,
    Notification,
    Presence,
    SuppressedAddress,
    Widget,
)
from conversations.models import Draft as Unsent
from conversations.models.contact import ERASED
from conversations.privacy import actions as privacy
from conversations.privacy import contents, tasks
from tests.conftest import Member
from tests.effects import refused
from tests.factories import ContactFactory, ConversationFactory, MailboxFactory
from tests.inbox.mails import inbound
from tickets.actions import create_attribute
from tickets.models import Ticket, TicketNote

pytestmark = pytest.mark.usefixtures("in_acme")

CANARY = "xylocanary"
EMAIL = f"{CANARY}@example.com"
STAYS = {
    # The team's own words for sorting and assigning, which hold nothing of the customer.
    ("conversations_conversation", "priority"), ("conversations_conversation", "tags"), ("tickets_ticket", "tags"),
    ("conversations_conversation", "assignee_reference"), ("conversations_conversation", "assignee_label"),
    # Which integration, engine, tool or failure it was: names of the desk.
    ("conversations_entrypoint", "adapter"), ("conversations_suggestion", "engine"), ("conversations_suggestion", "model"),
    ("conversations_suggestion", "failure"), ("conversations_assistantproposal", "tool_name"), ("tickets_ticket", "channel"),
    ("conversations_contact", "identity_source"), ("conversations_assistantthread", "call"),
    # Hashes, by which a mail that comes again is known, and codes of the desk.
    ("conversations_inboundmail", "digest"), ("conversations_inboundmail", "message_key"), ("conversations_mailreference", "key"),
    ("conversations_delivery", "then"), ("conversations_discordthread", "tags"), ("accounts_queuedmail", "kind"),
    ("accounts_queuedmail", "last_error"),
    # Whoever wrote for the team; what the customer's messages say of their writer is erased (test below).
    ("conversations_message", "sender_reference"), ("conversations_message", "sender_name"), ("conversations_message", "sender_email"),
    ("conversations_erasure", "counts"),
}  # fmt: skip
OWNERS = (
    "Contact",
    "Conversation",
    "Message",
    "Delivery",
    "AssistantThread",
    "AssistantRun",
    "DiscordMember",
    "Draft",
    "Ticket",
)


@pytest.fixture
def customer(acme: Workspace, ben: Member) -> Contact:
    """A customer of whom every kind of row exists."""
    act: dict[str, Any] = {"by": ben.actor, "at": clock.now()}
    contact = ContactFactory(workspace=acme, email=EMAIL, name=f"{CANARY} Doe", external_id=CANARY)
    double = ContactFactory(workspace=acme, email=f"other.{EMAIL}", external_id=f"{CANARY}-2")
    actions.mark_distinct(contact=contact, other=double, **act)
    run = assistant_actions.ask_assistant(workspace=acme, content=CANARY, contact=contact, by=ben.actor, at=clock.now())
    run = runs.claim(run.pk, clock.now())
    assert run is not None
    row = run.thread.conversation
    assistant_actions.enqueue(thread=run.thread, content=CANARY, by=ben.actor, at=clock.now())
    AssistantFrame.objects.create(run=run, sequence=99, kind="text", body={"text": CANARY})
    AssistantProposal.objects.create(thread=run.thread, tool_name="hand_over", preview=CANARY, payload={"a": CANARY})
    assistant_actions.make_suggestion(conversation=row, draft=Draft(CANARY), engine="builtin", **act)
    upload = ContentFile(CANARY.encode(), name=f"{CANARY}.txt")
    talk = ConversationFactory(workspace=acme, contact=double, subject=CANARY, body=CANARY, uploads=[upload])
    actions.note(conversation=talk, body=f"{CANARY} again", **act)
    actions.reply(conversation=talk, body=f"Dear {CANARY}", **act)
    TicketNote.objects.create(ticket=actions.escalate(conversation=talk, **act), body=CANARY)
    actions.schedule(
        conversation=talk, body=CANARY, send_after=clock.now() + timedelta(hours=1), uploads=[upload], by=ben.actor,
        at=clock.now(),
    )  # fmt: skip
    message = talk.messages.order_by("pk").first()
    assert message is not None
    CallbackRequest.objects.create(conversation=talk, phone_typed=CANARY, due_at=clock.now())
    InboundMail.objects.create(
        mailbox=MailboxFactory(workspace=acme), source="imap", size=1, digest="0" * 64, state="read", conversation=talk,
        message=message, from_address=EMAIL,
        raw=default_storage.save("1/mail/x.eml", ContentFile(CANARY.encode())), text=CANARY,
    )  # fmt: skip
    MailReference.objects.create(conversation=talk, message=message, key="k")
    Follower.objects.create(conversation=talk, user=ben.user)
    Mention.objects.create(conversation=talk, message=message, user=ben.user)
    MessageVersion.objects.create(message=message, body=CANARY)
    draft = actions.save_draft(conversation=talk, kind="reply", body=CANARY, **act)
    actions.attach_to_draft(conversation=talk, kind="reply", upload=upload, public_id=uuid4(), **act)
    assert draft is not None
    Presence.objects.create(conversation=talk, user=ben.user)
    Notification.objects.create(user=ben.user, kind="assigned", conversation=talk, event_id=1)
    BulkRow.objects.create(job=BulkJob.objects.create(row_count=1, effects=[]), conversation=talk, reason=CANARY)
    thread = DiscordThread.objects.create(discord_id=1, parent_id=2, name=CANARY, conversation=talk)
    member = DiscordMember.objects.create(discord_id=1, name=CANARY, contact=contact)
    DiscordMessage.objects.create(discord_id=1, thread=thread, message=message)
    DiscordLink.objects.create(member=member, email=EMAIL, expires_at=clock.now())
    widget = Widget.objects.create(workspace=acme, name="Website")
    session = chat_actions.start_session(widget=widget, by=sessions.visitor(widget), at=clock.now()).session
    visitor, session.contact = session.contact, contact
    session.save()
    visitor.delete()
    ChatRestore.objects.create(widget=widget, email=EMAIL, token_hash=CANARY, page=CANARY, expires_at=clock.now())
    actions.add_contact_note(contact=contact, body=CANARY, **act)
    actions.add_address(contact=contact, kind="email", value=f"third.{EMAIL}", **act)
    for model, values in (
        (AutomaticMail, {"address": EMAIL, "kind": "x"}),
        (SuppressedAddress, {"address": EMAIL, "reason": CANARY}),
        (BlockedSender, {"pattern": EMAIL}),
    ):
        model.objects.create(**values)
    QueuedMail.objects.create(
        kind="transcript", about={"conversation_id": talk.pk}, due_at=clock.now() + timedelta(days=1)
    )
    IdempotentRequest.objects.create(
        method="POST", path="/x", key="k", body_hash="h", body=f'{{"e": "{EMAIL}"}}'.encode()
    )
    actions.merge_contacts(contact=double, into=contact, **act)
    maintenance.compare_contacts()
    return Contact.objects.get(pk=contact.pk)


def mine() -> Iterator[type[models.Model]]:
    """Every model with a way to the customer."""
    for app in ("accounts", "tickets", "conversations"):
        for model in apps.get_app_config(app).get_models():
            targets = {
                field.related_model.__name__
                for field in model._meta.get_fields()
                if field.is_relation and field.concrete and isinstance(field.related_model, type)
            }
            if targets & {*OWNERS} or model.__name__ in ("Contact", "Ticket"):
                yield model


def poison() -> None:
    """Put the canary into every text of every row."""
    for model in mine():
        for field in model._meta.concrete_fields:
            if (model._meta.db_table, field.column) in STAYS or field.choices or field.unique or field.is_relation:
                continue
            value: Any = None
            if isinstance(field, SearchVectorField):
                continue
            if isinstance(field, ArrayField):
                value = [CANARY]
            elif isinstance(field, models.JSONField):
                value = {CANARY: CANARY}
                if field.name in ("to", "cc", "bcc", "sources", "problems", "tags"):
                    value = [CANARY]
            elif isinstance(field, (models.CharField, models.TextField)) and not isinstance(field, models.UUIDField):
                if field.max_length is not None and field.max_length < 30:
                    continue
                value = models.functions.Concat(
                    models.Value(f"{CANARY} "), models.functions.Cast("pk", models.CharField())
                )
                if field.name == "email":
                    value = EMAIL
            if value is not None and field.name not in (
                "raw",
                "file",
                "token_hash",
                "from_address",
                "email",
                "reference",
                "external_id",
                "metadata",
            ):
                model._base_manager.update(**{field.name: value})
    Conversation.all_workspaces.update(
        metadata={"phone": CANARY},
        external_id=models.functions.Concat(models.Value(CANARY), "pk", output_field=models.CharField()),
    )
    Message.objects.exclude(kind="status-change").update(metadata={"x": CANARY})
    EntryPoint.objects.update(metadata={"x": CANARY})
    for row in (*Message.objects.all(), *Contact.objects.all(), *Conversation.objects.all()):
        row.save()  # with their tokens


def holding(table: str) -> list[str]:
    """The columns of a table in which the canary is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s", [table])
        found = []
        for column, kind in cursor.fetchall():
            text = f"encode({column}, 'escape')" if kind == "bytea" else f'"{column}"::text'
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE {text} ILIKE %s', [f"%{CANARY}%"])
            if cursor.fetchone()[0]:
                found.append(column)
    return found


def tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
        )
        return sorted(row[0] for row in cursor.fetchall())


def erase(contact: Contact, by: Actor) -> Erasure:
    return tasks.carry_out(privacy.request_erasure(contact=contact, by=by, at=clock.now()))


def test_every_model_with_a_way_to_the_customer_has_a_row(customer: Contact) -> None:
    assert [model.__name__ for model in mine() if not model._base_manager.exists() and model is not Erasure] == []


def test_no_column_and_no_file_holds_a_word_of_theirs(customer: Contact, ada: Member) -> None:
    poison()
    before = {table: holding(table) for table in tables()}
    assert len([table for table, columns in before.items() if columns]) > 20
    erasure = erase(customer, ada.actor)
    after = {(table, column) for table in tables() for column in holding(table)}
    assert after - STAYS == set()
    assert {("conversations_message", "sender_name")} & after == set()
    assert not any(default_storage.exists(path) for path in ("1/mail/x.eml",))
    assert not Attachment.objects.exists()
    assert not DeliveryFile.objects.exists()
    assert not DraftFile.objects.exists()
    maintenance.compare_contacts()
    assert not ContactKey.objects.exists()
    assert (erasure.state, erasure.counts["conversations"]) == ("done", 2)


def test_numbers_states_counts_and_the_journal_stay(customer: Contact, ada: Member) -> None:
    fields = ("number", "status", "message_count", "unread_count", "created_at", "assignee_id", "ticket_id")
    before = [*Conversation.objects.order_by("pk").values(*fields)]
    events, tickets = Event.objects.count(), [*Ticket.objects.values("number", "status", "message_count")]
    messages = Message.objects.count()
    erase(customer, ada.actor)
    assert [*Conversation.objects.order_by("pk").values(*fields)] == before
    assert [*Ticket.objects.values("number", "status", "message_count")] == tickets
    assert Message.objects.count() == messages
    assert Event.objects.count() > events
    assert Contact.objects.get(pk=customer.pk).name == ERASED


def test_nothing_that_waits_is_sent_or_answered(customer: Contact, ada: Member) -> None:
    erase(customer, ada.actor)
    assert not Delivery.objects.filter(state__in=("scheduled", "sending")).exists()
    assert {*AssistantRun.objects.values_list("status", flat=True)} == {"canceled"}
    assert not AssistantQueueItem.objects.exists()
    assert {*AssistantThread.objects.values_list("title", flat=True)} == {contents.TEXT}


@pytest.mark.parametrize(
    ("along", "body", "names_them"),
    [
        ({"to": "Ann <ANN@x.example>"}, "", True),
        ({"to": "joann@x.example, ann@x.example.org"}, "", False),
        ({"to": "o'ann@x.example"}, "", False),
        ({"to": "bob@y.example", "cc": "half typed, ann@x.example"}, "", True),
        ({"to": "bob@y.example", "subject": "About ann@x.example"}, "", True),
        ({"to": "bob@y.example"}, "Write to ann@x.example.", True),
        ({"to": "bob@y.example"}, "Not to the.ann@x.example or ann@x.example.org", False),
        ({"to": "bob@y.example", "phone": "+44 20 7946 0000"}, "", True),
        ({"to": "bob@y.example"}, "Call +442079460000!", True),
        ({"to": "bob@y.example"}, "Order +4420794600001 of 5 pieces", False),
    ],
)
def test_mails_that_are_begun_go_only_where_they_name_the_person(
    acme: Workspace, ada: Member, ben: Member, along: dict[str, str], body: str, names_them: bool
) -> None:
    ann = ContactFactory(workspace=acme, email="ann@x.example")
    for value in ("+44 20 7946 0000", "5"):
        actions.add_address(contact=ann, kind="phone", value=value, by=ben.actor, at=clock.now())
    actions.save_draft(
        conversation=None, kind="mail", key=uuid4(), body=body, along=along, by=ben.actor, at=clock.now()
    )
    erase(ann, ada.actor)
    assert Unsent.objects.exists() is not names_them


def test_other_customers_keep_everything(customer: Contact, acme: Workspace, ada: Member) -> None:
    other = ConversationFactory(workspace=acme, cc=[EMAIL, "bob@example.com"])
    text = other.messages.get().body
    erase(customer, ada.actor)
    other = Conversation.objects.get(pk=other.pk)
    assert (other.messages.get().body, other.cc) == (text, ["bob@example.com"])
    assert Contact.objects.get(pk=other.contact_id).email


def test_what_they_wrote_in_the_conversation_of_another_is_erased_alone(
    customer: Contact, acme: Workspace, ada: Member
) -> None:
    from conversations.actions.senders import Sender

    other = ConversationFactory(workspace=acme, body="Keep this")
    actions.receive(conversation=other, body=CANARY, sender=Sender.contact(customer), by=ada.actor, at=clock.now())
    erase(customer, ada.actor)
    assert [*other.messages.order_by("pk").values_list("body", flat=True)] == ["Keep this", contents.TEXT]


def test_what_was_forwarded_of_theirs_is_erased_there_and_what_others_answered_stays(
    customer: Contact, acme: Workspace, ada: Member
) -> None:
    act: dict[str, Any] = {"by": ada.actor, "at": clock.now()}
    about: dict[str, Any] = {"subject": f"Fwd: {CANARY}", "body": f"> {CANARY}", **act}
    one = Conversation.objects.filter(contact=customer).order_by("pk")[0]
    files = [ContentFile(CANARY.encode(), name=f"{CANARY}.txt")]
    sent = actions.forward(conversation=one, email="bob@example.com", send_after=act["at"], uploads=files, **about)
    outbox.leave_due()
    assert sent.messages.get().body == about["body"]
    sent.mailbox = MailboxFactory(workspace=acme)
    sent.save(update_fields=["mailbox"])
    mail = inbound(sent, "We will see.", quoted=f"> {CANARY}", html=f"<p>{CANARY}</p>", subject=f"Re: Fwd: {CANARY}")
    later = act["at"] + timedelta(days=1)
    again = actions.forward(conversation=sent, email="cleo@example.com", send_after=later, **about)
    other = actions.forward(
        conversation=ConversationFactory(workspace=acme), email="bob@example.com", send_after=later, **about
    )
    erase(customer, ada.actor)
    sent.refresh_from_db()
    bodies = [*sent.messages.order_by("pk").values_list("body", flat=True)]
    assert (sent.subject, bodies) == (contents.TEXT, [contents.TEXT, "We will see."])
    assert sent.preview == "We will see."
    assert not Attachment.objects.filter(message__conversation=sent).exists()
    mail.refresh_from_db()
    assert (mail.quoted, mail.html, mail.subject) == ("", "", "")
    waiting = Delivery.objects.get(conversation=again)
    assert (waiting.state, waiting.body) == ("cancelled", "")
    assert Delivery.objects.get(conversation=other).body == about["body"], "that was forwarded of another"


def test_ticket_of_several_customers_keeps_its_subject(customer: Contact, acme: Workspace, ada: Member) -> None:
    ticket = Ticket.objects.get()
    Ticket.objects.update(subject="Outage")
    actions.link(conversation=ConversationFactory(workspace=acme), ticket=ticket, by=ada.actor, at=clock.now())
    erase(customer, ada.actor)
    ticket.refresh_from_db()
    assert (ticket.subject, ticket.anonymous_traits, ticket.last_message_text) == ("Outage", {}, None)
    assert ticket.notes.count() == 1


def test_worker_that_was_killed_goes_on_where_it_was(customer: Contact, ada: Member) -> None:
    by, at = Actor.system(customer.workspace_id), clock.now()
    erasure = privacy.request_erasure(contact=customer, by=ada.actor, at=at)
    erasure = privacy.erase_details(erasure=erasure, by=by, at=at)
    first = Conversation.objects.order_by("pk").filter(contact=customer).first()
    assert first is not None
    privacy.erase_conversation(erasure=erasure, conversation=first, by=by, at=at)
    tasks.resume_erasures(timestamp=0)
    erasure.refresh_from_db()
    assert (erasure.state, erasure.counts["conversations"]) == ("done", 2)
    tasks.resume_erasures(timestamp=0)
    tasks.erase_contact(workspace_id=customer.workspace_id, erasure_id=erasure.pk)
    assert Event.objects.filter(type="conversation.erased").count() == 2


def test_who_was_erased_writes_as_somebody_new(customer: Contact, acme: Workspace, ada: Member) -> None:
    erase(customer, ada.actor)
    found = actions.identify(workspace=acme, external_id=CANARY, email=EMAIL, by=ada.actor, at=clock.now())
    assert found.pk != customer.pk


def test_erasing_one_that_was_merged_erases_the_person(customer: Contact, ada: Member) -> None:
    merged = Contact.objects.get(merged_into=customer)
    assert erase(merged, ada.actor).contact_id == customer.pk
    assert {*Contact.objects.values_list("name", flat=True)} == {ERASED}


def test_command_asks_before_it_erases(customer: Contact) -> None:
    with pytest.raises(CommandError, match="--yes"):
        call_command("erase_contact", workspace="acme", contact=EMAIL)
    assert Contact.objects.get(pk=customer.pk).email == EMAIL
    call_command("erase_contact", workspace="acme", contact=EMAIL, yes=True)
    assert Contact.objects.get(pk=customer.pk).email == ""


def test_what_is_in_the_trash_is_erased_with_the_ticket_that_it_had(customer: Contact, ada: Member) -> None:
    talk = Conversation.objects.get(ticket__isnull=False)
    actions.trash(conversation=talk, by=ada.actor, at=clock.now())
    erase(customer, ada.actor)
    assert Conversation.trash.get().subject == contents.TEXT
    assert {*Message.objects.filter(conversation=talk, kind="message").values_list("body", flat=True)} == {
        contents.TEXT
    }
    assert CANARY not in str(Ticket.objects.values().get())
    assert not TicketNote.objects.exists()


def test_what_is_left_with_a_merged_one_is_erased_too(customer: Contact, acme: Workspace, ada: Member) -> None:
    merged = Contact.objects.get(merged_into=customer)
    left = ConversationFactory(workspace=acme, contact=merged, subject=CANARY, body=CANARY)
    erase(customer, ada.actor)
    left.refresh_from_db()
    assert (left.subject, left.messages.get().body) == (contents.TEXT, contents.TEXT)


@pytest.mark.parametrize(
    ("verb", "given"),
    [
        (actions.update_contact, {"name": "Zoë"}),
        (actions.set_company, {"company": "Zoë & Co"}),
        (actions.add_address, {"kind": "phone", "value": "+44 20 7946 0000"}),
        (actions.add_contact_note, {"body": "It was Zoë"}),
        (actions.set_attributes, {"values": {"nickname": "Zoë"}}),
    ],
)
def test_nothing_is_added_to_who_was_erased(
    acme: Workspace, ada: Member, verb: Callable[..., Any], given: dict[str, Any]
) -> None:
    contact = ContactFactory(workspace=acme)
    act: dict[str, Any] = {"by": ada.actor, "at": clock.now()}
    create_attribute(workspace=acme, subject="contact", name="Nickname", kind="text", **act)
    erase(contact, ada.actor)
    before = Contact.objects.values().get(pk=contact.pk)
    if "company" in given:
        given = {"company": actions.create_company(workspace=acme, name=given["company"], **act)}
    who = "row" if verb is actions.set_attributes else "contact"
    with refused(Conflict, code="erased"):
        verb(**{who: contact}, **given, **act)
    assert Contact.objects.values().get(pk=contact.pk) == before
    assert not ContactNote.objects.exists()
    assert not ContactAddress.objects.exists()


def test_nobody_answers_who_was_erased_but_notes_are_kept(acme: Workspace, ada: Member) -> None:
    contact = ContactFactory(workspace=acme)
    row, other = ConversationFactory(workspace=acme, contact=contact), ConversationFactory(workspace=acme)
    act: dict[str, Any] = {"by": ada.actor, "at": clock.now()}
    ticket = actions.escalate(conversation=row, **act)
    actions.link(conversation=other, ticket=ticket, **act)
    erase(contact, ada.actor)
    with refused(Conflict, code="unreachable"):
        actions.reply(conversation=row, body="Hello?", **act)
    with refused(Conflict, code="unreachable"):
        actions.schedule(conversation=row, body="Hello?", send_after=clock.now() + timedelta(minutes=1), **act)
    with refused(Conflict, code="unreachable"):
        actions.broadcast_later(ticket=ticket, bodies={row.pk: "Hello?"}, **act)
    assert [message.conversation_id for message in actions.broadcast(ticket=ticket, body="Hello?", **act)] == [other.pk]
    event, _is_new = actions.broadcast_later(ticket=ticket, bodies={row.pk: "Again", other.pk: "Again"}, **act)
    assert [*Delivery.objects.filter(pk__in=event.data["delivery_ids"]).values_list("conversation", flat=True)] == [
        other.pk
    ]
    assert actions.note(conversation=row, body="Asked by phone.", **act).conversation_id == row.pk


def test_page_that_shows_an_erased_conversation_gets_it_anew_without_a_reply(ada: Member, acme: Workspace) -> None:
    contact = ContactFactory(workspace=acme, name="Zoë", email="zoe@example.com")
    row = ConversationFactory(workspace=acme, contact=contact, body="It was me.")
    MailboxFactory(workspace=acme)
    client, last = ada.signed_in(), Event.objects.latest("pk").pk
    url = f"/w/acme/inbox/{row.number}"
    fresh = f"{url}/fresh?message={row.last_message_id}&event={last}"
    assert "data-erased" not in client.get(fresh, headers={"HX-Request": "true"}).content.decode()
    erase(contact, ada.actor)
    assert "data-erased" in client.get(fresh, headers={"HX-Request": "true"}).content.decode()
    page = client.get(url).content.decode()
    assert "This customer was erased." in page
    assert "zoe" not in page.lower()
    assert re.search(r'id="mode-reply"\s+autocomplete="off"\s+disabled', page)
    answer = client.post(f"{url}/reply", {"body": "Hello?"}, headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert "Replies cannot reach them" in answer.content.decode()


def test_page_of_one_who_is_being_erased_asks_until_it_is_done(ada: Member, acme: Workspace) -> None:
    contact, client = ContactFactory(workspace=acme, name="Zoë"), ada.signed_in()
    ConversationFactory(workspace=acme, contact=contact)
    here = f"/w/acme/customers/{contact.public_id}"
    assert client.get(f"{here}/erasure").status_code == 404
    erasure = privacy.request_erasure(contact=contact, by=ada.actor, at=clock.now())
    assert f'hx-get="{here}/erasure"' in client.get(here).content.decode()
    waiting = client.get(f"{here}/erasure")
    assert "0 conversations are done." in waiting.content.decode()
    assert "HX-Refresh" not in waiting
    tasks.carry_out(erasure)
    done = client.get(f"{here}/erasure")
    assert done["HX-Refresh"] == "true"
    assert "hx-get" not in done.content.decode()

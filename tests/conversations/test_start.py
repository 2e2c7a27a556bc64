"""Starting a conversation: its number, its door, its first message, and what a caller may name."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.files.base import ContentFile

from accounts.errors import Conflict, Invalid, NotFound
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.actions.entries import Door
from conversations.actions.senders import Sender
from conversations.models import Attachment, Channel, Contact, Conversation, EntryPoint, Handler, Message, Status, Tally
from tests.conftest import Member
from tests.effects import MORNING, minutes, recorded, refused
from tests.factories import ContactFactory

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def jane(acme: Workspace) -> Contact:
    return ContactFactory(workspace=acme, name="Jane Doe", email="jane@example.com", external_id="cus_1")


def start(contact: Contact, **values: Any) -> Conversation:
    values.setdefault("subject", "Invoice")
    values.setdefault("by", Actor.system(contact.workspace_id))
    return actions.start(workspace=contact.workspace, contact=contact, at=values.pop("at", MORNING), **values)


def test_conversation_is_open_unassigned_and_of_normal_priority(jane: Contact) -> None:
    row = start(jane)
    assert (row.status, row.assignee, row.team, row.ticket) == (Status.OPEN, None, None, None)
    assert (row.priority, row.priority_rank, row.tags, row.metadata) == ("normal", 2, [], {})
    assert (row.handler, row.snoozed_until, row.closed_at) == (Handler.PEOPLE, None, None)


def test_every_moment_of_a_new_conversation_is_its_start(jane: Contact) -> None:
    row = start(jane)
    moments = (row.created_at, row.updated_at, row.waiting_since, row.last_message_at, row.last_visible_at)
    assert {*moments, row.last_activity_at} == {MORNING}
    assert (row.last_inbound_at, row.last_outbound_at, row.first_response_at) == (None, None, None)


def test_without_a_body_there_is_no_message_and_nothing_unread(jane: Contact) -> None:
    row = start(jane)
    assert (row.message_count, row.unread_count, row.preview, row.last_message) == (0, 0, "", None)
    assert not Message.objects.exists()


def test_first_message_is_the_contacts(jane: Contact) -> None:
    row = start(jane, body="It fails.")
    message = Message.objects.get()
    assert (message.body, message.sender_kind, message.sender_contact) == ("It fails.", "customer", jane)
    assert (message.sender_name, message.sender_email, message.sender_reference) == (
        "Jane Doe",
        "jane@example.com",
        "cus_1",
    )
    assert (row.message_count, row.unread_count, row.last_inbound_at, row.last_message) == (1, 1, MORNING, message)


def test_first_message_of_an_agent_is_not_unread_and_leaves_the_conversation_open(jane: Contact, ben: Member) -> None:
    row = start(jane, body="We have seen an error.", sender=Sender.agent(ben.user), by=ben.actor)
    assert (row.status, row.unread_count, row.last_inbound_at, row.last_outbound_at) == ("open", 0, None, MORNING)
    assert Message.objects.get().sender_user == ben.user


def test_start_is_one_event_with_its_channel_and_message(jane: Contact) -> None:
    events = recorded(lambda: start(jane, body="Hi", door=Door(Channel.CHAT, "widget")))
    assert events == [("conversation.started", {"channel": "chat", "message_id": Message.objects.get().pk})]
    events = recorded(lambda: start(jane))
    assert events == [("conversation.started", {"channel": "api", "message_id": None})]


def test_door_is_kept_as_the_entry_point_of_conversation_and_message(jane: Contact) -> None:
    row = start(jane, body="Hi", door=Door(Channel.EMAIL, "inbound-mail"))
    door = EntryPoint.objects.get()
    assert (door.conversation, door.channel, door.adapter, door.is_entry_point) == (row, "email", "inbound-mail", True)
    assert (row.channel, Message.objects.get().entry_point) == ("email", door)


def test_stated_channel_is_shown_while_the_door_stays_what_it_was(jane: Contact) -> None:
    row = start(jane, door=Door(Channel.API, "import"), channel=Channel.DISCORD)
    assert (row.channel, EntryPoint.objects.get().channel) == ("discord", "api")


@pytest.mark.parametrize(
    ("priority", "rank"),
    [("low", 1), ("normal", 2), ("medium", 2), ("HIGH", 3), ("urgent", 4), ("critical", 4), ("p7", 2), ("x" * 32, 2)],
)
def test_priority_is_kept_as_given_and_ranked(jane: Contact, priority: str, rank: int) -> None:
    row = start(jane, priority=priority)
    assert (row.priority, row.priority_rank) == (priority, rank)


def test_tags_metadata_and_external_id_are_kept_as_given(jane: Contact) -> None:
    row = start(jane, tags=["VIP", ""], metadata={"plan": ["pro", None]}, external_id=" order 7 ")
    row.refresh_from_db()
    assert (row.tags, row.metadata, row.external_id) == (["VIP", ""], {"plan": ["pro", None]}, " order 7 ")


def test_id_that_the_caller_chose_is_the_conversations(jane: Contact) -> None:
    chosen = uuid.uuid4()
    assert start(jane, public_id=chosen).public_id == chosen


def test_preview_is_one_line_of_at_most_280_characters(jane: Contact) -> None:
    assert start(jane, body="  One\n\n two\tthree ").preview == "One two three"
    preview = start(jane, body="word " * 200).preview
    assert len(preview) <= 280
    assert preview.endswith("word…")


def test_file_alone_is_a_message_and_its_name_the_preview(jane: Contact) -> None:
    row = start(jane, body="", uploads=[ContentFile(b"%PDF-1.7 ...", name="invoice.pdf")])
    attachment = Attachment.objects.get()
    assert (row.preview, row.message_count) == ("invoice.pdf", 1)
    assert (attachment.name, attachment.content_type, attachment.size) == ("invoice.pdf", "application/pdf", 12)


def test_type_of_a_file_is_what_its_bytes_prove(jane: Contact) -> None:
    start(jane, body="", uploads=[ContentFile(b"MZ not a picture", name="cat.png")])
    assert Attachment.objects.get().content_type in ("application/octet-stream", "application/x-msdownload")


@pytest.mark.parametrize(
    ("name", "kept"), [("../../etc/passwd", "passwd"), ("a\\b.txt", "a_b.txt"), ("n\x01l.txt", "n_l.txt")]
)
def test_name_of_a_file_leads_nowhere(jane: Contact, name: str, kept: str) -> None:
    upload = ContentFile(b"x")
    upload.name = name
    start(jane, body="", uploads=[upload])
    assert Attachment.objects.get().name == kept


@pytest.mark.parametrize(
    "uploads",
    [
        [ContentFile(b"", name="empty.txt")],
        [ContentFile(b"x", name="good.txt"), ContentFile(b"", name="empty.txt")],
        [ContentFile(b"x", name=f"{n}.txt") for n in range(11)],
    ],
    ids=["empty", "one of two empty", "eleven"],
)
def test_files_that_cannot_be_taken_refuse_the_whole_start(jane: Contact, uploads: list[Any]) -> None:
    with refused(Invalid, field="files"):
        start(jane, body="See files", uploads=uploads)


def test_file_over_the_limit_is_refused(jane: Contact, settings: Any) -> None:
    settings.UPLOAD_LIMIT = 4
    with refused(Invalid, field="files", code="too_large"):
        start(jane, body="", uploads=[ContentFile(b"12345", name="five.txt")])


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"subject": ""}, "subject", "blank"),
        ({"subject": " \n"}, "subject", "blank"),
        ({"subject": "x" * 10_001}, "subject", "too_long"),
        ({"subject": "nul \x00"}, "subject", "not_text"),
        ({"body": ""}, "body", "blank"),
        ({"body": "\ud800"}, "body", "not_text"),
        ({"priority": ""}, "priority", "blank"),
        ({"priority": "x" * 33}, "priority", "too_long"),
        ({"external_id": ""}, "external_id", "blank"),
        ({"external_id": "x" * 256}, "external_id", "too_long"),
    ],
)
def test_what_cannot_be_kept_starts_nothing(jane: Contact, values: dict[str, str], field: str, code: str) -> None:
    with refused(Invalid, field=field, code=code):
        start(jane, **values)


def test_longest_subject_is_kept_whole(jane: Contact) -> None:
    assert start(jane, subject="x" * 10_000).subject == "x" * 10_000


def test_numbers_run_without_gaps_in_each_workspace(jane: Contact, globex: Workspace) -> None:
    assert start(jane).number == 1
    with refused(Invalid):
        start(jane, subject="")
    with refused(Invalid):
        start(jane, body="")
    assert start(jane).number == 2
    assert start(ContactFactory(workspace=globex)).number == 1


def test_external_id_is_unique_in_its_workspace_alone(jane: Contact, globex: Workspace) -> None:
    start(jane, external_id="order-7")
    with refused(Conflict, field="external_id"):
        start(jane, external_id="order-7")
    assert start(ContactFactory(workspace=globex), external_id="order-7").external_id == "order-7"
    assert start(jane).number == 2


def test_chosen_id_is_unique_in_its_workspace_alone(jane: Contact, globex: Workspace) -> None:
    chosen = start(jane).public_id
    with refused(Conflict, field="public_id"):
        start(jane, public_id=chosen)
    assert start(ContactFactory(workspace=globex), public_id=chosen).public_id == chosen


def test_conversation_of_the_assistant_has_a_number_and_is_in_no_count(jane: Contact) -> None:
    row = start(jane, handler=Handler.ASSISTANT)
    tally = Tally.objects.get()
    assert (row.number, row.handler, tally.last_number, tally.total) == (1, "assistant", 1, 0)


def test_contact_of_another_workspace_cannot_be_answered_here(globex: Workspace, ben: Member) -> None:
    stranger = ContactFactory(workspace=globex)
    with refused(NotFound):
        start(stranger, by=ben.actor)


def test_second_conversation_of_a_contact_is_one_of_its_own(jane: Contact) -> None:
    first, second = start(jane, body="One"), start(jane, body="Two", at=minutes(5))
    assert (first.contact, first.pk) != (second.contact, second.pk)
    assert list(Conversation.objects.order_by("pk").values_list("preview", flat=True)) == ["One", "Two"]

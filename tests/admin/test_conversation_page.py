"""A conversation in admin: reading its thread, and acting on it, one verb and one event at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts import clock
from accounts.models import ActorKind, Event, User, Workspace
from conversations import actions
from conversations.models import Attachment, Conversation, Message, MessageKind, Status
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, receive, reply

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def conversation(acme: Workspace) -> Conversation:
    return ConversationFactory(workspace=acme, subject="No rain", body="The gauge <b>stays</b> dry.")


def page(conversation: Conversation) -> str:
    return reverse("admin:conversations_conversation_change", args=[conversation.pk])


def act(client: Client, conversation: Conversation, do: str, **values: Any) -> HttpResponse:
    return client.post(page(conversation), {"do": do, **{f"{do}-{name}": value for name, value in values.items()}})  # type: ignore[return-value]


def fresh(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


def new_events(since: int) -> list[str]:
    return list(Event.objects.filter(pk__gt=since).order_by("pk").values_list("type", flat=True))


def last_event() -> Event:
    return Event.objects.latest("pk")


def test_thread_shows_messages_notes_and_files_and_nothing_in_it_is_markup(
    as_ada: Client, ben: Member, conversation: Conversation
) -> None:
    reply(conversation, "Have a look.", by=ben.actor, uploads=[SimpleUploadedFile("<i>log.txt", b"x")])
    actions.note(conversation=conversation, body="Batch <script>2611</script>?", by=ben.actor, at=clock.now())
    words = as_ada.get(page(conversation)).content.decode()
    assert "The gauge &lt;b&gt;stays&lt;/b&gt; dry." in words
    assert "Batch &lt;script&gt;2611&lt;/script&gt;?" in words
    assert "internal note" in words
    assert "&lt;i&gt;log.txt" in words
    assert "<script>2611" not in words


def test_page_holds_no_inline_script_or_style(as_ada: Client, conversation: Conversation) -> None:
    words = as_ada.get(page(conversation)).content.decode()
    assert " style=" not in words
    assert "<style" not in words
    assert " onclick=" not in words
    assert all("src=" in tag.split(">")[0] for tag in words.split("<script")[1:])


def test_reply_is_sent_by_the_person_and_recorded_once(as_ada: Client, ada: Member, conversation: Conversation) -> None:
    before = last_event().pk
    seen = fresh(conversation).last_message_id
    answer = act(as_ada, conversation, "reply", body="On its way.", seen=seen)
    assert answer.status_code == 302
    message = Message.objects.latest("pk")
    assert (message.body, message.sender_user_id, message.sender_kind) == ("On its way.", ada.user.pk, "agent")
    assert fresh(conversation).status == Status.PENDING
    assert new_events(before) == ["reply.sent"]
    assert (last_event().actor_kind, last_event().actor_id) == (ActorKind.MEMBER, ada.user.pk)


def test_reply_carries_a_file_that_can_be_downloaded_and_never_shown(
    as_ada: Client, conversation: Conversation
) -> None:
    upload = SimpleUploadedFile("evil.html", b"<script>alert(1)</script>", content_type="text/html")
    act(as_ada, conversation, "reply", body="Here.", seen=fresh(conversation).last_message_id, file=upload)
    attachment = Attachment.objects.get()
    answer = as_ada.get(reverse("admin:conversations_attachment_download", args=[attachment.pk]))
    assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"  # type: ignore[attr-defined]
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer["Content-Security-Policy"]


def test_reply_to_a_thread_that_moved_on_keeps_what_was_typed(as_ada: Client, conversation: Conversation) -> None:
    seen = fresh(conversation).last_message_id
    receive(conversation, "Never mind.")
    before = last_event().pk
    answer = act(as_ada, conversation, "reply", body="A long answer.", seen=seen)
    words = answer.content.decode()
    assert "There are new messages in this conversation." in words
    assert "A long answer." in words
    assert new_events(before) == []


def test_blank_reply_is_an_error_on_the_page(as_ada: Client, conversation: Conversation) -> None:
    answer = act(as_ada, conversation, "reply", body="  \n ", seen=fresh(conversation).last_message_id)
    assert answer.status_code == 200
    assert "Body must not be blank." in answer.content.decode()


def test_note_stays_inside(as_ada: Client, ada: Member, conversation: Conversation) -> None:
    before = last_event().pk
    act(as_ada, conversation, "note", body="Ask Ben.")
    message = Message.objects.latest("pk")
    assert (message.kind, message.sender_user_id) == (MessageKind.NOTE, ada.user.pk)
    assert fresh(conversation).status == Status.OPEN
    assert new_events(before) == ["note.added"]


def test_each_form_is_one_verb(as_ada: Client, ben: Member, conversation: Conversation) -> None:
    tomorrow = clock.now() + timedelta(days=1)
    for do, values, expected in (
        ("assign", {"assignee": ben.user.pk}, ["conversation.assigned"]),
        ("priority", {"priority": "P0 wow"}, ["conversation.priority_changed"]),
        ("tags", {"tags": " rain, gauge ,, rain"}, ["conversation.tagged"]),
        ("subject", {"subject": "Still no rain"}, ["conversation.subject_changed"]),
        ("snooze", {"until_0": f"{tomorrow:%Y-%m-%d}", "until_1": "09:00:00"}, ["conversation.snoozed"]),
        ("snooze", {"until_0": "", "until_1": ""}, ["conversation.snoozed"]),
        ("read", {}, ["conversation.read"]),
        ("ticket", {"what": "unlink"}, []),
        ("status", {"status": "closed"}, ["conversation.status_changed"]),
        ("status", {"status": "closed"}, []),
    ):
        before = last_event().pk
        assert act(as_ada, conversation, do, **values).status_code == 302, do
        assert new_events(before) == expected, do
    row = fresh(conversation)
    assert (row.assignee_id, row.priority, row.tags, row.subject) == (
        ben.user.pk,
        "P0 wow",
        ["rain", "gauge"],
        "Still no rain",
    )
    assert (row.status, row.unread_count) == (Status.CLOSED, 0)


def test_ticket_is_opened_linked_and_unlinked(as_ada: Client, acme: Workspace, conversation: Conversation) -> None:
    other = ConversationFactory(workspace=acme)
    act(as_ada, conversation, "ticket", what="open", reason="Glued bearing")
    ticket = fresh(conversation).ticket
    assert ticket is not None
    act(as_ada, other, "ticket", what="link", number=ticket.number)
    assert fresh(other).ticket == ticket
    words = as_ada.get(reverse("admin:tickets_ticket_change", args=[ticket.pk])).content.decode()
    assert str(other.subject) in words
    act(as_ada, other, "ticket", what="unlink")
    assert fresh(other).ticket is None
    words = act(as_ada, conversation, "ticket", what="open").content.decode()
    assert "The conversation already has a ticket." in words


@pytest.mark.parametrize(
    ("do", "values", "words"),
    [
        ("status", {"status": "lost"}, "Select a valid choice"),
        ("priority", {"priority": "x" * 40}, "at most 32 characters"),
        ("priority", {"priority": ""}, "This field is required."),
        ("subject", {"subject": "x" * 10_001}, "Subject has at most 10000 characters."),
        ("tags", {"tags": "x" * 101}, "A tag has at most 100 characters."),
        ("snooze", {"until_0": "2020-01-01", "until_1": "09:00"}, "Until must be in the future."),
        ("assign", {"assignee": 10**30}, "Select a valid choice"),
        ("ticket", {"what": "link", "number": ""}, "There is no ticket with this number."),
        ("note", {"body": "nul \x00"}, "Null characters are not allowed."),
        ("reply", {"body": "x", "seen": "soon"}, "Enter a whole number."),
    ],
)
def test_refusal_is_shown_on_the_page(
    as_ada: Client, conversation: Conversation, do: str, values: dict[str, Any], words: str
) -> None:
    before = last_event().pk
    answer = act(as_ada, conversation, do, **values)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert new_events(before) == []


def test_form_that_does_not_exist_changes_nothing(as_ada: Client, conversation: Conversation) -> None:
    before = last_event().pk
    assert act(as_ada, conversation, "explode").status_code == 200
    assert as_ada.get(page(conversation) + "?before=99999999999999999999999").status_code == 200
    assert new_events(before) == []


def test_viewer_among_members_is_not_offered_as_assignee(
    as_ada: Client, ben: Member, vic: Member, conversation: Conversation
) -> None:
    words = as_ada.get(page(conversation)).content.decode()
    assert "Ben Kimura" in words
    assert "Vic Moreau" not in words


def test_superuser_without_membership_acts_as_the_desk_under_their_own_name(
    as_root: Client, root: User, conversation: Conversation
) -> None:
    act(as_root, conversation, "reply", body="From the host.", seen=fresh(conversation).last_message_id)
    event, message = last_event(), Message.objects.latest("pk")
    assert (event.actor_kind, event.actor_id) == (ActorKind.SYSTEM, root.pk)
    assert (message.sender_kind, message.sender_name) == ("agent", "Rae Root")
    history = as_root.get(reverse("admin:conversations_conversation_history", args=[conversation.pk]))
    assert "Rae Root (system)" in history.content.decode()


def test_long_thread_is_shown_page_by_page(as_ada: Client, conversation: Conversation) -> None:
    for number in range(55):
        receive(conversation, f"Message number {number}.")
    answer = as_ada.get(page(conversation))
    words = answer.content.decode()
    assert "Message number 54." in words
    assert "Message number 3." not in words
    older = as_ada.get(f"{page(conversation)}?before={answer.context['older']}").content.decode()
    assert "Message number 3." in older


def test_bulk_actions_do_one_verb_for_each_row(as_ada: Client, acme: Workspace, ada: Member) -> None:
    rows = [ConversationFactory(workspace=acme) for _ in range(3)]
    changes = reverse("admin:conversations_conversation_changelist")

    def run(action: str) -> list[str]:
        before = last_event().pk
        given = {"action": action, "_selected_action": [row.pk for row in rows]}
        assert as_ada.post(changes, given).status_code == 302
        return new_events(before)

    assert run("resolve") == ["conversation.status_changed"] * 3
    assert run("resolve") == []
    assert run("reopen") == ["conversation.status_changed"] * 3
    assert run("close") == ["conversation.status_changed"] * 3
    assert run("assign_to_me") == ["conversation.assigned"] * 3
    assert {fresh(row).assignee_id for row in rows} == {ada.user.pk}
    assert {fresh(row).status for row in rows} == {Status.CLOSED}


def test_bulk_action_names_the_rows_that_were_refused(as_root: Client, conversation: Conversation) -> None:
    given = {"action": "assign_to_me", "_selected_action": [conversation.pk]}
    answer = as_root.post(reverse("admin:conversations_conversation_changelist"), given, follow=True)
    assert "The assignee is not an agent of this workspace." in answer.content.decode()


def test_conversation_is_started_with_a_contact(as_ada: Client, ada: Member, acme: Workspace) -> None:
    contact = ContactFactory(workspace=acme)
    before = last_event().pk
    given = {"contact": contact.pk, "subject": "Your order", "priority": "high", "body": "It has left."}
    answer = as_ada.post(reverse("admin:conversations_conversation_add"), given)
    row = Conversation.objects.get(subject="Your order")
    assert answer.status_code == 302
    assert (row.contact_id, row.channel, row.priority, row.preview) == (contact.pk, "manual", "high", "It has left.")
    assert new_events(before) == ["conversation.started"]


def test_search_finds_by_number_by_words_and_by_people(as_ada: Client, acme: Workspace) -> None:
    contact = ContactFactory(workspace=acme, name="Wanda Gust", email="wanda@gust.example")
    row = ConversationFactory(workspace=acme, contact=contact, subject="Anemometer", body="It squeaks.")
    other = ContactFactory(workspace=acme, name="Ulla Berg", email="ulla@berg.example", external_id="ulla")  # no number
    ConversationFactory(workspace=acme, contact=other, subject="Other", body="Nothing.")
    for query in (f"#{row.number}", "anemometer", "squeaks", "Wanda", "wanda@gust.example"):
        answer = as_ada.get(reverse("admin:conversations_conversation_changelist"), {"q": query})
        assert [found.pk for found in answer.context["cl"].result_list] == [row.pk], query
    for query in ("'", "a & | b:*", "\x00", "9" * 30):
        assert as_ada.get(reverse("admin:conversations_conversation_changelist"), {"q": query}).status_code in (
            200,
            302,
        )
    found = as_ada.get(
        reverse("admin:autocomplete"),
        {"app_label": "conversations", "model_name": "conversation", "field_name": "contact", "term": "wan"},
    ).json()["results"]
    assert [result["text"] for result in found] == ["Wanda Gust"]

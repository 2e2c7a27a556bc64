"""What a member does with a thread on its page: notes, redaction, following, unread, forwarding, merging, snoozing until a reply."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from accounts import clock, tenancy
from accounts.models import Event
from accounts.permissions import Actor
from conversations import actions
from conversations.models import UNTIL_REPLY, Attachment, Conversation, Delivery, Follower, Mention, Message
from tests.conftest import Member
from tests.factories import ConversationFactory, MailboxFactory, receive
from tests.inbox.conftest import HTMX, now, text_of
from tickets.models import Tag


@pytest.fixture
def admin(ada: Member) -> Client:
    """Acme's owner Ada, signed in."""
    return ada.signed_in()


def path(name: str, conversation: Conversation, *args: Any) -> str:
    return reverse(name, args=[conversation.workspace.slug, conversation.number, *args])


def page(client: Client, conversation: Conversation) -> str:
    return client.get(path("conversation", conversation)).content.decode()


def written(conversation: Conversation, body: str, by: Member) -> Message:
    return actions.note(conversation=conversation, body=body, by=by.actor, at=clock.now())


def test_author_edits_a_note_and_the_thread_marks_it(agent: Client, conversation: Conversation, ben: Member) -> None:
    note = written(conversation, "Frist", ben)
    shown = agent.get(path("change-message", conversation, note.pk))
    assert "Frist" in shown.content.decode()
    saved = agent.post(path("edit-note", conversation, note.pk), {"body": "First"}, follow=True)
    assert "Note saved." in text_of(saved.content)
    assert "First" in text_of(saved.content)
    assert "Edited" in text_of(saved.content)


def test_empty_note_is_refused_and_what_was_typed_stays(agent: Client, conversation: Conversation, ben: Member) -> None:
    note = written(conversation, "Kept", ben)
    refused = agent.post(path("edit-note", conversation, note.pk), {"body": "  "})
    assert refused.status_code == 422
    with tenancy.scope(conversation.workspace):
        assert Message.objects.get(pk=note.pk).body == "Kept"


def test_agent_finds_nothing_to_change_in_anothers_note_or_a_message(
    agent: Client, conversation: Conversation, ada: Member
) -> None:
    note = written(conversation, "Hers", ada)
    assert agent.get(path("change-message", conversation, note.pk)).status_code == 404
    assert agent.get(path("change-message", conversation, conversation.last_message_id)).status_code == 404
    assert agent.post(path("edit-note", conversation, note.pk), {"body": "Mine"}).status_code == 403
    assert agent.post(path("delete-note", conversation, note.pk)).status_code == 403
    assert agent.post(path("redact", conversation, note.pk), {"whole": "on"}).status_code == 403


def test_admin_reads_earlier_versions_and_deletes_the_note(
    admin: Client, conversation: Conversation, ben: Member
) -> None:
    note = written(conversation, "Version one", ben)
    actions.edit_note(message=note, body="Version two", by=ben.actor, at=clock.now())
    shown = text_of(admin.get(path("change-message", conversation, note.pk)).content)
    assert "Earlier versions" in shown
    assert "Version one" in shown
    admin.post(path("delete-note", conversation, note.pk))
    with tenancy.scope(conversation.workspace):
        assert not Message.objects.filter(pk=note.pk).exists()


def test_admin_redacts_a_passage_and_the_thread_says_who(
    admin: Client, conversation: Conversation, ada: Member
) -> None:
    refused = admin.post(path("redact", conversation, conversation.last_message_id), {"passage": "nothing like this"})
    assert "not in the message" in text_of(refused.content)
    admin.post(path("redact", conversation, conversation.last_message_id), {"passage": "never"})
    shown = text_of(page(admin, conversation).encode())
    assert "It █████ came." in shown
    assert f"Redacted by {ada.user.name}" in shown
    assert "redacted a message" in shown


def test_open_pages_show_a_changed_note_anew(agent: Client, conversation: Conversation, ben: Member) -> None:
    note = written(conversation, "Frist", ben)
    with tenancy.scope(conversation.workspace):
        event = Event.objects.latest("pk").pk
    actions.edit_note(message=note, body="First", by=ben.actor, at=clock.now())
    since = f"?message={note.pk}&event={event}"
    fresh = agent.get(path("conversation-fresh", conversation) + since, headers=HTMX).content.decode()
    assert "data-whole" in fresh
    assert "First" in fresh
    with tenancy.scope(conversation.workspace):
        event = Event.objects.latest("pk").pk
    again = agent.get(path("conversation-fresh", conversation) + f"?message={note.pk}&event={event}", headers=HTMX)
    assert b"data-whole" not in again.content


def test_member_follows_and_is_shown_among_followers(
    agent: Client, viewer: Client, conversation: Conversation, ben: Member
) -> None:
    agent.post(path("follow", conversation), {"follow": "on"})
    assert 'aria-pressed="true"' in page(agent, conversation)
    assert ben.user.name in page(viewer, conversation)
    agent.post(path("follow", conversation), {"follow": ""})
    with tenancy.scope(conversation.workspace):
        assert not Follower.objects.exists()


def test_mention_is_seen_once_the_page_was_open(
    viewer: Client, conversation: Conversation, ben: Member, vic: Member
) -> None:
    written(conversation, f"@{vic.user.name}, look", ben)
    assert "data-unread" in page(viewer, conversation)
    viewer.post(path("mark-read", conversation))
    with tenancy.scope(conversation.workspace):
        assert Mention.objects.get().seen_at is not None
    assert now(conversation).unread_count == 1  # a viewer reads for themselves alone
    assert "data-unread" not in page(viewer, conversation)


def test_conversation_is_marked_as_unread_again(agent: Client, conversation: Conversation) -> None:
    agent.post(path("mark-read", conversation))
    agent.post(path("mark-unread", conversation))
    assert now(conversation).unread_count == 1


def test_snoozed_until_the_customer_replies(agent: Client, conversation: Conversation) -> None:
    answer = agent.post(path("snooze", conversation), {"choice": "reply"}, follow=True)
    assert "Snoozed until the customer replies." in text_of(answer.content)
    assert "snoozed it until the customer replies" in text_of(answer.content)
    assert "9999" not in text_of(answer.content)
    assert now(conversation).snoozed_until == UNTIL_REPLY
    receive(conversation)
    assert now(conversation).snoozed_until is None


def test_message_is_forwarded_with_its_files_and_both_threads_say_so(
    agent: Client, conversation: Conversation, ben: Member
) -> None:
    MailboxFactory(workspace=conversation.workspace)
    message = receive(conversation, "See the bill.", uploads=[ContentFile(b"%PDF-1.4", name="bill.pdf")])
    written(conversation, "Inside only", ben)
    form = text_of(agent.get(path("forward", conversation)).content)
    assert "It never came." in form
    assert "Inside only" not in form
    one = agent.get(path("forward", conversation) + f"?message={message.pk}").content.decode()
    assert "&gt; See the bill." in one
    assert "It never came." not in one
    with tenancy.scope(conversation.workspace):
        file = Attachment.objects.get()
    sent = agent.post(
        path("forward", conversation) + f"?message={message.pk}",
        {
            "to": "Pia <pia@partner.example>",
            "subject": "Fwd: bill",
            "body": "Please pay.",
            "chosen": [str(file.public_id)],
        },
        follow=True,
    )
    assert "Forwarded as #2." in text_of(sent.content)
    assert "forwarded a message as #2" in text_of(sent.content)
    with tenancy.scope(conversation.workspace):
        delivery = Delivery.objects.get()
        assert (delivery.conversation.contact.email, delivery.files.get().name) == ("pia@partner.example", "bill.pdf")
        assert "linked this from #1" in text_of(page(agent, delivery.conversation).encode())


def test_forwarding_without_a_recipient_keeps_what_was_typed(agent: Client, conversation: Conversation) -> None:
    refused = agent.post(path("forward", conversation), {"to": "", "subject": "x", "body": "My words"})
    assert refused.status_code == 422
    assert "My words" in refused.content.decode()


def test_other_open_conversations_of_the_customer_are_merged_and_it_is_undone(
    agent: Client, conversation: Conversation
) -> None:
    with tenancy.scope(conversation.workspace):
        others = [ConversationFactory(workspace=conversation.workspace, contact=conversation.contact) for _ in range(2)]
    shown = page(agent, conversation)
    assert "Merge 2 open ones into this" in text_of(shown.encode())
    ids, about = [row.pk for row in (conversation, *others)], conversation.number
    given = {"id": ids, "about": about, "to": about, "do": "merge"}
    asked = agent.post("/w/acme/inbox/bulk/start", given, headers=HTMX).content.decode()
    assert f'name="into" value="{conversation.pk}" checked' in asked
    assert now(conversation).message_count == 1
    given |= {"do": "merge-into", "into": conversation.pk}
    answer = agent.post("/w/acme/inbox/bulk/start", given, follow=True).content
    assert f"2 conversations merged into #{about}." in text_of(answer)
    assert now(conversation).message_count == 3
    with tenancy.scope(conversation.workspace):
        event = Event.objects.get(type="conversation.merged")
    agent.post(path("undo", conversation), {"event": event.pk})
    assert now(conversation).message_count == 1
    assert now(others[0]).joined_into_id is None


def test_who_was_writing_in_a_merged_conversation_learns_where_the_draft_is(
    agent: Client, conversation: Conversation, ben: Member, ada: Member
) -> None:
    with tenancy.scope(conversation.workspace):
        other = ConversationFactory(workspace=conversation.workspace)
        act: dict[str, Any] = {"by": ben.actor, "at": clock.now()}
        actions.save_draft(conversation=conversation, kind="reply", body="My words", **act)
        actions.merge(conversations=[conversation], into=other, by=ada.actor, at=clock.now())
    assert "Your draft is there too." in page(agent, conversation)
    assert "Your draft is there too." not in page(ada.signed_in(), conversation)
    assert "My words" in page(agent, other)


def test_note_links_the_conversations_that_it_names_and_marks_whom_it_mentions(
    agent: Client, conversation: Conversation, ben: Member, ada: Member
) -> None:
    with tenancy.scope(conversation.workspace):
        other = ConversationFactory(workspace=conversation.workspace, subject="<b>Bold</b> & more")
    body = f"@{ada.user.name}: as in #{other.number}, not `#{other.number}` and not #77. <i>@{ada.user.name}</i>"
    written(conversation, body, ben)
    shown = page(agent, conversation)
    link = f'<a href="{path("conversation", other)}" title="&lt;b&gt;Bold&lt;/b&gt; &amp; more">#{other.number}</a>'
    assert shown.count(link) == 1
    assert shown.count(f'<b class="mention">@{ada.user.name}</b>') == 2
    assert "&lt;i&gt;" in shown
    assert "#77" in shown


def test_reply_keeps_a_number_as_it_is(agent: Client, conversation: Conversation, ben: Member) -> None:
    with tenancy.scope(conversation.workspace):
        other = ConversationFactory(workspace=conversation.workspace)
    actions.reply(conversation=conversation, body=f"See #{other.number}.", by=ben.actor, at=clock.now())
    assert f"See #{other.number}." in page(agent, conversation)


def test_viewer_changes_nothing(viewer: Client, conversation: Conversation, ben: Member) -> None:
    note = written(conversation, "Note", ben)
    for name, args in (
        ("edit-note", [note.pk]),
        ("delete-note", [note.pk]),
        ("redact", [note.pk]),
        ("mark-unread", []),
        ("forward", []),
        ("move-to-trash", []),
    ):
        assert viewer.post(path(name, conversation, *args), {"body": "x"}).status_code == 403, name


@pytest.mark.parametrize(
    ("name", "given"), [("assign", {}), ("priority", {"priority": "urgent"}), ("tags", {"tags": "billing"})]
)
def test_toast_of_assignment_priority_and_tags_offers_undo_once(
    agent: Client, conversation: Conversation, ben: Member, name: str, given: dict[str, str]
) -> None:
    given = {"to": str(ben.user.pk)} if name == "assign" else given
    before = now(conversation)
    changed = agent.post(path(name, conversation), given, headers=HTMX).content.decode()
    assert "data-undo" in changed
    assert "data-undo" not in agent.post(path(name, conversation), given, headers=HTMX).content.decode()
    undone = agent.post(path("undo", conversation), {"event": changes(conversation)[0]}, headers=HTMX).content.decode()
    assert "Undone." in undone
    assert "data-undo" not in undone
    after = now(conversation)
    assert (after.assignee_id, after.priority, after.tags) == (before.assignee_id, before.priority, before.tags)


def changes(conversation: Conversation) -> list[int]:
    """The ids of what was recorded of it, newest first."""
    rows = Event.objects.filter(subject_type="conversation", subject_id=conversation.pk)
    return [*rows.order_by("-id").values_list("pk", flat=True)]


def test_undo_is_not_offered_for_an_assignee_that_only_an_api_caller_can_name(
    agent: Client, conversation: Conversation, ben: Member
) -> None:
    by = Actor.system(conversation.workspace_id)
    actions.assign(conversation=conversation, reference="crm-7", label="Jo", by=by, at=clock.now())
    answer = agent.post(path("assign", conversation), {"to": str(ben.user.pk)}, headers=HTMX).content.decode()
    assert "Assigned to you." in answer
    assert "data-undo" not in answer


def test_tags_that_exist_are_suggested_and_a_new_one_is_called_so(agent: Client, conversation: Conversation) -> None:
    with tenancy.scope(conversation.workspace):
        for name in ("Billing", "late billing", "bug", 'a "b", c'):
            Tag.objects.create(workspace=conversation.workspace, name=name, hue=0, created_at=clock.now())

    def offered(typed: str) -> list[tuple[str, bool]]:
        html = agent.get("/w/acme/inbox/tag-suggestions", {"q": typed}).content.decode()
        found = re.findall(r'data-value="([^"]*)"( data-new)?', html)
        return [(unescape(value), bool(new)) for value, new in found]

    assert {name for name, _new in offered("")} == {'"a ""b"", c"', "Billing", "bug", "late billing"}
    assert offered("bill") == [("Billing", False), ("late billing", False), ("bill", True)]
    assert offered("BUG") == [("bug", False)]
    assert offered("x, y") == [('"x, y"', True)]
    assert offered("\x00") == []
    assert 'data-suggestions="/w/acme/inbox/tag-suggestions"' in page(agent, conversation)

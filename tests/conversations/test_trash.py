"""The Trash: as if deleted for lists, counts, formats and mail; back as it was; and gone for good after thirty days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import clock, tenancy
from accounts.errors import Conflict, Forbidden, NotFound
from accounts.models import Event, Workspace
from conversations import actions, maintenance
from conversations.models import (
    Attachment,
    CallbackRequest,
    Contact,
    Conversation,
    Delivery,
    Draft,
    Handler,
    Message,
    SearchWord,
)
from conversations.queries import conversations as queries
from conversations.queries.callbacks import callbacks
from conversations.screens.inbox import queries as inbox_queries
from tests.conftest import Key, Member
from tests.factories import ContactFactory, ConversationFactory, receive, reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact(in_acme: Workspace) -> Contact:
    return ContactFactory(workspace=in_acme)


@pytest.fixture
def talk(contact: Contact) -> Conversation:
    return ConversationFactory(workspace=contact.workspace, contact=contact, body="Where is my parcel?")


def act(who: Member) -> dict[str, Any]:
    return {"by": who.actor, "at": clock.now()}


def test_trashed_conversation_is_in_no_list_count_or_search(talk: Conversation, ada: Member) -> None:
    actions.trash(conversation=talk, **act(ada))
    assert not any(view.rows(queries.conversations(), ada.user).exists() for view in inbox_queries.INBOX_VIEWS.values())
    assert queries.tally().total == 0
    assert not inbox_queries.inbox_rows(inbox_queries.INBOX_VIEWS["open"], ada.user, "parcel").exists()
    assert not Conversation.objects.exists()
    assert list(Conversation.trash.all()) == [talk]
    with pytest.raises(NotFound):
        queries.by_number(talk.number)


def test_only_admins_and_owners_may_delete(talk: Conversation, ben: Member) -> None:
    with pytest.raises(Forbidden):
        actions.trash(conversation=talk, **act(ben))


def test_restored_conversation_is_as_it_was_with_its_ticket(talk: Conversation, ada: Member) -> None:
    reply(talk, by=ada.actor)
    receive(talk, "Still waiting.")
    ticket = actions.escalate(conversation=talk, **act(ada))
    talk.refresh_from_db()
    ticket.refresh_from_db()
    before, counted = Conversation.objects.values().get(pk=talk.pk), ticket.message_count
    actions.trash(conversation=talk, **act(ada))
    ticket.refresh_from_db()
    assert (ticket.message_count, ticket.conversations.count()) == (0, 0)
    actions.restore(conversation=talk, **act(ada))
    after = Conversation.objects.values().get(pk=talk.pk)
    assert {name for name, value in after.items() if value != before[name]} == {"updated_at"}
    ticket.refresh_from_db()
    assert ticket.message_count == counted
    assert (queries.tally().open, queries.tally().total) == (1, 1)


def test_restored_conversation_has_no_owner_who_has_left(talk: Conversation, ada: Member, ben: Member) -> None:
    actions.assign(conversation=talk, to=ben.user, **act(ada))
    actions.trash(conversation=talk, **act(ada))
    ben.membership.delete()
    assert actions.restore(conversation=talk, **act(ada)).assignee is None


def test_spam_comes_back_as_spam(talk: Conversation, ada: Member) -> None:
    actions.mark_spam(conversation=talk, **act(ada))
    actions.trash(conversation=talk, **act(ada))
    assert actions.restore(conversation=talk, **act(ada)).handler == Handler.NOBODY
    assert queries.tally().total == 0


def test_no_verb_changes_what_is_in_the_trash(talk: Conversation, ada: Member) -> None:
    actions.trash(conversation=talk, **act(ada))
    for verb, more in (
        (actions.reply, {"body": "Hi"}),
        (actions.note, {"body": "Hi"}),
        (actions.set_status, {"status": "resolved"}),
        (actions.assign, {"to": ada.user}),
        (actions.trash, {}),
    ):
        with pytest.raises(NotFound):
            verb(conversation=talk, **more, **act(ada))


def test_conversation_that_was_joined_into_another_is_not_deleted_by_itself(talk: Conversation, ada: Member) -> None:
    other = ConversationFactory(workspace=talk.workspace, contact=talk.contact)
    actions.join(conversation=other, into=talk, **act(ada))
    with pytest.raises(Conflict):
        actions.trash(conversation=other, **act(ada))
    actions.trash(conversation=talk, **act(ada))
    with pytest.raises(NotFound):
        receive(other)


def test_what_a_customer_cannot_see_any_more_is_not_found_by_a_format(
    talk: Conversation, ada: Member, acme_key: Key, client: Client
) -> None:
    path = f"/api/v1/conversations/{talk.public_id}/"
    headers = {"X-API-Key": acme_key.secret}
    assert client.get(path, headers=headers).status_code == 200
    actions.trash(conversation=talk, **act(ada))
    assert client.get(path, headers=headers).status_code == 404
    sent = client.post(
        f"/api/v1/conversations/{talk.public_id}/messages",
        {"role": "user", "body": "Hello?"},
        content_type="application/json",
        headers=acme_key.bearer,
    )
    assert sent.status_code == 404
    assert client.get("/api/v1/conversations/", headers=headers).json()["count"] == 0


def test_deleted_for_good_are_messages_files_and_replies_and_the_number_stays_taken(
    talk: Conversation, ada: Member, django_capture_on_commit_callbacks: Any
) -> None:
    file = ContentFile(b"%PDF-1.4 secret", name="secret.pdf")
    message = reply(talk, by=ada.actor, uploads=[file])
    stored = str(Attachment.objects.get(message=message).file.name)
    actions.schedule(conversation=talk, body="Later", send_after=clock.now() + timedelta(hours=1), **act(ada))
    draft = {"conversation": talk, "kind": "reply", "public_id": uuid4()}
    kept = actions.attach_to_draft(upload=ContentFile(b"%PDF-1.4 draft", name="draft.pdf"), **draft, **act(ada))
    actions.trash(conversation=talk, **act(ada))
    with django_capture_on_commit_callbacks(execute=True):
        actions.purge(conversation=talk, **act(ada))
    assert not Conversation.all_workspaces.exists()
    assert not Message.objects.exists()
    assert not SearchWord.objects.filter(word="parcel").exists()
    assert not Delivery.objects.exists()
    assert not default_storage.exists(stored)
    assert not Draft.objects.exists()
    assert not default_storage.exists(str(kept.file.name))
    assert Event.objects.filter(subject_id=talk.pk, type="conversation.purged").exists()
    assert ConversationFactory(workspace=ada.membership.workspace).number == talk.number + 1


def test_only_what_is_in_the_trash_is_deleted_for_good(talk: Conversation, ada: Member) -> None:
    with pytest.raises(NotFound):
        actions.purge(conversation=talk, **act(ada))


def test_after_thirty_days_the_desk_deletes_it(talk: Conversation, ada: Member) -> None:
    actions.trash(conversation=talk, **act(ada))
    maintenance.empty_trash(0)
    assert Conversation.trash.exists()
    Conversation.trash.update(trashed_at=clock.now() - timedelta(days=31))
    maintenance.empty_trash(0)
    assert not Conversation.all_workspaces.exists()


def test_admin_deletes_restores_and_deletes_for_good_on_the_screens(
    talk: Conversation, ada: Member, client: Client
) -> None:
    as_ada = client
    as_ada.force_login(ada.user)
    slug, number = talk.workspace.slug, talk.number
    for name in ("inbox", "inbox-counts"):
        assert f'href="{reverse("trash", args=[slug])}"' in as_ada.get(reverse(name, args=[slug])).content.decode()
    page = as_ada.post(reverse("move-to-trash", args=[slug, number]), follow=True)
    assert "Moved to the Trash." in page.content.decode()
    assert reverse("restore", args=[slug, number]) in page.content.decode()
    assert as_ada.get(reverse("conversation", args=[slug, number])).status_code == 404
    assert talk.subject in as_ada.get(reverse("trash", args=[slug])).content.decode()
    assert "Where is my parcel?" in as_ada.get(reverse("trashed", args=[slug, number])).content.decode()
    as_ada.post(reverse("restore", args=[slug, number]))
    assert as_ada.get(reverse("conversation", args=[slug, number])).status_code == 200
    as_ada.post(reverse("move-to-trash", args=[slug, number]))
    as_ada.post(reverse("purge", args=[slug, number]))
    assert not Conversation.all_workspaces.exists()


def test_what_was_begun_and_taken_back_is_deleted_by_any_agent(acme: Workspace, ada: Member, ben: Member) -> None:
    given: dict[str, Any] = {"subject": "Hello", "body": "Hello?", "send_after": clock.now() + timedelta(days=1)}
    with tenancy.scope(acme):
        sent = actions.compose(workspace=acme, email="new@example.com", **given, **act(ben))
        begun = sent.conversation
        assert Conversation.objects.get(pk=begun.pk).assignee_id == ben.user.pk, "nobody else looks after it"
        with pytest.raises(Forbidden):
            actions.trash(conversation=begun, **act(ben))
        actions.cancel(delivery=sent, **act(ben))
    slug, as_ben = acme.slug, ben.signed_in()
    url = reverse("move-to-trash", args=[slug, begun.number])
    assert f'action="{url}' in as_ben.get(reverse("conversation", args=[slug, begun.number])).content.decode()
    page = as_ben.post(url, follow=True).content.decode()
    assert "Deleted." in page
    assert "data-undo" not in page
    with tenancy.scope(acme):
        assert list(Conversation.trash.all()) == [begun]


def test_agents_have_no_trash(talk: Conversation, ben: Member, client: Client) -> None:
    as_ben = client
    as_ben.force_login(ben.user)
    slug = talk.workspace.slug
    assert as_ben.get(reverse("trash", args=[slug])).status_code == 403
    assert reverse("trash", args=[slug]) not in as_ben.get(reverse("inbox", args=[slug])).content.decode()
    assert as_ben.post(reverse("move-to-trash", args=[slug, talk.number])).status_code == 403
    assert (
        reverse("move-to-trash", args=[slug, talk.number])
        not in as_ben.get(reverse("conversation", args=[slug, talk.number])).content.decode()
    )


def test_snooze_of_what_is_in_the_trash_ends_when_it_comes_back(
    contact: Contact, talk: Conversation, ada: Member
) -> None:
    other = ConversationFactory(workspace=contact.workspace)
    for row in (talk, other):
        before, until = clock.now() - timedelta(hours=2), clock.now() - timedelta(hours=1)
        actions.snooze(conversation=row, until=until, by=ada.actor, at=before)
    actions.trash(conversation=talk, **act(ada))
    with CaptureQueriesContext(connection) as asked:
        maintenance.unsnooze_due(0)
    assert Conversation.objects.get().snoozed_until is None
    assert Conversation.trash.get().snoozed_until is not None
    assert not [query for query in asked if f'"id" = {talk.pk} ' in query["sql"]]
    actions.restore(conversation=talk, **act(ada))
    maintenance.unsnooze_due(0)
    assert Conversation.objects.get(pk=talk.pk).snoozed_until is None


def test_calls_of_what_is_in_the_trash_are_on_no_list(talk: Conversation, ada: Member) -> None:
    CallbackRequest.objects.create(conversation=talk, phone_typed="+44 20 7946 0000", due_at=clock.now())
    assert callbacks().count() == 1
    actions.trash(conversation=talk, **act(ada))
    assert callbacks().count() == 0
    actions.restore(conversation=talk, **act(ada))
    assert callbacks().count() == 1

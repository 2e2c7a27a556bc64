"""Redacting a message: after it the words are nowhere in the database, and the files are not in the storage."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from accounts.errors import Invalid
from accounts.models import IdempotentRequest, Workspace
from conversations import actions
from conversations.models import Attachment, Conversation, InboundMail, Message
from conversations.queries import search
from tests.conftest import Member
from tests.effects import MORNING, minutes, recorded, refused
from tests.factories import ConversationFactory, MailboxFactory

pytestmark = pytest.mark.usefixtures("in_acme")

WORD = "zyzzyva"
SECRET = f"The card is {WORD} 4111 1111 1111 1111, thanks."


def is_found(text: str) -> bool:
    return search.matching(Conversation.objects.get_queryset(), search.words(text)).exists()


@pytest.fixture
def talk(acme: Workspace) -> Conversation:
    return ConversationFactory(workspace=acme, subject="Help", body="Hello", at=MORNING)


@pytest.fixture
def message(talk: Conversation, ada: Member) -> Message:
    return actions.receive(
        conversation=talk,
        body=SECRET,
        uploads=[ContentFile(b"%PDF-1.4", name="card.pdf")],
        by=ada.actor,
        at=minutes(1),
    )


def tables_with(word: str) -> set[str]:
    """Every table in which any row holds the word."""
    found = set()
    models = [
        model for app in ("accounts", "tickets", "conversations") for model in apps.get_app_config(app).get_models()
    ]
    with connection.cursor() as cursor:
        for table in (*(model._meta.db_table for model in models), "procrastinate_jobs"):
            cursor.execute(f'SELECT 1 FROM "{table}" AS row WHERE row::text ILIKE %s LIMIT 1', [f"%{word}%"])
            if cursor.fetchone():
                found.add(table)
    return found


def test_redacted_message_is_nowhere_and_its_file_is_gone(
    talk: Conversation, message: Message, ada: Member, django_capture_on_commit_callbacks: Any
) -> None:
    actions.escalate(conversation=talk, by=ada.actor, at=minutes(2))
    stored = str(Attachment.objects.get(message=message).file.name)
    assert {"conversations_message", "conversations_conversation", "tickets_ticket"} <= tables_with(WORD)
    with django_capture_on_commit_callbacks(execute=True):
        actions.redact(message=message, is_whole=True, by=ada.actor, at=minutes(3))
    assert tables_with(WORD) == set()
    assert not default_storage.exists(stored)
    row = Message.objects.get(pk=message.pk)
    assert (row.body, row.metadata and row.metadata["redacted_by"]) == ("(Redacted)", ada.user.name)
    assert Conversation.objects.get(pk=talk.pk).preview == "(Redacted)"
    assert not is_found(WORD)


def test_passage_is_removed_wherever_it_stands_and_the_rest_stays(message: Message, ada: Member) -> None:
    row = actions.redact(message=message, passage=f"{WORD} 4111 1111 1111 1111", by=ada.actor, at=minutes(3))
    assert row.body == "The card is █████, thanks."
    assert tables_with(WORD) == set()
    assert row.attachments.count() == 1
    assert is_found("thanks")


def test_one_file_is_removed_and_the_text_stays(message: Message, ada: Member) -> None:
    file = Attachment.objects.get(message=message)
    row = actions.redact(message=message, files=[file.public_id], by=ada.actor, at=minutes(3))
    assert (row.body, row.attachments.count()) == (SECRET, 0)


def test_mails_lose_their_originals_and_what_later_ones_quote(
    acme: Workspace, talk: Conversation, message: Message, ada: Member
) -> None:
    later = actions.receive(conversation=talk, body="Any news?", by=ada.actor, at=minutes(2))
    mailbox = MailboxFactory(workspace=acme)
    for one, values in ((message, {"html": f"<b>{WORD}</b>", "text": SECRET}), (later, {"quoted": f"> {SECRET}"})):
        raw = default_storage.save("mails/x", ContentFile(f"Subject: {WORD}".encode()))
        InboundMail.objects.create(
            mailbox=mailbox, source="imap", raw=raw, size=1, digest="0" * 64, state="read", message=one,
            conversation=talk, **values,
        )  # fmt: skip
    actions.redact(message=message, is_whole=True, by=ada.actor, at=minutes(3))
    assert tables_with(WORD) == set()
    assert Message.objects.get(pk=later.pk).body == "Any news?"


def test_versions_of_a_note_and_kept_answers_go_along(acme: Workspace, talk: Conversation, ada: Member) -> None:
    note = actions.note(conversation=talk, body=SECRET, by=ada.actor, at=minutes(1))
    actions.edit_note(message=note, body="Nothing.", by=ada.actor, at=minutes(2))
    IdempotentRequest.objects.create(
        method="POST",
        path="/api/x",
        key="1",
        body_hash="x",
        body=orjson.dumps(
            {"id": str(note.public_id), "status": "sent", "content": SECRET, "rich_content": {"text": SECRET}}
        ),
    )
    actions.redact(message=note, is_whole=True, by=ada.actor, at=minutes(3))
    assert tables_with(WORD) == set()
    assert orjson.loads(bytes(IdempotentRequest.objects.get().body)) == {
        "id": str(note.public_id), "status": "sent", "content": "(Redacted)", "rich_content": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("passage", "printed", "redacted"),
    [
        (
            "4111 1111 1111 1111",
            f"The card is {WORD} 4111 1111 1111 1111, thanks.",
            f"The card is {WORD} █████, thanks.",
        ),
        ("4111 1111 1111 1111", f"The card is {WORD} 4111 1…", f"The card is {WORD} █████"),
        ("4111 1111 1111 1111", "See: 4111 1111 1111 1111!", "See: █████!"),
        ("4111 1111 1111 1111", "Thanks", "Thanks"),
        (f"{WORD} 4111 1111 1111 1111, thanks.", f"{WORD} 4111 1111", "█████"),
    ],
)
def test_kept_answer_loses_the_passage_and_nothing_else(
    message: Message, ada: Member, passage: str, printed: str, redacted: str
) -> None:
    answer = {"conversation": str(message.conversation.public_id), "preview": printed, "unread": 0}
    IdempotentRequest.objects.create(
        method="POST", path="/api/x", key="1", body_hash="x", body=orjson.dumps({"items": [answer]})
    )
    actions.redact(message=message, passage=passage, by=ada.actor, at=minutes(3))
    kept = orjson.loads(bytes(IdempotentRequest.objects.get().body))["items"][0]
    assert kept["preview"].startswith(redacted[:20])
    assert (passage in kept["preview"], kept | {"preview": ""}) == (False, answer | {"preview": ""})


def test_kept_answer_that_cannot_be_read_is_deleted(message: Message, ada: Member) -> None:
    IdempotentRequest.objects.create(
        method="POST", path="/api/x", key="1", body_hash="x", body=f"{message.public_id}: {WORD}".encode()
    )
    actions.redact(message=message, is_whole=True, by=ada.actor, at=minutes(3))
    assert not IdempotentRequest.objects.exists()


def test_subject_that_was_made_of_the_text_goes_along(acme: Workspace, ada: Member) -> None:
    chat = ConversationFactory(workspace=acme, subject=f"The card is {WORD} 4111…", body=SECRET, at=MORNING)
    actions.redact(message=chat.last_message, is_whole=True, by=ada.actor, at=minutes(3))
    assert tables_with(WORD) == set()


def test_journal_says_that_a_message_was_redacted_and_no_word_of_it(message: Message, ada: Member) -> None:
    redact = lambda: actions.redact(message=message, is_whole=True, by=ada.actor, at=minutes(3))  # noqa: E731
    assert ("message.redacted", {"message_id": message.pk, "is_whole": True, "file_count": 0}) in recorded(redact)


def test_what_is_not_there_cannot_be_redacted(message: Message, ada: Member) -> None:
    with refused(Invalid, field="passage", code="not_found"):
        actions.redact(message=message, passage="other words", by=ada.actor, at=minutes(3))
    with refused(Invalid, field="passage", code="nothing"):
        actions.redact(message=message, by=ada.actor, at=minutes(3))
    with refused(Invalid, field="files"):
        actions.redact(message=message, files=[message.public_id], by=ada.actor, at=minutes(3))

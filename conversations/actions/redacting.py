"""Redacting a message: its words and files are really gone, wherever the desk has kept them. That there was one stays."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction as django
from django.db.models import Q
from django.db.models.fields.files import FieldFile

from accounts import journal, transaction
from accounts.errors import Invalid
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import carrying, entries, forgetting, kept_answers, locking, ticket_counts
from conversations.models import (
    AssistantFrame,
    AssistantProposal,
    AssistantRun,
    Attachment,
    Conversation,
    Delivery,
    InboundMail,
    Message,
    MessageKind,
    MessageVersion,
    Suggestion,
)
from conversations.texts import validation

REDACTED = "(Redacted)"
"""What is there instead of a text that was redacted whole."""
GAP = "█████"
"""What is there instead of a passage."""
REDACTED_AT, REDACTED_BY = "redacted_at", "redacted_by"
"""The marks in the metadata of a message that was redacted."""
_SHORTEST = 12
"""A line that others quote is looked for from this length on."""


@transaction.atomic
def redact(
    *,
    message: Message,
    passage: str = "",
    files: Collection[UUID] = (),
    is_whole: bool = False,
    by: Actor,
    at: datetime,
) -> Message:
    """Remove a passage of a message, everywhere it stands in it, or these of its files, or all of it with `is_whole`.

    Of a mail the original goes with it, and so does what later mails of the conversation quote of it. Raises Invalid for a
    passage that is not in the text, for nothing to remove, and for an entry that is neither message nor note.
    """
    permit(by, "message.redact", message)
    if message.kind not in (MessageKind.MESSAGE, MessageKind.NOTE):
        raise Invalid("only messages and notes can be redacted", field="message")
    passage = passage.replace("\r\n", "\n").strip()
    if not (passage or files or is_whole):
        raise Invalid("choose what to redact", field="passage", code="nothing")
    conversation = locking.locked(message.conversation)
    message = transaction.held(message)
    before = message.body or ""
    if passage and not is_whole and passage not in before:
        raise Invalid("this passage is not in the message", field="passage", code="not_found")
    removed = before if is_whole else passage
    body = REDACTED if is_whole else before.replace(passage, GAP) if passage else before
    _remove_files(message, None if is_whole else files)
    kept = {name: value for name, value in (message.metadata or {}).items() if name in (entries.AUTOMATIC, "version")}
    metadata = {**kept, REDACTED_AT: at.isoformat(), REDACTED_BY: by.name}
    if not (is_whole or passage):
        metadata = {**(message.metadata or {}), **metadata}
    message.body, message.metadata = body, metadata
    message.save(update_fields=["body", "metadata"])
    versions = [*MessageVersion.objects.filter(message=message).values_list("body", flat=True)]
    if removed:
        _forget(message, conversation, removed, body)
        texts = [kept_answers.Redaction(before=before, removed=removed, after=body, gap=GAP)]
        texts += [kept_answers.Redaction(before=one, removed=one, after=REDACTED, gap=GAP) for one in versions if one]
        kept_answers.redact([message.public_id, conversation.public_id], texts)
    if conversation.last_message_id == message.pk:
        conversation.preview = validation.preview(body)
    if removed and _begins_with(removed, conversation.subject):
        conversation.subject = REDACTED
        conversation.save(update_fields=["subject"])
    conversation.updated_at = at
    entries.save(conversation)
    carrying.index(conversation)
    if removed:
        forgetting.forget(conversation.workspace_id, forgetting.words_of(removed, *versions))
    if conversation.ticket_id is not None:
        ticket_counts.after_moving(conversation.workspace_id, conversation.ticket_id, by=by, at=at)
    journal.record(
        events.MESSAGE_REDACTED,
        conversation,
        by=by,
        at=at,
        message_id=message.pk,
        is_whole=is_whole,
        file_count=len(files),
    )
    return message


def _remove_files(message: Message, files: Collection[UUID] | None) -> None:
    rows = Attachment.objects.filter(message=message)
    chosen = rows if files is None else rows.filter(public_id__in=files)
    found = list(chosen.order_by("pk"))
    if files is not None and len(found) != len({*files}):
        raise Invalid("this file is not of the message", field="files", code="not_found")
    for one in found:
        _drop(one.file)
        one.delete()
    if found:
        _forget_originals(InboundMail.objects.filter(message=message))


def _forget(message: Message, conversation: Conversation, removed: str, body: str) -> None:
    """Remove the words wherever else the desk has kept them."""
    MessageVersion.objects.filter(message=message).delete()
    Delivery.objects.filter(message=message).exclude(body="").update(body=body)
    waiting = Delivery.objects.filter(conversation=conversation, body__contains=removed)
    for delivery in waiting.order_by("pk"):
        Delivery.objects.filter(pk=delivery.pk).update(body=delivery.body.replace(removed, GAP))
    mails = InboundMail.objects.filter(Q(message=message) | Q(pk__in=_quoting(conversation, removed)))
    _forget_originals(mails)
    runs = AssistantRun.objects.filter(thread__conversation=conversation)
    AssistantFrame.objects.filter(run__in=runs.values("pk")).delete()
    AssistantProposal.objects.filter(message=message).update(preview=REDACTED, payload={})
    suggested = Suggestion.objects.filter(conversation=conversation)
    suggested.filter(Q(message=message) | Q(text__contains=removed)).update(text=REDACTED, sources=[])


def _quoting(conversation: Conversation, removed: str) -> list[int]:
    """The mails of the conversation that quote the words."""
    lines = [line.strip() for line in removed.splitlines() if len(line.strip()) >= _SHORTEST] or [removed.strip()]
    found = []
    for mail in InboundMail.objects.filter(conversation=conversation).order_by("pk"):
        texts = (mail.quoted, mail.text, mail.signature, mail.html)
        if any(line in text for text in texts for line in lines):
            found.append(mail.pk)
    return found


def _forget_originals(mails: Iterable[InboundMail]) -> None:
    """Delete what was kept of mails beside the text of their messages."""
    for mail in mails:
        _drop(mail.raw)
        mail.text = mail.quoted = mail.signature = mail.html = ""
        mail.invitation, mail.remote_images, mail.size = None, 0, 0
        mail.save(
            update_fields=["text", "quoted", "signature", "html", "invitation", "remote_images", "size"],
        )


def _drop(file: FieldFile) -> None:
    if file.name:
        django.on_commit(partial(file.storage.delete, str(file.name)))


def _begins_with(text: str, subject: str) -> bool:
    """Whether a subject was made of the text, as that of a chat is."""
    bare = " ".join(subject.rstrip("…. ").split())
    return len(bare) > 3 and " ".join(text.split()).startswith(bare)

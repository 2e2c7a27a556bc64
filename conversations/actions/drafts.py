"""Drafts: a member's unsent reply or note in a conversation, or mail that begins one, kept while it is written. Nothing here
sends anything.

A mail is named by `key`, the id under which it is going to be sent; its `conversation` is the one that it forwards, or None.

The journal has that a draft was started and discarded, not each of its saves: what was never sent is nobody's history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.core.files.base import File
from django.db.models import QuerySet

from accounts import journal, transaction
from accounts.errors import Conflict, Forbidden, Invalid
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import drafted, files
from conversations.models import Conversation, Delivery, Draft, DraftFile, DraftKind, Message
from conversations.texts import validation

ALONG = ("to", "cc", "bcc", "cc_seen", "announced")
MAIL_ALONG = (
    "to",
    "cc",
    "bcc",
    "subject",
    "mailbox",
    "message",
    "chosen",
    "channel",
    "phone",
    "written",
    "assignee",
    "tags",
)
"""The fields of a mail beside its text; `message` is the one that is forwarded, `chosen` are those of its files that go along.
Those from `channel` on are of a conversation that is recorded."""
LONGEST_ALONG = 20_000
"""Characters of a line of recipients."""


class DraftChanged(Conflict):
    """Another page of the same person has changed the draft; it is `draft`."""

    code = "draft_changed"

    def __init__(self, draft: Draft) -> None:
        super().__init__("the draft was changed elsewhere")
        self.draft = draft


@transaction.atomic
def save_draft(
    *,
    conversation: Conversation | None,
    kind: str,
    body: str,
    key: UUID | None = None,
    along: Mapping[str, str] | None = None,
    removed: Sequence[UUID] = (),
    base: int = 0,
    tab: str = "",
    seq: int = 0,
    send_id: UUID | None = None,
    by: Actor,
    at: datetime,
) -> Draft | None:
    """Keep what a member has written so far; None where nothing is left of it. `removed` are files that it no longer has.

    `base` is the version that the text goes on from. Where the draft is another one by now, DraftChanged is raised, unless
    the same page, `tab`, has saved it, and this save, `seq`, is a later one. What was sent under `send_id` meanwhile is no draft
    any more. Raises Invalid for a text that is too long.
    """
    permit(by, "conversation.reply", conversation)
    _check_kind(kind, conversation, key)
    validation.check(body, "body", longest=validation.BODY_LIMIT, blank=True)
    lines = {
        name: validation.check(text, name, longest=LONGEST_ALONG, blank=True) for name, text in (along or {}).items()
    }
    send_id = key or send_id
    is_empty = not body and not (key and any(lines.get(name) for name in ("to", "cc", "bcc", "subject", "phone")))
    if key is not None:
        drafted.hold(by.workspace_id, key)
    elif conversation is not None and send_id is not None and body and not _own(conversation, kind, key, by).exists():
        transaction.held(conversation)  # what is being sent at this moment is waited for
    draft = _held(conversation, kind, key, by)
    if send_id is not None and _is_sent(by.workspace_id, send_id):
        return None
    if draft is None:
        return None if is_empty else _begun(conversation, kind, key, body, lines, tab, seq, by=by, at=at)
    is_gone = draft.discarded_at is not None
    if (draft.body, draft.along) == (body, lines) and not removed and not is_gone:
        return draft
    is_next_of_page = tab != "" and draft.tab == tab and seq > draft.seq
    if draft.version != base and not is_next_of_page and not is_gone:
        raise DraftChanged(draft)
    if removed:
        drafted.drop_files(draft.files.filter(public_id__in=removed).order_by("pk"))
    if is_empty and (is_gone or not draft.files.exists()):
        if not is_gone:
            journal.record(events.DRAFT_DISCARDED, draft, by=by, at=at, conversation_id=_about(draft), kind=draft.kind)
            drafted.forget(draft)
        return None
    draft.body, draft.along, draft.tab, draft.seq, draft.updated_at = body, lines, tab, seq, at
    draft.version += 1
    draft.discarded_at = None
    draft.save(update_fields=["body", "along", "tab", "seq", "updated_at", "version", "discarded_at"])
    return draft


@transaction.atomic
def attach_to_draft(
    *,
    conversation: Conversation | None,
    kind: str,
    key: UUID | None = None,
    upload: File[bytes],
    public_id: UUID,
    tab: str = "",
    by: Actor,
    at: datetime,
) -> DraftFile:
    """Keep an uploaded file with a member's draft. The same `public_id` again finds the first upload.

    Raises Invalid for one that is empty or too large, and for the eleventh; OSError where it cannot be stored; Conflict with
    code `sent_already` where the mail was sent meanwhile.
    """
    permit(by, "conversation.reply", conversation)
    _check_kind(kind, conversation, key)
    if key is not None:
        drafted.hold(by.workspace_id, key)
        if _is_sent(by.workspace_id, key):
            raise Conflict("this mail was sent already", code="sent_already")
    draft = _held(conversation, kind, key, by)
    if draft is None or draft.discarded_at is not None:
        if draft is not None:
            drafted.forget(draft)
        draft = _begun(conversation, kind, key, "", {}, tab, 0, by=by, at=at)
    if (first := DraftFile.objects.filter(public_id=public_id).first()) is not None:
        if first.draft_id != draft.pk:
            raise Conflict("this id belongs to another file", code="sent_already")
        return first
    (stored,) = files.store(by.workspace_id, [upload], at, beside=draft.files.count())
    return DraftFile.objects.create(
        public_id=public_id,
        draft=draft,
        file=stored.path,
        name=stored.name,
        content_type=stored.content_type,
        size=stored.size,
    )


@transaction.atomic
def discard_draft(
    *, conversation: Conversation | None, kind: str, key: UUID | None = None, by: Actor, at: datetime
) -> Draft | None:
    """Throw a member's own draft away; for a while it can be restored. None where there is none."""
    permit(by, "conversation.reply", conversation)
    _check_kind(kind, conversation, key)
    draft = _held(conversation, kind, key, by)
    if draft is None or draft.discarded_at is not None:
        return draft
    draft.discarded_at = at
    draft.save(update_fields=["discarded_at"])
    journal.record(events.DRAFT_DISCARDED, draft, by=by, at=at, conversation_id=_about(draft), kind=draft.kind)
    return draft


@transaction.atomic
def restore_draft(
    *, conversation: Conversation | None, kind: str, key: UUID | None = None, by: Actor, at: datetime
) -> Draft | None:
    """Bring a discarded draft back, unless another one was begun. None where there is none."""
    permit(by, "conversation.reply", conversation)
    _check_kind(kind, conversation, key)
    draft = _held(conversation, kind, key, by)
    if draft is None or draft.discarded_at is None:
        return draft
    draft.discarded_at, draft.updated_at = None, at
    draft.version += 1
    draft.save(update_fields=["discarded_at", "updated_at", "version"])
    journal.record(events.DRAFT_RESTORED, draft, by=by, at=at, conversation_id=_about(draft), kind=draft.kind)
    return draft


def _check_kind(kind: str, conversation: Conversation | None, key: UUID | None) -> None:
    if kind not in DraftKind.values:
        raise Invalid("a draft is a reply, a note or a mail", field="kind")
    if (kind == DraftKind.MAIL) != (key is not None) or (key is None and conversation is None):
        raise Invalid("a reply and a note have a conversation, and a mail has a key", field="kind")


def _own(conversation: Conversation | None, kind: str, key: UUID | None, by: Actor) -> QuerySet[Draft]:
    if key is not None:
        return Draft.objects.filter(public_id=key, user=by.user_id, kind=kind)
    return Draft.objects.filter(conversation=conversation, user=by.user_id, kind=kind)


def _held(conversation: Conversation | None, kind: str, key: UUID | None, by: Actor) -> Draft | None:
    """The member's draft, locked."""
    if by.user_id is None:
        raise Forbidden("only a member has drafts")
    rows = _own(conversation, kind, key, by).select_for_update(no_key=True, of=("self",))
    return rows.order_by("pk").first()


def _begun(
    conversation: Conversation | None,
    kind: str,
    key: UUID | None,
    body: str,
    along: Mapping[str, str],
    tab: str,
    seq: int,
    *,
    by: Actor,
    at: datetime,
) -> Draft:
    draft = Draft(
        workspace_id=by.workspace_id,
        conversation=None if key else conversation,
        public_id=key,
        forwards=conversation if key else None,
        user_id=by.user_id or 0,  # of a member, as `_held` has checked
        kind=kind,
        body=body,
        along=dict(along),
        tab=tab,
        seq=seq,
        created_at=at,
        updated_at=at,
    )
    taken = Conflict("another page has begun a draft", code="draft_changed")
    name = "draft_public_id_unique_per_workspace" if key else "one_draft_per_person_and_kind"
    transaction.unless_taken(name, taken, draft.save)
    journal.record(events.DRAFT_STARTED, draft, by=by, at=at, conversation_id=_about(draft), kind=draft.kind)
    return draft


def _about(draft: Draft) -> int | None:
    """The conversation in which it is written, or which it forwards."""
    return draft.conversation_id or draft.forwards_id


def _is_sent(workspace_id: int, send_id: UUID) -> bool:
    """Whether something was written under this id already."""
    if Message.objects.filter(workspace=workspace_id, public_id=send_id).exists():
        return True
    if Conversation.objects.filter(workspace=workspace_id, public_id=send_id).exists():
        return True
    return Delivery.objects.filter(workspace=workspace_id, public_id=send_id).exclude(state="cancelled").exists()

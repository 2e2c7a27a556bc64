"""What sending takes of a writer's draft: its files become those of the message, and the draft is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction as django

from accounts import transaction
from accounts.errors import Conflict, Invalid
from accounts.permissions import Actor
from conversations.actions import files
from conversations.actions.files import Stored
from conversations.models import Attachment, Conversation, DeliveryFile, Draft, DraftFile


def hold(workspace_id: int, key: UUID) -> None:
    """Hold a mail of this id until the transaction ends, as a draft and as what is sent."""
    transaction.hold_name(workspace_id, f"mail {key}")


def files_of_mail(key: UUID, public_ids: Sequence[UUID], *, before: UUID | None = None, by: Actor) -> list[Stored]:
    """The uploaded files of these ids of a member's mail, in their order. Raises Invalid for one that is nowhere.

    `before` is the id of the draft that it goes on from, if that is another one.
    """
    drafts = Draft.objects.filter(public_id__in=_keys(key, before), user=by.user_id)
    rows = DraftFile.objects.filter(public_id__in=public_ids, draft__in=drafts)
    found = {row.public_id: Stored.of(row) for row in rows} if public_ids else {}
    if missing := [one for one in public_ids if one not in found]:
        raise Invalid(f"{len(missing)} of the files are gone", field="files", code="file_gone")
    return [found[one] for one in dict.fromkeys(public_ids)]


def copies(stored: Sequence[Stored]) -> list[File[bytes]]:
    """Stored files as uploads. Raises Invalid where the storage has lost one."""
    try:
        return [File(default_storage.open(one.path), name=one.name) for one in stored]
    except FileNotFoundError as error:
        raise Invalid("one of the files is gone", field="files", code="file_gone") from error


def use_mail(key: UUID, *, sent: Sequence[Stored] = (), before: UUID | None = None, by: Actor) -> None:
    """Forget the draft of a mail that was sent, and the one `before` it; their files are those of the mail now."""
    drafts = Draft.objects.filter(public_id__in=_keys(key, before), user=by.user_id).order_by("pk")
    DraftFile.objects.filter(draft__in=[*drafts], public_id__in=[one.public_id for one in sent]).delete()
    for row in drafts:
        forget(row)


def _keys(key: UUID, before: UUID | None) -> list[UUID]:
    return [key] if before is None else [key, before]


def files_of(
    conversation: Conversation, kind: str, public_ids: Sequence[UUID], *, send_id: UUID | None, by: Actor, at: datetime
) -> list[Stored]:
    """The uploaded files of these ids, in their order. Those that went with this very `send_id` count as they are there;
    those that went with another message are copied, so that each has its own.

    Raises Invalid for one that is nowhere.
    """
    if not public_ids:
        return []
    wanted = [*dict.fromkeys(public_ids)]
    drafts = DraftFile.objects.filter(
        public_id__in=wanted, draft__conversation=conversation, draft__user=by.user_id, draft__kind=kind
    )
    found: dict[UUID, Stored] = {row.public_id: Stored.of(row) for row in drafts}
    if len(found) < len(wanted):
        # A repeat of a request whose answer was lost: they are where the first one has put them.
        left = [one for one in wanted if one not in found]
        sent = Attachment.objects.filter(public_id__in=left, message__conversation=conversation)
        waiting = DeliveryFile.objects.filter(public_id__in=left, delivery__conversation=conversation)
        for row in sent.select_related("message").order_by("pk"):
            found[row.public_id] = _for(send_id, row.message.public_id, row, at)
        for file in waiting.exclude(public_id__in=found).select_related("delivery").order_by("pk"):
            found[file.public_id] = _for(send_id, file.delivery.public_id, file, at)
    if missing := [one for one in wanted if one not in found]:
        raise Invalid(f"{len(missing)} of the files are gone", field="files", code="file_gone")
    return [found[one] for one in wanted]


def _for(send_id: UUID | None, sent_as: UUID, row: Attachment | DeliveryFile, at: datetime) -> Stored:
    """A file that was sent: as it is where it went with this id, else a copy. Raises Invalid where the storage has lost it."""
    if send_id == sent_as:
        return Stored.of(row)
    try:
        with row.file.open("rb") as content:
            (copy,) = files.store(row.workspace_id, [File(content.file, name=row.name)], at)
    except FileNotFoundError as error:
        raise Invalid("one of the files is gone", field="files", code="file_gone") from error
    return copy


def use(
    conversation: Conversation,
    kind: str,
    *,
    version: int | None,
    tab: str,
    sent: Sequence[Stored] = (),
    send_id: UUID | None = None,
    by: Actor,
) -> bool:
    """Forget the draft that was sent, and the rows of its files. One that another page has changed since stays.

    `version` is None where the page knows of no versions: it sends the draft that it shows. Raises Conflict with code
    `sent_already` where another page has sent the same files meanwhile, under another id.
    """
    _take(sent, send_id)
    draft = Draft.objects.select_for_update(no_key=True, of=("self",)).filter(
        conversation=conversation, user=by.user_id, kind=kind
    )
    row = draft.order_by("pk").first()
    if row is None:
        return False
    if version is not None and row.version != version and row.tab != tab:
        return False
    forget(row)
    return True


def _take(sent: Sequence[Stored], send_id: UUID | None) -> None:
    """Delete the rows of files that were sent. A page that waits here for another one, which deletes them first, is too late."""
    if not sent:
        return
    ids = [one.public_id for one in sent]
    taken, _by_model = DraftFile.objects.filter(public_id__in=ids).delete()
    if taken == len(sent):
        return
    paths = [one.path for one in sent]
    others = Attachment.objects.filter(file__in=paths, public_id__in=ids)
    waiting = DeliveryFile.objects.filter(file__in=paths, public_id__in=ids)
    if send_id is not None:
        others, waiting = others.exclude(message__public_id=send_id), waiting.exclude(delivery__public_id=send_id)
    if others.exists() or waiting.exists():
        raise taken_elsewhere()


def taken_elsewhere() -> Conflict:
    """The error for files that another page has sent at the same moment."""
    return Conflict("another page has sent these files", code="sent_already")


def once(write: Callable[[], object], sent: Sequence[Stored]) -> None:
    """Write a message with files of a draft; raises Conflict with code `sent_already` where they are in another message by now."""
    if not sent:
        write()
        return
    transaction.unless_taken("attachment_public_id_unique_per_workspace", taken_elsewhere(), write)


def forget(row: Draft) -> None:
    """Delete a draft, and the files that were uploaded for it."""
    drop_files(row.files.order_by("pk"))
    row.delete()


def drop_files(rows: Iterable[DraftFile]) -> None:
    """Delete files of a draft, and what the storage holds of them once the transaction is committed."""
    for file in rows:
        path = str(file.file.name)
        file.delete()
        django.on_commit(partial(default_storage.delete, path))


def moved(source: Conversation, target: Conversation) -> list[int]:
    """Let the drafts of a conversation follow what was written in it, unless their writers have one in the other. Says which."""
    theirs = Draft.objects.filter(conversation=target)
    taken = [*theirs.filter(discarded_at=None).values_list("user", "kind")]
    moving = [
        row
        for row in Draft.objects.filter(conversation=source, discarded_at=None).order_by("pk")
        if (row.user_id, row.kind) not in taken
    ]
    for row in moving:
        for discarded in theirs.filter(user=row.user_id, kind=row.kind).order_by("pk"):
            forget(discarded)
        row.conversation = target
        row.save(update_fields=["conversation"])
    return [row.pk for row in moving]


def back(drafts: Sequence[int], source: Conversation, target: Conversation) -> None:
    """Take drafts that were `moved` back, those that are there still."""
    rows = Draft.objects.filter(pk__in=drafts, conversation=target) if drafts else Draft.objects.none()
    for row in rows.order_by("pk"):
        if not Draft.objects.filter(conversation=source, user=row.user_id, kind=row.kind).exists():
            row.conversation = source
            row.save(update_fields=["conversation"])

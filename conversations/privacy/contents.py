"""What is erased of a contact, table by table. Called inside the verbs of `actions`, which hold the rows and record the events.

Files are taken from the storage before their rows are changed: a process that dies in between begins again, and finds them gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import Q, QuerySet

from accounts.models import Event, QueuedMail
from conversations import events
from conversations.models import (
    AssistantFrame,
    AssistantProposal,
    AssistantQueueItem,
    AssistantRun,
    AssistantThread,
    Attachment,
    AutomaticMail,
    BlockedSender,
    BulkRow,
    CallbackRequest,
    ChatRestore,
    ChatSession,
    Contact,
    ContactAddress,
    ContactNote,
    Conversation,
    Delivery,
    DeliveryFile,
    DeliveryState,
    DiscordLink,
    DiscordMember,
    DiscordThread,
    Draft,
    DraftFile,
    DraftKind,
    EntryPoint,
    Handler,
    InboundMail,
    MailState,
    Message,
    MessageKind,
    MessageVersion,
    ProposalStatus,
    RunStatus,
    SenderKind,
    Suggestion,
    SuppressedAddress,
    ThreadStatus,
)
from conversations.models.contact import ERASED
from conversations.privacy.named import Named
from conversations.queries import conversations as queries
from tickets.models import Ticket

TEXT = "Erased"
"""What stands for a message, a note or a subject."""
CODE = "erased"
_NOT_SENT = (DeliveryState.SCHEDULED, DeliveryState.SENDING)


def people(contact: Contact) -> list[Contact]:
    """The contact and those that were merged into it, held."""
    return list(_people(contact).select_for_update(no_key=True, of=("self",)))


def addresses_of(contact: Contact) -> list[str]:
    """Every address by which the person is known, before anything is held."""
    return addresses(_people(contact))


def _people(contact: Contact) -> QuerySet[Contact]:
    return Contact.objects.filter(Q(pk=contact.pk) | Q(merged_into=contact.pk)).order_by("pk")


def addresses(contacts: Iterable[Contact]) -> list[str]:
    """Every address by which they were known, as it is stored."""
    rows = list(contacts)
    other = ContactAddress.objects.filter(contact__in=rows).order_by("pk").values_list("value", flat=True)
    return [*dict.fromkeys([*(row.email for row in rows if row.email), *other])]


def ids_of(contact: Contact) -> list[int]:
    """The ids of the contact and of those that were merged into it."""
    return list(_people(contact).values_list("pk", flat=True))


def conversations_of(contact: Contact) -> QuerySet[Conversation]:
    """All of the person's: also what is spam, in the Trash, or of a contact that was merged into this one."""
    return Conversation.all_workspaces.filter(workspace=contact.workspace_id, contact__in=ids_of(contact))


def ticket_of(row: Conversation) -> int | None:
    """The id of the conversation's ticket; of one in the Trash, of the ticket that it would come back to."""
    if row.handler != Handler.TRASH:
        return row.ticket_id
    event = queries.last_trashed(row)
    ticket_id: int | None = event.data["before"]["ticket_id"] if event is not None else None
    return ticket_id


def is_shared(ticket: Ticket, people: Sequence[int]) -> bool:
    """Whether other customers than these people have conversations in the ticket."""
    # Spans workspaces: it names its own; one in the Trash has its words in the ticket, too.
    rows = Conversation.all_workspaces.filter(workspace=ticket.workspace_id, ticket=ticket.pk)
    return rows.exclude(contact__in=people).exists()


def details(contacts: Sequence[Contact], at: datetime) -> None:
    """What is known of the person, and by what they would be found again."""
    sessions = ChatSession.objects.filter(contact__in=contacts)
    sessions.delete()
    members = [*DiscordMember.objects.filter(contact__in=contacts).order_by("pk").values_list("pk", flat=True)]
    DiscordLink.objects.filter(member__in=members).delete()
    DiscordMember.objects.filter(pk__in=members).delete()
    ContactNote.objects.filter(contact__in=contacts).delete()
    ContactAddress.objects.filter(contact__in=contacts).delete()
    for row in contacts:
        row.name, row.erased_at, row.updated_at = ERASED, row.erased_at or at, at
        row.email = row.first_name = row.last_name = row.company = row.avatar_url = row.aliases = ""
        row.external_id = row.organization = None
        row.traits, row.attributes = {}, {}
        row.save()


def links_to(known: Sequence[str]) -> None:
    """Links by mail to earlier chats. Before the contacts are held, as everywhere."""
    ChatRestore.objects.filter(email__in=known).delete()


def lists_with(known: Sequence[str]) -> None:
    """The addresses in the lists of the mailboxes."""
    AutomaticMail.objects.filter(address__in=known).delete()
    SuppressedAddress.objects.filter(address__in=known).delete()
    BlockedSender.objects.filter(pattern__in=known).delete()


def drafts_to(known: Sequence[str]) -> int:
    """The mails to these addresses, or that name them, which members have begun; how many files went with them."""
    named = Named(known)
    if not named:
        return 0
    found = Q(along__has_key="phone") if named.phones else Q()
    for one in (*named.mails, *named.phones):
        found |= Q(along__icontains=one) | Q(body__icontains=one)
    drafts = Draft.objects.filter(found, kind=DraftKind.MAIL).order_by("pk").only("pk", "along", "body")
    rows = [draft.pk for draft in drafts if named.in_mail(draft.along, draft.body)]
    files = _delete_files(DraftFile.objects.filter(draft__in=rows))
    Draft.objects.filter(pk__in=rows).delete()
    return files


def mails_of(known: Sequence[str], at: datetime) -> tuple[int, int]:
    """Mails that came from these addresses and are read; how many there were, and how many files."""
    rows = InboundMail.objects.filter(from_address__in=known).exclude(state=MailState.STORED).exclude(code=CODE)
    return _mails(rows, at)


def mentions(known: Sequence[str], contact: Contact) -> None:
    """The addresses among the copies of other customers' conversations and mails."""
    if not known:
        return
    rows = Conversation.all_workspaces.filter(workspace=contact.workspace_id, cc__overlap=list(known))
    for row in rows.select_for_update(no_key=True, of=("self",)).order_by("pk"):
        row.cc = [one for one in row.cc if one not in known]
        row.save(update_fields=["cc"])
    found = Q()
    for one in known:
        found |= Q(to__contains=[one]) | Q(cc__contains=[one]) | Q(bcc__contains=[one])
    for delivery in Delivery.objects.filter(found).order_by("pk"):
        for name in ("to", "cc", "bcc"):
            value = getattr(delivery, name)
            setattr(delivery, name, [one for one in value if one not in known] if value is not None else None)
        delivery.save(update_fields=["to", "cc", "bcc"])


def conversation(row: Conversation, at: datetime) -> dict[str, int]:
    """Everything in a held conversation but its number, its state and its counts. Says how much it was."""
    messages = Message.objects.filter(conversation=row.pk)
    counts = {"messages": _messages(messages, row), "files": _files(row)}
    mails, raw = _mails(InboundMail.objects.filter(conversation=row.pk).exclude(code=CODE), at)
    counts["mails"], counts["files"] = mails, counts["files"] + raw
    _outbox(row, at)
    _assistant(row, at)
    Suggestion.objects.filter(conversation=row.pk).update(text="", sources=[])
    EntryPoint.objects.filter(conversation=row.pk).update(external_channel_id=None, metadata=None)
    CallbackRequest.objects.filter(conversation=row.pk).update(
        phone="", phone_typed=TEXT, preferred_time="", time_zone=""
    )
    DiscordThread.objects.filter(conversation=row.pk).update(name="")
    QueuedMail.objects.filter(about__conversation_id=row.pk).delete()
    row.subject, row.preview = TEXT, TEXT if row.last_message_id else ""
    row.metadata, row.attributes, row.cc, row.external_id = {}, {}, [], None
    row.updated_at = at
    row.save(update_fields=["subject", "preview", "metadata", "attributes", "cc", "external_id", "updated_at"])
    return counts


def about(row: Conversation) -> None:
    """What members have begun to write in a held conversation, and what jobs say of it. After its ticket, as locks are ordered."""
    Draft.objects.filter(conversation=row.pk).delete()
    Draft.objects.filter(forwards=row.pk).delete()
    BulkRow.objects.filter(conversation=row.pk).update(reason="")


def forwards_of(row: Conversation) -> list[int]:
    """The ids of the conversations in which it was forwarded, and of those in which these were: their first mails copy it."""
    found: list[int] = []
    new = [row.pk]
    while new:
        lines = Event.objects.filter(workspace=row.workspace_id, subject_type="conversation", subject_id__in=new)
        to = lines.filter(type=events.CONVERSATION_FORWARDED.name).order_by("pk").values_list("data__to_id", flat=True)
        new = [pk for pk in dict.fromkeys(to) if pk != row.pk and pk not in found]
        found += new
    return found


def forwarded(row: Conversation, at: datetime) -> dict[str, int]:
    """The mail that began a held conversation as a copy of another one, the subject, and what answers quote; what was written after it
    stays."""
    written = Message.objects.filter(conversation=row.pk).exclude(kind=MessageKind.STATUS_CHANGE)
    pks = list(written.order_by("created_at", "pk").values_list("pk", flat=True)[:1])
    sent = list(Delivery.objects.filter(conversation=row.pk).order_by("pk").values_list("pk", flat=True)[:1])
    MessageVersion.objects.filter(message__in=pks).delete()
    files = _delete_files(Attachment.objects.filter(message__in=pks))
    files += _delete_files(DeliveryFile.objects.filter(delivery__in=sent))
    Message.objects.filter(pk__in=pks).update(body=TEXT, tokens="", metadata=None)
    deliveries = Delivery.objects.filter(pk__in=sent)
    deliveries.filter(state__in=_NOT_SENT).update(state=DeliveryState.CANCELLED, settled_at=at, code=CODE)
    deliveries.update(body="")
    answers = InboundMail.objects.filter(conversation=row.pk).exclude(code=CODE)
    for raw in answers.exclude(raw="").order_by("pk").values_list("raw", flat=True):
        _delete(raw)
    answers.update(raw="", quoted="", html="", subject="")
    row.subject = TEXT
    row.preview = TEXT if row.last_message_id in pks else row.preview
    row.save(update_fields=["subject", "preview"])
    return {"messages": len(pks), "files": files}


def written_elsewhere(contacts: Sequence[Contact]) -> list[Message]:
    """What the person wrote in conversations of other customers."""
    ids = [row.pk for row in contacts]
    rows = Message.objects.filter(sender_contact__in=ids).exclude(conversation__contact__in=ids)
    return list(rows.order_by("pk").only("pk", "conversation_id", "workspace_id"))


def messages_elsewhere(rows: Sequence[Message], at: datetime) -> dict[str, int]:
    """The texts, names, files and mails of these messages."""
    if not rows:
        return {}
    pks = [row.pk for row in rows]
    chosen = Message.objects.filter(pk__in=pks)
    MessageVersion.objects.filter(message__in=pks).delete()
    files = _delete_files(Attachment.objects.filter(message__in=pks))
    mails, raw = _mails(InboundMail.objects.filter(message__in=pks).exclude(code=CODE), at)
    chosen.update(body=TEXT, tokens="", metadata=None, sender_name=ERASED, sender_email="", sender_reference=None)
    previews = Conversation.all_workspaces.filter(workspace=rows[0].workspace_id, last_message__in=pks)
    previews.update(preview=TEXT)
    return {"messages": len(pks), "files": files + raw, "mails": mails}


def _messages(rows: QuerySet[Message], row: Conversation) -> int:
    """Each text; of what customers wrote also their names and addresses."""
    rows.filter(sender_kind=SenderKind.CUSTOMER).update(sender_name=ERASED, sender_email="", sender_reference=None)
    written = rows.exclude(kind=MessageKind.STATUS_CHANGE)
    count = written.exclude(body=TEXT, metadata=None).count()
    written.update(body=TEXT, metadata=None, tokens="")
    rows.filter(kind=MessageKind.STATUS_CHANGE).update(body=None, tokens="")
    MessageVersion.objects.filter(message__conversation=row.pk).delete()
    return count


def _files(row: Conversation) -> int:
    attachments = Attachment.objects.filter(message__conversation=row.pk)
    waiting = DeliveryFile.objects.filter(delivery__conversation=row.pk)
    drafts = DraftFile.objects.filter(draft__conversation=row.pk)
    forwards = DraftFile.objects.filter(draft__forwards=row.pk)
    return sum(map(_delete_files, (attachments, waiting, drafts, forwards)))


def _delete_files(rows: QuerySet[Any]) -> int:
    found = list(rows.order_by("pk"))
    for one in found:
        _delete(str(one.file.name))
    rows.model.objects.filter(pk__in=[one.pk for one in found]).delete()
    return len(found)


def _delete(path: str) -> None:
    if path:
        with suppress(FileNotFoundError):
            default_storage.delete(path)


def _mails(rows: QuerySet[InboundMail], at: datetime) -> tuple[int, int]:
    """What is left of a mail says that it came, so that it is not fetched again."""
    found = list(rows.order_by("pk").values_list("pk", "raw"))
    for _, raw in found:
        _delete(raw)
    InboundMail.objects.filter(pk__in=[pk for pk, _ in found]).update(
        raw="", identifier="", from_name="", from_address="", to=[], cc=[], subject="", text="", quoted="", signature="",
        html="", invitation=None, problems=[], reason="", code=CODE, suggested=None, processed_at=at,
    )  # fmt: skip
    quarantined = InboundMail.objects.filter(pk__in=[pk for pk, _ in found], state=MailState.QUARANTINED)
    quarantined.update(state=MailState.IGNORED)
    return len(found), sum(bool(raw) for _, raw in found)


def _outbox(row: Conversation, at: datetime) -> None:
    """What has not left is not sent any more."""
    rows = Delivery.objects.filter(conversation=row.pk)
    rows.filter(state__in=_NOT_SENT).update(state=DeliveryState.CANCELLED, settled_at=at, code=CODE)
    rows.update(body="", to=None, cc=None, bcc=[], reason="", channel_message_id="")


def _assistant(row: Conversation, at: datetime) -> None:
    """A run that is at work can write nothing more."""
    threads = [*AssistantThread.objects.filter(conversation=row.pk).values_list("pk", flat=True)]
    if not threads:
        return
    runs = AssistantRun.objects.filter(thread__in=threads)
    running = runs.filter(status=RunStatus.RUNNING)
    running.update(status=RunStatus.CANCELED, token=None, worker=None, ended_at=at)
    AssistantFrame.objects.filter(run__in=[*runs.values_list("pk", flat=True)]).delete()
    AssistantQueueItem.objects.filter(thread__in=threads).delete()
    proposals = AssistantProposal.objects.filter(thread__in=threads)
    proposals.filter(status=ProposalStatus.PENDING).update(status=ProposalStatus.AUTO_REJECTED, decided_at=at)
    proposals.update(preview=TEXT, payload={})
    AssistantThread.objects.filter(pk__in=threads).update(
        title=TEXT, metadata={}, status=ThreadStatus.IDLE, is_asking=False
    )

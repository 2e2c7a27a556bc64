"""What becomes of a mail that came in: a message of the conversation that it proves to belong to, a new one, or nothing for people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection

from accounts import journal, transaction
from accounts.permissions import Actor, ActorKind, permit
from conversations import actions, events
from conversations.actions import lifecycle, routing
from conversations.actions.entries import Door
from conversations.actions.files import ReceivedFile
from conversations.actions.senders import Sender
from conversations.channels.email import floods, ids
from conversations.channels.email.actions import acknowledging, joining, reports
from conversations.mail import robots
from conversations.mail.authentication import Verdict, authentication
from conversations.mail.parsed import Address, ParsedMail
from conversations.mail.reports import delivery_report
from conversations.mail.robots import Automatic
from conversations.models import (
    AutomaticMail,
    BlockedSender,
    Channel,
    Contact,
    Conversation,
    Handler,
    InboundMail,
    MailboxAddress,
    MailState,
    Message,
    Proof,
)
from conversations.texts import validation

DOOR = Door(Channel.EMAIL, "email")
NO_SUBJECT = "(No subject)"
TOO_LARGE = "This mail was larger than 25 MB: its beginning is here, and the whole of it in the mailbox."
NO_TEXT = "(This mail has no text.)"
ANSWERS_OF_ROBOTS = 5
"""How many automatic answers of one sender a day are shown; more of them are a loop."""
_ROBOTS = (
    Automatic.AUTO_SUBMITTED, Automatic.NULL_RETURN_PATH, Automatic.REPORT, Automatic.AUTOREPLY, Automatic.HOPS, Automatic.SUBJECT,
)  # fmt: skip
_NO_REPLY = re.compile(r"(?:no|do-?not|nicht)[._-]?(?:reply|respond|antworten)", re.IGNORECASE)
MOST_COPIES = 50
MOST_NAMED = 20


@transaction.atomic
def take_in(*, mail: InboundMail, parsed: ParsedMail, by: Actor, at: datetime) -> InboundMail:
    """Make of a stored mail what it is: see `Proof` and `MailState`. One that was taken in before is left as it is.

    Raises what the verbs raise, for a mail that the desk cannot keep: the caller quarantines it.
    """
    permit(by, "conversation.receive", mail)
    mail = transaction.held(mail)
    if mail.state in (MailState.READ, MailState.IGNORED):
        return mail
    _describe(mail, parsed)
    mail.attempts += 1
    if mail.message_key:  # a copy that comes at the same time, by another mailbox, waits here
        transaction.hold_name(mail.workspace_id, f"mail {mail.message_key}")
    if (first := _first_copy(mail, _body(parsed))) is not None:
        where = f"#{first.conversation.number}" if first.conversation else "the desk"
        return _ignore(mail, "duplicate", f"The same mail is in {where} already.", first.conversation, by=by, at=at)
    if (report := delivery_report(parsed)) is not None:
        message = reports.apply(report, parsed, by=by, at=at)
        # One about no mail of the desk, which no mail server says to have written, may be a person's words.
        if message is not None or parsed.return_path == "" or robots.is_report(parsed):
            conversation = message.conversation if message is not None else None
            return _ignore(mail, "bounce", reports.in_words(report), conversation, by=by, at=at)
    own = {*MailboxAddress.objects.values_list("address", flat=True)}
    author = _author(parsed, own)
    if author is None and parsed.sender is not None:
        return _ignore(mail, "own_mail", "The desk sent this mail itself.", None, by=by, at=at)
    if (flood := floods.reason(mail)) is not None:
        return _set_aside(mail, floods.CODE, flood, by=by, at=at)
    return _deliver(mail, parsed, author, own, by=by, at=at)


@transaction.atomic
def quarantine(*, mail: InboundMail, code: str, reason: str, by: Actor, at: datetime) -> InboundMail:
    """Set a mail aside that could not be read or kept, with the reason. It can be tried again."""
    permit(by, "conversation.receive", mail)
    mail = transaction.held(mail)
    if mail.state in (MailState.READ, MailState.IGNORED):
        return mail
    mail.attempts += 1
    return _set_aside(mail, code, reason, by=by, at=at)


def _set_aside(mail: InboundMail, code: str, reason: str, *, by: Actor, at: datetime) -> InboundMail:
    mail.state, mail.code, mail.reason, mail.processed_at = MailState.QUARANTINED, code, reason, at
    mail.save()
    journal.record(events.MAIL_QUARANTINED, mail, by=by, at=at, mailbox_id=mail.mailbox_id, code=code)
    return mail


_VERIFIED = {Verdict.VERIFIED: True, Verdict.FAILED: False}


@dataclass(frozen=True, slots=True)
class _Standing:
    """What kind of mail it is, for the conversation that it joins or begins."""

    automatic: Automatic | None
    spam: str | None
    is_verified: bool | None

    @property
    def is_robot(self) -> bool:
        """Whether no person wrote it. A mail that came by a list gets no automatic answer, and a person may have written it."""
        return self.automatic in _ROBOTS


def _deliver(
    mail: InboundMail, parsed: ParsedMail, author: Address | None, own: set[str], *, by: Actor, at: datetime
) -> InboundMail:
    joined = joining.find(parsed)
    address = author.address.lower() if author is not None else ""
    standing = _Standing(
        automatic=robots.is_automatic(parsed),
        spam=_spam(parsed, address) if joined is None else None,
        is_verified=_VERIFIED.get(authentication(parsed, mail.mailbox.trusted_host).verdict),
    )
    is_stranger = joined is not None and not joining.knows(joined.conversation, address)
    if joined is not None and standing.is_robot and _is_loop(mail, address, at):
        reason = f"{ANSWERS_OF_ROBOTS} automatic answers of this sender are shown a day: two programs may be answering each other."
        return _ignore(mail, "loop", reason, joined.conversation, by=by, at=at)
    contact = _contact(mail, author, by=by, at=at)
    if joined is not None and is_stranger and not joined.is_strong:
        mail.suggested, joined, is_stranger = joined.conversation, None, False
    at = _moment(mail, joined.conversation if joined else None, at)
    if joined is not None:
        conversation, message = _append(joined, contact, mail, parsed, standing, at)
        mail.proof, mail.is_stranger = joined.proof, is_stranger
        _add_copies(conversation, parsed, own, contact, is_stranger)
    else:
        mail.suggested = mail.suggested or joining.suggestion(contact, parsed.subject, at)
        conversation, message = _start(contact, mail, parsed, standing, own, at)
        mail.proof = Proof.NEW
    mail.state, mail.conversation, mail.message, mail.is_verified = (
        MailState.READ,
        conversation,
        message,
        standing.is_verified,
    )
    mail.code = "spam" if standing.spam else "automatic" if standing.automatic else ""
    mail.reason = standing.spam or (standing.automatic.sentence if standing.automatic else "")
    mail.processed_at = at
    mail.save()
    _remember(mail, parsed, conversation, message)
    if standing.is_robot and mail.proof != Proof.NEW:
        AutomaticMail.objects.create(workspace_id=mail.workspace_id, address=address, kind="received", sent_at=at)
    if mail.proof == Proof.NEW and not standing.automatic and not standing.spam:
        acknowledging.acknowledge(mail, conversation, contact, parsed, at=at)
    return mail


def _append(
    joined: joining.Joined, contact: Contact, mail: InboundMail, parsed: ParsedMail, standing: _Standing, at: datetime
) -> tuple[Conversation, Message]:
    message = actions.continue_or_receive(
        conversation=joined.conversation,
        body=_body(parsed),
        uploads=_files(parsed),
        sender=Sender.contact(contact),
        subject=parsed.subject.strip()[: validation.SUBJECT_LIMIT] or None,
        door=DOOR,
        policy=lifecycle.AUTOMATIC if standing.is_robot else lifecycle.DESK,
        mailbox=mail.mailbox,
        by=_acting(contact),
        at=at,
    )
    return message.conversation, message


def _start(
    contact: Contact, mail: InboundMail, parsed: ParsedMail, standing: _Standing, own: set[str], at: datetime
) -> tuple[Conversation, Message]:
    mailbox = mail.mailbox
    conversation = actions.start(
        workspace=mailbox.workspace,
        contact=contact,
        subject=parsed.subject.strip()[: validation.SUBJECT_LIMIT] or NO_SUBJECT,
        door=DOOR,
        body=_body(parsed),
        uploads=_files(parsed),
        handler=Handler.NOBODY if standing.spam else Handler.PEOPLE,
        mailbox=mailbox,
        cc=_copies(parsed, own, contact),
        by=_acting(contact),
        at=at,
    )
    if not standing.spam:
        conversation = routing.route(conversation, to=mailbox.assignee, team=mailbox.team, at=at)
    assert conversation.last_message is not None
    return conversation, conversation.last_message


def _author(parsed: ParsedMail, own: set[str]) -> Address | None:
    """Who wrote it: the sender, or who is to be answered where a program or a list sent it for them; None for the desk itself."""
    sender = parsed.sender
    stands_in = sender is None or _is_own(sender.address, own) or _NO_REPLY.match(sender.address) is not None
    others = [one for one in parsed.reply_to if not _is_own(one.address, own)]
    if stands_in and len(others) == 1:
        return others[0]
    return None if sender is not None and _is_own(sender.address, own) else sender


def _contact(mail: InboundMail, author: Address | None, *, by: Actor, at: datetime) -> Contact:
    address = author.address.lower() if author is not None else ""
    name = (author.name.strip() if author is not None else "")[:400]
    try:
        validate_email(address)
    except ValidationError:  # nobody that could be answered: still a person who wrote
        name, address = name or address[:400] or "Unknown sender", ""
    return actions.identify(
        workspace=mail.mailbox.workspace,
        email=address or None,
        name=name or None,
        identity_source="email",
        is_trusted=bool(address),
        renames=False,
        by=by,
        at=at,
    )


def _acting(contact: Contact) -> Actor:
    return Actor(ActorKind.CONTACT, contact.workspace_id, id=contact.pk, name=contact.name, email=contact.email)


def _moment(mail: InboundMail, conversation: Conversation | None, at: datetime) -> datetime:
    """When it reached the mailbox, which may have been days before it was fetched; in a thread after what is there."""
    moment = min(mail.internal_at or at, at)
    return max(moment, conversation.last_activity_at) if conversation is not None else moment


def _body(parsed: ParsedMail) -> str:
    return (parsed.reply_text.strip("\n") or parsed.text.strip("\n") or NO_TEXT)[: validation.BODY_LIMIT]


def _files(parsed: ParsedMail) -> Sequence[ReceivedFile]:
    return [
        ReceivedFile(one.content, one.name or "file", content_id=one.content_id, is_inline=one.is_inline)
        for one in parsed.attachments
        if one.content
    ]


def _copies(parsed: ParsedMail, own: set[str], contact: Contact) -> list[str]:
    """Whom it went to besides the desk: answers go to them too."""
    to, cc = ([one.address.lower() for one in found] for found in (parsed.to, parsed.cc))
    if not any(_is_own(one, own) for one in (*to, *cc)):
        to = []  # it was forwarded: those are addresses of the desk that it does not know
    found = dict.fromkeys(one for one in (*to, *cc) if not _is_own(one, own) and one != contact.email)
    return [*found][:MOST_COPIES]


def _is_own(address: str, own: set[str]) -> bool:
    """Whether it is an address of a mailbox, also with something behind a plus."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local}@{domain}" in own or f"{local.partition('+')[0]}@{domain}" in own


def _add_copies(
    conversation: Conversation, parsed: ParsedMail, own: set[str], contact: Contact, is_stranger: bool
) -> None:
    new = [one for one in _copies(parsed, own, conversation.contact) if one not in conversation.cc]
    if contact.pk != conversation.contact_id and not is_stranger and contact.email in new:
        new.remove(contact.email)
    if new and not is_stranger:
        conversation.cc = [*conversation.cc, *new][:MOST_COPIES]
        conversation.save(update_fields=["cc"])


def _describe(mail: InboundMail, parsed: ParsedMail) -> None:
    sender = parsed.sender
    body = _body(parsed)
    mail.identifier, mail.message_key = parsed.message_id, ids.key(parsed.message_id)
    mail.from_name = sender.name[:400] if sender is not None else ""
    mail.from_address = sender.address.lower()[:254] if sender is not None else ""
    mail.to = [[one.name, one.address] for one in parsed.to]
    mail.cc = [[one.name, one.address] for one in parsed.cc]
    mail.subject = parsed.subject[: validation.SUBJECT_LIMIT]
    mail.text = parsed.text if parsed.text.strip() != body.strip() else ""
    mail.quoted, mail.signature = parsed.quoted_text, parsed.signature_text
    mail.html, mail.remote_images = parsed.html or "", parsed.remote_images
    mail.problems = [*([TOO_LARGE] if mail.is_cut else []), *_unchecked(parsed), *parsed.problems]
    mail.invitation = reports.invitation(parsed)


def _unchecked(parsed: ParsedMail) -> list[str]:
    """What the desk leaves to the reader's own mail program."""
    if parsed.is_encrypted:
        return ["This mail is encrypted. Download it and open it in a mail program that has the key."]
    return ["This mail is signed. The signature was not checked."] if parsed.is_signed else []


def _first_copy(mail: InboundMail, body: str) -> InboundMail | None:
    """The same mail, if it came before: by its id and by what it says, for some programs give all their mails one id."""
    if not mail.message_key:
        return None
    rows = InboundMail.objects.filter(message_key=mail.message_key, state=MailState.READ).exclude(pk=mail.pk)
    content = (mail.from_address, mail.subject, body, mail.text, mail.quoted)
    for row in rows.select_related("conversation", "message").order_by("pk")[:20]:
        kept = row.message.body if row.message is not None else body
        if (row.from_address, row.subject, kept, row.text, row.quoted) == content:
            return row
    return None


def _spam(parsed: ParsedMail, address: str) -> str | None:
    """Why it is spam, in a sentence."""
    if (marked := robots.spam_mark(parsed)) is not None:
        return marked
    patterns = [address, f"@{address.rpartition('@')[2]}"] if address else []
    is_blocked = bool(patterns) and BlockedSender.objects.filter(pattern__in=patterns).exists()
    return "The sender is blocked." if is_blocked else None


def _is_loop(mail: InboundMail, address: str, at: datetime) -> bool:
    rows = AutomaticMail.objects.filter(address=address, kind="received", sent_at__gte=at - timedelta(days=1))
    return rows.count() >= ANSWERS_OF_ROBOTS


def _ignore(
    mail: InboundMail, code: str, reason: str, conversation: Conversation | None, *, by: Actor, at: datetime
) -> InboundMail:
    mail.state, mail.code, mail.reason = MailState.IGNORED, code, reason
    mail.conversation, mail.processed_at = conversation, at
    mail.save()
    journal.record(events.MAIL_IGNORED, mail, by=by, at=at, mailbox_id=mail.mailbox_id, code=code)
    return mail


def _remember(mail: InboundMail, parsed: ParsedMail, conversation: Conversation, message: Message) -> None:
    """Keep the ids by which answers to this mail, and to those that it names, find the conversation."""
    own = mail.message_key
    named = ids.keys((*parsed.in_reply_to, *reversed(parsed.references)))[:MOST_NAMED]
    keys = [key for key in dict.fromkeys([own, *named]) if key]
    if not keys:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO conversations_mailreference (workspace_id, key, conversation_id, message_id, is_ours, is_named_only) "
            "SELECT %s, key, %s, CASE WHEN key = %s THEN %s END, false, key <> %s FROM unnest(%s::text[]) AS key "
            "ON CONFLICT (workspace_id, key) DO UPDATE SET conversation_id = excluded.conversation_id, "
            "message_id = excluded.message_id, is_named_only = false "
            "WHERE conversations_mailreference.is_named_only AND NOT excluded.is_named_only",
            [mail.workspace_id, conversation.pk, own, message.pk, own, keys],
        )

"""What becomes of a mail that came in: a message of the conversation that it proves to belong to, a new one, or nothing for people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from accounts import journal, transaction
from accounts.permissions import Actor, permit
from conversations import actions, events
from conversations.actions import lifecycle, routing
from conversations.actions.entries import Door
from conversations.actions.senders import Sender
from conversations.assistant import actions as assistant_actions
from conversations.assistant import queries as assistant_queries
from conversations.assistant.actions import messages
from conversations.assistant.engines.protocol import Call
from conversations.channels.email import floods
from conversations.channels.email.actions import acknowledging, contents, joining, people, reports
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
    MailState,
    Message,
    Proof,
)

DOOR = Door(Channel.EMAIL, "email")
ACKNOWLEDGED_WITHIN = timedelta(days=1)
"""Older mails, such as those of a backfill, are not acknowledged."""
ANSWERS_OF_ROBOTS = 5
"""How many automatic answers of one sender a day are shown; more of them are a loop."""
_ROBOTS = (
    Automatic.AUTO_SUBMITTED, Automatic.NULL_RETURN_PATH, Automatic.REPORT, Automatic.AUTOREPLY, Automatic.HOPS, Automatic.SUBJECT,
)  # fmt: skip


ANSWERED_BY_MAIL = "The customer answered by mail."


@transaction.atomic
def take_in(*, mail: InboundMail, parsed: ParsedMail, by: Actor, at: datetime) -> InboundMail:
    """Make of a stored mail what it is: see `Proof` and `MailState`. One that was taken in before is left as it is.

    Raises what the verbs raise, for a mail that the desk cannot keep: the caller quarantines it.
    """
    permit(by, "conversation.receive", mail)
    mailbox, mail = mail.mailbox, transaction.held(mail)
    mail.mailbox = mailbox
    if mail.state in (MailState.READ, MailState.IGNORED):
        return mail
    contents.describe(mail, parsed)
    mail.attempts += 1
    if mail.message_key:  # a copy that comes at the same time, by another mailbox, waits here
        transaction.hold_name(mail.workspace_id, f"mail {mail.message_key}")
    if (first := contents.first_copy(mail, parsed)) is not None:
        where = f"#{first.conversation.number}" if first.conversation else "the desk"
        return _ignore(mail, "duplicate", f"The same mail is in {where} already.", first.conversation, by=by, at=at)
    if (report := delivery_report(parsed)) is not None:
        message = reports.apply(report, parsed, by=by, at=at)
        # One about no mail of the desk, which no mail server says to have written, may be a person's words.
        if message is not None or parsed.return_path == "" or robots.is_report(parsed):
            conversation = message.conversation if message is not None else None
            return _ignore(mail, "bounce", reports.in_words(report), conversation, by=by, at=at)
    own = people.own_addresses()
    author = people.author(parsed, own)
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
    is_stranger = joined is not None and not joining.knows(joined.conversation, address)
    spam = _spam(parsed, address) if joined is None or is_stranger else None
    if spam:
        joined, is_stranger = None, False
    standing = _Standing(
        automatic=robots.is_automatic(parsed),
        spam=spam,
        is_verified=_VERIFIED.get(authentication(parsed, mail.mailbox.trusted_host).verdict),
    )
    if joined is not None and standing.is_robot and _is_loop(mail, address, at):
        reason = f"{ANSWERS_OF_ROBOTS} automatic answers of this sender are shown a day: two programs may be answering each other."
        return _ignore(mail, "loop", reason, joined.conversation, by=by, at=at)
    contact = people.contact(mail, author, by=by, at=at)
    if contact.blocked_at is not None and not standing.spam:
        standing = replace(standing, spam="The customer is blocked.")
    if joined is not None and is_stranger and not joined.is_strong:
        mail.suggested, joined, is_stranger = joined.conversation, None, False
    now, at = at, _moment(mail, joined.conversation if joined else None, at)
    if joined is not None:
        conversation, message = _append(joined, contact, mail, parsed, standing, at)
        mail.proof, mail.is_stranger = joined.proof, is_stranger
        if not is_stranger and standing.is_verified is not False:
            people.add_copies(conversation, parsed, own, contact)
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
    contents.remember(mail, parsed, conversation, message)
    if standing.is_robot and mail.proof != Proof.NEW:
        AutomaticMail.objects.create(workspace_id=mail.workspace_id, address=address, kind="received", sent_at=now)
    is_new = mail.proof == Proof.NEW and now - at < ACKNOWLEDGED_WITHIN
    if is_new and not standing.automatic and not standing.spam:
        acknowledging.acknowledge(mail, conversation, contact, parsed, at=now)
    return mail


def _append(
    joined: joining.Joined, contact: Contact, mail: InboundMail, parsed: ParsedMail, standing: _Standing, at: datetime
) -> tuple[Conversation, Message]:
    if joined.conversation.handler == Handler.ASSISTANT and not standing.is_robot:
        _hand_over(joined.conversation, at)
    message = actions.continue_or_receive(
        conversation=joined.conversation,
        body=contents.body(parsed),
        uploads=contents.files(parsed),
        sender=Sender.contact(contact),
        subject=contents.subject(parsed) or None,
        door=DOOR,
        policy=lifecycle.AUTOMATIC if standing.is_robot else lifecycle.DESK,
        mailbox=mail.mailbox,
        by=people.acting(contact),
        at=at,
    )
    return message.conversation, message


def _hand_over(conversation: Conversation, at: datetime) -> None:
    """The assistant answers in the chat alone: who answers by mail is answered by people."""
    thread = assistant_queries.thread_of(conversation)
    if thread is not None:
        by = messages.assistant(conversation.workspace_id)
        assistant_actions.hand_over(thread=thread, call=Call.POLICY, reason=ANSWERED_BY_MAIL, by=by, at=at)


def _start(
    contact: Contact, mail: InboundMail, parsed: ParsedMail, standing: _Standing, own: set[str], at: datetime
) -> tuple[Conversation, Message]:
    mailbox = mail.mailbox
    conversation = actions.start(
        workspace=mailbox.workspace,
        contact=contact,
        subject=contents.subject(parsed) or contents.NO_SUBJECT,
        door=DOOR,
        body=contents.body(parsed),
        uploads=contents.files(parsed),
        handler=Handler.NOBODY if standing.spam else Handler.PEOPLE,
        mailbox=mailbox,
        cc=people.copies(parsed, own, contact),
        by=people.acting(contact),
        at=at,
    )
    if not standing.spam:
        conversation = routing.route(conversation, to=mailbox.assignee, team=mailbox.team, at=at)
    assert conversation.last_message is not None
    return conversation, conversation.last_message


def _moment(mail: InboundMail, conversation: Conversation | None, at: datetime) -> datetime:
    """When it reached the mailbox, which may have been days before it was fetched; in a thread after what is there."""
    moment = min(mail.internal_at or at, at)
    return max(moment, conversation.last_activity_at) if conversation is not None else moment


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

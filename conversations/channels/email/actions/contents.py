"""What the desk keeps of a mail: its text, its files, what a screen shows of it, and the ids by which answers find it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from conversations.actions.files import ReceivedFile
from conversations.channels.email import ids
from conversations.channels.email.actions import reports
from conversations.mail.parsed import ParsedMail
from conversations.models import Conversation, InboundMail, MailState, Message
from conversations.texts import names, validation

NO_SUBJECT = "(No subject)"
NO_TEXT = "(This mail has no text.)"
TOO_LARGE = "This mail was larger than 25 MB: its beginning is here, and the whole of it in the mailbox."
MOST_NAMED = 20


def subject(parsed: ParsedMail) -> str:
    """Its subject; empty where it has none."""
    return plain(parsed.subject)[: validation.SUBJECT_LIMIT]


def plain(text: str) -> str:
    """A line without the characters that turn its direction: they make one text look like another."""
    return names.as_written(text).strip()


def body(parsed: ParsedMail) -> str:
    """What its author wrote, without what they quote; the whole where that is nothing."""
    return (parsed.reply_text.strip("\n") or parsed.text.strip("\n") or NO_TEXT)[: validation.BODY_LIMIT]


def files(parsed: ParsedMail) -> Sequence[ReceivedFile]:
    """Its attachments but for empty ones."""
    return [
        ReceivedFile(one.content, one.name or "file", content_id=one.content_id, is_inline=one.is_inline)
        for one in parsed.attachments
        if one.content
    ]


def describe(mail: InboundMail, parsed: ParsedMail) -> None:
    """Set what is shown of it; the caller saves the row."""
    sender = parsed.sender
    text = body(parsed)
    mail.identifier, mail.message_key = parsed.message_id, ids.key(parsed.message_id)
    mail.from_name = plain(sender.name)[:400] if sender is not None else ""
    mail.from_address = sender.address.lower()[:254] if sender is not None else ""
    mail.to = [[one.name, one.address] for one in parsed.to]
    mail.cc = [[one.name, one.address] for one in parsed.cc]
    mail.subject = subject(parsed)
    mail.text = parsed.text if parsed.text.strip() != text.strip() else ""
    mail.quoted, mail.signature = parsed.quoted_text, parsed.signature_text
    mail.html, mail.remote_images = parsed.html or "", parsed.remote_images
    mail.problems = [
        *([TOO_LARGE] if mail.is_cut else []),
        *_unchecked(parsed),
        *_answered_elsewhere(parsed),
        *parsed.problems,
    ]
    mail.invitation = reports.invitation(parsed)


def first_copy(mail: InboundMail, parsed: ParsedMail) -> InboundMail | None:
    """The same mail, if it came before: by its id and by what it says, for some programs give all their mails one id."""
    if not mail.message_key:
        return None
    rows = InboundMail.objects.filter(message_key=mail.message_key, state=MailState.READ).exclude(pk=mail.pk)
    text = body(parsed)
    content = (mail.from_address, mail.subject, text, mail.text, mail.quoted)
    for row in rows.select_related("conversation", "message").order_by("pk")[:20]:
        kept = row.message.body if row.message is not None else text
        if (row.from_address, row.subject, kept, row.text, row.quoted) == content:
            return row
    return None


def remember(mail: InboundMail, parsed: ParsedMail, conversation: Conversation, message: Message) -> None:
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


def _answered_elsewhere(parsed: ParsedMail) -> list[str]:
    """That the sender wants answers at an address of another domain: for an agent to decide."""
    domain = parsed.sender.domain if parsed.sender is not None else ""
    others = [one.address for one in parsed.reply_to if one.domain != domain]
    return [f"The sender asks for answers to {', '.join(others[:5])} (Reply-To)."] if domain and others else []


def _unchecked(parsed: ParsedMail) -> list[str]:
    """What the desk leaves to the reader's own mail program."""
    if parsed.is_encrypted:
        return ["This mail is encrypted. Download it and open it in a mail program that has the key."]
    return ["This mail is signed. The signature was not checked."] if parsed.is_signed else []

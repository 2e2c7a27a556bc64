"""The mail that says that a message has come in, with the link by which it is followed up. It repeats nothing that was typed:
anybody may type anybody's address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.mail import EmailMessage
from django.urls import reverse

from accounts import mailing
from accounts.credentials import links
from accounts.models import QueuedMail, Workspace
from conversations.actions import automatic_mails as budget
from conversations.channels.email import automatic, ids, tokens
from conversations.forms import languages
from conversations.forms import tokens as form_tokens
from conversations.models import CallbackRequest, Conversation, Form, Handler, Mailbox, Message
from conversations.public import promises
from conversations.queries import mailboxes


def can_send(workspace: Workspace) -> bool:
    """Whether mail can leave the desk for this workspace, in its open scope."""
    return mailboxes.can_send()


def acknowledge(form: Form, conversation: Conversation, *, at: datetime) -> bool:
    """Queue the mail, if there is an address that may get one, and a way to send it."""
    address = conversation.contact.email
    if not address or not can_send(form.workspace) or not budget.may_send(address, at):
        return False
    budget.note_sent(form.workspace_id, address, "form", at)
    acknowledgements.queue({"conversation_id": conversation.pk, "form_id": form.pk})
    return True


@mailing.kind("form_acknowledgement")
def acknowledgements(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
    """Acknowledgements of what was sent with forms; none for what is gone or is spam by now."""
    ids_of = [row.about["conversation_id"] for row in rows]
    found = Conversation.objects.select_related("contact", "workspace").exclude(handler=Handler.NOBODY).in_bulk(ids_of)
    forms = Form.objects.in_bulk([row.about["form_id"] for row in rows])
    calls = {one.conversation_id: one for one in CallbackRequest.objects.filter(conversation__in=list(found.values()))}
    firsts = Message.objects.filter(conversation__in=list(found.values()))
    first = {one.conversation_id: one for one in firsts.order_by("conversation_id", "id").distinct("conversation_id")}
    mailbox = mailboxes.automatic()
    mails = {}
    for row in rows:
        conversation, form = found.get(row.about["conversation_id"]), forms.get(row.about["form_id"])
        if conversation is not None and form is not None and conversation.contact.email:
            mails[row.pk] = _mail(conversation, form, calls.get(conversation.pk), first.get(conversation.pk), mailbox)
    return mails


def _mail(
    conversation: Conversation,
    form: Form,
    call: CallbackRequest | None,
    first: Message | None,
    mailbox: Mailbox | None,
) -> EmailMessage:
    words = languages.words(form.language)
    link = links.public(reverse("follow-up", args=[form_tokens.of_conversation(conversation, form.language)]))
    days = form_tokens.FOLLOW_UP.days
    thanks = form.thanks.strip() or words[f"thanks_{form.kind}"]
    parts = [
        thanks,
        promises.promise(call, form.language) if call is not None else "",
        f"{words['mail_link'].format(days=days)}\n{link}",
        f"{words['mail_reply']}\n#{conversation.number} · {conversation.workspace.name}",
    ]
    subject = words["mail_subject_callback"] if form.kind == "callback" else words["mail_subject"]
    headers = {}
    if first is not None:
        headers["Message-ID"] = ids.message_id(first.public_id, automatic.sender_address(mailbox))
    if mailbox is not None and mailbox.plus_addressing:
        headers["Reply-To"] = tokens.address(mailbox.address, tokens.Kind.CONVERSATION, conversation.pk)
    return automatic.compose(
        mailbox,
        conversation.workspace,
        to=conversation.contact.email,
        subject=f"{subject} · {conversation.workspace.name} (#{conversation.number})",
        body="\n\n".join(part for part in parts if part) + "\n",
        submitted=automatic.REPLIED,
        headers=headers,
    )

"""Forwarding a message or a whole thread by mail: a conversation of its own with the recipient, named in both."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.core.files.base import File
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import clock
from accounts.errors import DomainError, Forbidden
from accounts.permissions import permit
from accounts.text import whole_number
from accounts.web.bodies import takes_files
from conversations import actions
from conversations.models import Attachment, Conversation, Mailbox, Message, MessageKind
from conversations.queries import conversations as queries
from conversations.queries import mails
from conversations.queries.thread import with_files
from conversations.screens import dates, errors
from conversations.screens.inbox import addressing, drafts
from conversations.screens.inbox.changes import noted
from conversations.screens.inbox.composing import UNDO, NewForm, typed
from conversations.screens.inbox.forms import UUIDsField
from conversations.screens.inbox.lists import listing
from conversations.screens.inbox.place import Place, frame
from conversations.screens.shell import DeskRequest, screen

MOST = 100
"""Messages of a thread that are forwarded at most, the last ones."""


class ForwardForm(NewForm):
    """A mail with what is forwarded; `chosen` are those of the thread that go along."""

    chosen = UUIDsField(required=False, widget=forms.MultipleHiddenInput)


@takes_files
@require_http_methods(["GET", "HEAD", "POST"])
@screen
def forward(request: DeskRequest, number: int) -> HttpResponse:
    """A form with what is forwarded as a quote: of one message, or of the whole thread. Sent, it leads back to the thread."""
    permit(request.actor, "conversation.reply")
    conversation = queries.by_number(number)
    facts = drafts.of_mail(request)
    kept = facts["own_drafts"].get("mail")
    chosen = whole_number(request.GET.get("message", "") or (kept.along.get("message", "") if kept else ""))
    entries = _entries(conversation, chosen)
    if request.method != "POST":
        subject = (
            conversation.subject if conversation.subject.lower().startswith("fwd:") else f"Fwd: {conversation.subject}"
        )
        given = typed(facts, {"subject": subject, "body": quote(conversation, entries)})
        return _page(request, conversation, chosen, entries, ForwardForm(initial=given), facts)
    form = ForwardForm(request.POST, request.FILES)
    is_valid = form.is_valid()
    facts = drafts.of_mail(request, form.cleaned_data.get("send_id"))
    if not is_valid:
        return _page(request, conversation, chosen, entries, form, facts, errors.of_form(form))
    try:
        made = _send(request, conversation, chosen, entries, form.cleaned_data)
    except Forbidden:
        raise
    except DomainError as error:
        return _page(request, conversation, chosen, entries, form, facts, errors.of_error(error))
    noted(request, number, text=_("Forwarded as #%(number)s.") % {"number": made.number})
    return redirect(f"{reverse('conversation', args=[request.workspace.slug, number])}?{Place.of(request).query}")


def quote(conversation: Conversation, entries: Sequence[Message]) -> str:
    """What is forwarded, as mails have it: who wrote it and when, then every line marked as quoted."""
    parts = []
    for entry in entries:
        who = entry.sender_name or entry.sender_email or conversation.contact.display_name
        head = f"{dates.moment(entry.created_at)}, {who}:"
        lines = "\n".join(f"> {line}".rstrip() for line in (entry.body or "").splitlines())
        parts.append(f"{head}\n{lines}" if lines else head)
    return "\n\n" + "\n\n".join(["---------- " + _("Forwarded message") + " ----------", *parts])


def _entries(conversation: Conversation, chosen: int | None) -> list[Message]:
    """The message that was chosen, or all messages of the thread; notes stay inside."""
    if chosen is not None:
        entry = queries.message(conversation, chosen)
        found = [entry] if entry.kind == MessageKind.MESSAGE else []
    else:
        found = list(queries.messages(conversation).reverse()[:MOST])[::-1]
    return with_files(found)


def _send(
    request: DeskRequest,
    conversation: Conversation,
    chosen: int | None,
    entries: Sequence[Message],
    given: dict[str, Any],
) -> Conversation:
    (email, name), *others = given["to"].items()
    cc, bcc = given["cc"] or [], given["bcc"] or []
    addressing.check([email, *(address for address, _name in others), *cc, *bcc])
    wanted = Attachment.objects.filter(public_id__in=given["chosen"], message__in=entries).order_by("pk")
    uploads = [File(one.file.open("rb").file, name=one.name) for one in wanted] if given["chosen"] else []
    box, at = _mailbox(conversation, given), clock.now()
    return actions.forward(
        conversation=conversation,
        message=entries[0] if chosen is not None and entries else None,
        email=email,
        name=name[:400],
        subject=given["subject"],
        body=given["body"],
        uploads=[*uploads, *given["uploads"]],
        draft_files=given["draft_file"],
        draft_before=given["draft_before"],
        mailbox=box,
        to=[address for address, _name in others],
        cc=[one for one in cc if one != email],
        bcc=bcc,
        send_after=at + timedelta(seconds=UNDO if box is None else box.undo_seconds),
        public_id=given["send_id"],
        by=request.actor,
        at=at,
    )


def _mailbox(conversation: Conversation, given: dict[str, Any]) -> Mailbox | None:
    boxes = mails.mailboxes()
    wanted = given["mailbox"]
    if wanted is None:
        return next((one for one in boxes if one.pk == conversation.mailbox_id), None) or mails.mailbox()
    return next((one for one in boxes if one.public_id == wanted), None) or mails.mailbox()


def _page(
    request: DeskRequest,
    conversation: Conversation,
    chosen: int | None,
    entries: Sequence[Message],
    form: ForwardForm,
    facts: dict[str, Any],
    fault: str = "",
) -> HttpResponse:
    place, boxes = Place.of(request), mails.mailboxes()
    own = next((one for one in boxes if one.pk == conversation.mailbox_id), boxes[0] if boxes else None)
    kept = facts["own_drafts"].get("mail")
    wanted = request.POST.getlist("chosen") if form.is_bound else kept.along.get("chosen", "").split() if kept else None
    facts = {
        **facts,
        **frame(request, place),
        **listing(request, place),
        "is_new": True,
        "form": form,
        "fault": fault,
        "mailboxes": boxes,
        "sender": addressing.named(own),
        "forwarded": conversation,
        "forwarded_message": chosen,
        "forwarded_files": [file for entry in entries for file in entry.files],  # type: ignore[attr-defined]
        "kept_files": {*wanted} if wanted is not None else None,
    }
    return render(request, "inbox/page.html", facts, status=422 if fault else 200)

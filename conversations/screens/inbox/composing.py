"""A new conversation, which an agent begins with a mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import clock
from accounts.errors import DomainError, Forbidden, NotFound
from accounts.permissions import permit
from accounts.web.bodies import takes_files
from conversations import actions
from conversations.models import Mailbox, Status
from conversations.queries import mails
from conversations.screens import errors, sentences
from conversations.screens.inbox import addressing
from conversations.screens.inbox.forms import NoteForm
from conversations.screens.inbox.lists import listing
from conversations.screens.inbox.place import Place, frame
from conversations.screens.shell import DeskRequest, remember, screen
from conversations.texts import recipients

UNDO = 10
"""Seconds in which a mail can be taken back where no mailbox says otherwise."""


class NewForm(NoteForm):
    """A mail that begins a conversation: the first recipient is its customer."""

    to = forms.CharField(required=False)
    cc = addressing.AddressesField()
    bcc = addressing.AddressesField()
    subject = forms.CharField(required=False)
    mailbox = forms.UUIDField(required=False)
    then = forms.ChoiceField(choices=[(Status.RESOLVED, "")], required=False)

    def clean_to(self) -> dict[str, str]:
        try:
            found = recipients.people(str(self.cleaned_data["to"]))
        except ValueError as error:
            raise forms.ValidationError(sentences.translated(str(error))) from error
        if not found:
            raise forms.ValidationError(_("Add a recipient."))
        return found

    def clean_subject(self) -> str:
        subject = " ".join(str(self.cleaned_data["subject"]).split())
        if not subject:
            raise forms.ValidationError(_("Add a subject."))
        return subject


@takes_files
@require_http_methods(["GET", "HEAD", "POST"])
@screen
def new(request: DeskRequest) -> HttpResponse:
    """A form for a first mail; sent, it leads to the conversation."""
    permit(request.actor, "conversation.reply")
    if request.method != "POST":
        remember(request)
        return _page(request, NewForm(initial={"to": request.GET.get("to", "")[: recipients.LONGEST]}))
    form = NewForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, errors.of_form(form))
    try:
        number = _send(request, form.cleaned_data)
    except Forbidden:
        raise
    except DomainError as error:
        return _page(request, form, errors.of_error(error))
    place = Place.of(request)
    return redirect(f"{reverse('conversation', args=[request.workspace.slug, number])}?{place.query}")


def _send(request: DeskRequest, given: dict[str, Any]) -> int:
    """Send what a form holds; gives the number of the conversation."""
    (email, name), *others = given["to"].items()
    cc, bcc = given["cc"] or [], given["bcc"] or []
    addressing.check([email, *(address for address, _ in others), *cc, *bcc])
    box, at = _mailbox(given["mailbox"]), clock.now()
    sent = actions.compose(
        workspace=request.workspace,
        email=email,
        name=name[:400],
        subject=given["subject"],
        body=given["body"],
        uploads=given["uploads"],
        mailbox=box,
        to=[address for address, _ in others],
        cc=[one for one in cc if one != email],
        bcc=bcc,
        then=given["then"],
        send_after=at + timedelta(seconds=UNDO if box is None else box.undo_seconds),
        public_id=given["send_id"],
        by=request.actor,
        at=at,
    )
    return sent.conversation.number


def _mailbox(public_id: UUID | None) -> Mailbox | None:
    try:
        return mails.mailbox(public_id)
    except NotFound:
        return mails.mailbox()


def _page(request: DeskRequest, form: NewForm, fault: str = "") -> HttpResponse:
    place, boxes = Place.of(request), mails.mailboxes()
    facts = {
        **frame(request, place),
        **listing(request, place),
        "is_new": True,
        "form": form,
        "fault": fault,
        "mailboxes": boxes,
        "sender": addressing.named(boxes[0] if boxes else None),
    }
    return render(request, "inbox/page.html", facts, status=422 if fault else 200)


@require_GET
@screen
def known(request: DeskRequest) -> HttpResponse:
    """The customers that may be meant by what is typed into a field of recipients, as choices that keep what is before it."""
    permit(request.actor, "conversation.read")
    typed = request.GET.get("to", "")[: recipients.LONGEST]
    before, comma, last = typed.rpartition(",")
    start = f"{before.strip()}, " if comma else ""
    choices = [f"{start}{recipients.person(name, email)}" for name, email in mails.people(last)]
    return render(request, "inbox/known.html", {"choices": choices})

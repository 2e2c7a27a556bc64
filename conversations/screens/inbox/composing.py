"""A new conversation, which an agent begins with a mail, or records of a call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import clock
from accounts import queries as people
from accounts.errors import DomainError, Forbidden, NotFound
from accounts.models import User
from accounts.permissions import permit
from accounts.web.bodies import takes_files
from conversations import actions
from conversations.models import Channel, Mailbox, Status
from conversations.queries import mails
from conversations.screens import errors, sentences
from conversations.screens.inbox import addressing, drafts
from conversations.screens.inbox.forms import NoteForm, named
from conversations.screens.inbox.lists import listing
from conversations.screens.inbox.place import Place, frame
from conversations.screens.shell import DeskRequest, remember, screen
from conversations.texts import recipients
from tickets import tags

UNDO = 10
"""Seconds in which a mail can be taken back where no mailbox says otherwise."""


class NewForm(NoteForm):
    """A mail that begins a conversation: the first recipient is its customer."""

    to = forms.CharField(required=False)
    cc = addressing.AddressesField()
    bcc = addressing.AddressesField()
    subject = forms.CharField(required=False)
    mailbox = forms.UUIDField(required=False)
    draft_before = forms.UUIDField(required=False)
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


class RecordForm(NoteForm):
    """A call or a visit of a customer: who it was, what it is about, and who goes on with it."""

    to = forms.CharField(required=False)
    phone = forms.CharField(required=False, max_length=100)
    subject = forms.CharField(required=False)
    written = forms.ChoiceField(choices=[("customer", ""), ("note", "")], required=False)
    assignee = forms.CharField(required=False)
    tags = forms.CharField(required=False, max_length=24_000, strip=False)

    clean_subject = NewForm.clean_subject

    def clean_to(self) -> tuple[str | None, str]:
        """The email and the name."""
        typed = " ".join(str(self.cleaned_data["to"]).split())
        if "@" not in typed:
            return None, typed[:400]
        try:
            found = recipients.people(typed)
        except ValueError as error:
            raise forms.ValidationError(sentences.translated(str(error))) from error
        if len(found) != 1:
            raise forms.ValidationError(_("Enter one customer."))
        [(email, name)] = found.items()
        return email, name[:400]

    def clean_assignee(self) -> User | None:
        return named(
            str(self.cleaned_data["assignee"]),
            people.assignable(),
            _("Conversations can't be assigned to this person."),
        )


@takes_files
@require_http_methods(["GET", "HEAD", "POST"])
@screen
def new(request: DeskRequest) -> HttpResponse:
    """A form for a first mail, or to record a call; sent, it leads to the conversation."""
    permit(request.actor, "conversation.reply")
    if request.method != "POST":
        remember(request)
        facts = drafts.of_mail(request)
        draft = facts["own_drafts"].get("mail")
        begun = draft.along.get("channel") if draft is not None else request.GET.get("begin")
        if begun == Channel.MANUAL:
            given = typed(facts, {"to": request.GET.get("to", "")[: recipients.LONGEST], "assignee": request.user.pk})
            return _page(request, RecordForm(initial=given), facts)
        return _page(
            request, NewForm(initial=typed(facts, {"to": request.GET.get("to", "")[: recipients.LONGEST]})), facts
        )
    form: NewForm | RecordForm
    if request.POST.get("channel") == Channel.MANUAL:
        form, send = RecordForm(request.POST, request.FILES), _record
    else:
        form, send = NewForm(request.POST, request.FILES), _send
    if not form.is_valid():
        return _page(request, form, drafts.of_mail(request, form.cleaned_data.get("send_id")), errors.of_form(form))
    try:
        number = send(request, form.cleaned_data)
    except Forbidden:
        raise
    except DomainError as error:
        return _page(request, form, drafts.of_mail(request, form.cleaned_data["send_id"]), errors.of_error(error))
    place = Place.of(request)
    return redirect(f"{reverse('conversation', args=[request.workspace.slug, number])}?{place.query}")


def _send(request: DeskRequest, given: dict[str, Any]) -> int:
    """Send what a form holds; gives the number of the conversation."""
    (email, name), *others = given["to"].items()
    cc, bcc = given["cc"] or [], given["bcc"] or []
    addressing.check([email, *(address for address, _name in others), *cc, *bcc])
    box, at = _mailbox(given["mailbox"]), clock.now()
    sent = actions.compose(
        workspace=request.workspace,
        email=email,
        name=name[:400],
        subject=given["subject"],
        body=given["body"],
        uploads=given["uploads"],
        draft_files=given["draft_file"],
        draft_before=given["draft_before"],
        mailbox=box,
        to=[address for address, _name in others],
        cc=[one for one in cc if one != email],
        bcc=bcc,
        then=given["then"],
        send_after=at + timedelta(seconds=UNDO if box is None else box.undo_seconds),
        public_id=given["send_id"],
        by=request.actor,
        at=at,
    )
    return sent.conversation.number


def _record(request: DeskRequest, given: dict[str, Any]) -> int:
    """Record what a form holds; gives the number of the conversation."""
    email, name = given["to"]
    if email is not None:
        addressing.check([email])
    made = actions.record_conversation(
        workspace=request.workspace,
        email=email,
        name=name,
        phone=given["phone"],
        subject=given["subject"],
        body=given["body"],
        is_note=given["written"] == "note",
        uploads=given["uploads"],
        draft_files=given["draft_file"],
        mailbox=mails.mailbox(),
        assignee=given["assignee"],
        tags=tags.parsed(given["tags"], []),
        public_id=given["send_id"] or uuid4(),
        by=request.actor,
        at=clock.now(),
    )
    return made.number


def _mailbox(public_id: UUID | None) -> Mailbox | None:
    try:
        return mails.mailbox(public_id)
    except NotFound:
        return mails.mailbox()


def typed(facts: dict[str, Any], otherwise: dict[str, Any]) -> dict[str, Any]:
    """What a form begins with: the fields of its draft, or those given."""
    row = facts["own_drafts"].get("mail")
    found = {**otherwise, **row.along, "body": row.body} if row is not None else otherwise
    return {**found, "send_id": facts["draft_id"]}


def _page(request: DeskRequest, form: NewForm | RecordForm, facts: dict[str, Any], fault: str = "") -> HttpResponse:
    place, boxes = Place.of(request), mails.mailboxes()
    facts = {
        **facts,
        **frame(request, place),
        **listing(request, place),
        "is_new": True,
        "is_record": isinstance(form, RecordForm),
        "agents": people.assignable() if isinstance(form, RecordForm) else (),
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

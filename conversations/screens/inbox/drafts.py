"""Drafts of the composer: kept while they are written, shown to the team, and never sent from here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import orjson
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts import clock
from accounts.errors import Conflict, DomainError, Forbidden, NotFound
from accounts.permissions import permit
from accounts.text import uuid_or_none, whole_number
from accounts.web.bodies import takes_files
from conversations import actions, presence
from conversations.actions.drafts import ALONG, MAIL_ALONG
from conversations.actions.files import MAX_FILES
from conversations.models import Conversation, Draft, DraftFile, DraftKind
from conversations.queries import conversations as queries
from conversations.queries import drafts as draft_queries
from conversations.queries import outbox as outbox_queries
from conversations.screens import errors
from conversations.screens.formatting import rich
from conversations.screens.inbox import addressing
from conversations.screens.inbox.place import Place
from conversations.screens.shell import DeskRequest, is_fragment, remember, screen, shell

EVERY_NTH = 3
"""Of the saves of one who goes on writing, one in so many notifies the other pages."""


class UUIDsField(forms.Field):
    """Ids, separated by spaces."""

    def clean(self, value: Any) -> list[Any]:
        field = forms.UUIDField()
        return [field.clean(one) for one in str(value or "").split()]


@dataclass(frozen=True, slots=True)
class Where:
    """Whose draft it is: that of a conversation, or the mail of an id, with the conversation that it forwards."""

    conversation: Conversation | None
    key: UUID | None = None

    @property
    def of(self) -> dict[str, Any]:
        """What verbs take."""
        return {"conversation": self.conversation, "key": self.key}

    def url(self, request: DeskRequest) -> str:
        """The page that shows it."""
        slug, place = request.workspace.slug, Place.of(request).query
        if self.conversation is None:
            return f"{reverse('new-conversation', args=[slug])}?{place}&draft={self.key}"
        if self.key is None:
            return f"{reverse('conversation', args=[slug, self.conversation.number])}?{place}"
        return f"{reverse('forward', args=[slug, self.conversation.number])}?{place}&draft={self.key}"

    def changed(self, request: DeskRequest, mode: str, *, version: int, tab: str = "") -> None:
        """Notify the other pages of the conversation; a mail is in none."""
        if self.conversation is not None and self.key is None:
            presence.draft_changed(self.conversation, request.user, mode, version=version, tab=tab)


class DraftForm(forms.Form):
    """What the composer holds: `base`, or `draft_version` without script, is the version that it goes on from, `removed` are files that it no longer has."""

    mode = forms.ChoiceField(choices=DraftKind.choices)
    body = forms.CharField(required=False, strip=False)
    base = forms.IntegerField(required=False, min_value=0)
    draft_version = forms.IntegerField(required=False, min_value=0)
    tab = forms.CharField(required=False, max_length=36)
    seq = forms.IntegerField(required=False, min_value=0, max_value=2**53)
    send_id = forms.UUIDField(required=False)
    removed = UUIDsField(required=False)

    def clean_body(self) -> str:
        return str(self.cleaned_data["body"]).replace("\r\n", "\n")  # as in a reply


class UploadForm(forms.Form):
    """One file, with the id that it is going to have."""

    mode = forms.ChoiceField(choices=DraftKind.choices)
    id = forms.UUIDField()
    file = forms.FileField(allow_empty_file=True)
    tab = forms.CharField(required=False, max_length=36)


class ModeForm(forms.Form):
    mode = forms.ChoiceField(choices=DraftKind.choices)


@dataclass(frozen=True, slots=True)
class Shown:
    """A draft of a colleague."""

    row: Draft

    @property
    def who(self) -> str:
        return self.row.user.name or self.row.user.email

    @property
    def is_note(self) -> bool:
        return self.row.kind == DraftKind.NOTE

    @property
    def files(self) -> Sequence[DraftFile]:
        return list(self.row.files.all())


def facts(request: DeskRequest, conversation: Conversation) -> dict[str, Any]:
    """The context of the composer's own drafts, by kind, with the recipients' line, and of those of colleagues."""
    found = draft_queries.of(conversation)
    own = {row.kind: row for row in found if row.user_id == request.user.pk}
    reply = own.get(DraftKind.REPLY)
    return {
        **addressing.facts(conversation, draft=reply.along if reply is not None else None),
        "own_drafts": own,
        "colleague_drafts": [Shown(row) for row in found if row.user_id != request.user.pk],
        "now": clock.now(),
        "most_files": MAX_FILES,
        "largest_file": settings.UPLOAD_LIMIT,
    }


@require_POST
@screen
def save(request: DeskRequest, number: int) -> HttpResponse:
    """Keep what is in a box of the composer; the answer has its version, or what another page has saved meanwhile."""
    return _save(request, Where(queries.by_number(number)))


def _save(request: DeskRequest, where: Where) -> HttpResponse:
    form = DraftForm(request.POST)
    if not form.is_valid():
        return _refused(request, where, errors.of_form(form))
    given = form.cleaned_data
    mode, tab = given["mode"], given["tab"]
    along = {name: request.POST[name] for name in (MAIL_ALONG if where.key else ALONG) if name in request.POST}
    try:
        row = actions.save_draft(
            **where.of,
            kind=mode,
            body=given["body"],
            along=along,
            removed=given["removed"],
            base=given["base"] or given["draft_version"] or 0,
            tab=tab,
            seq=given["seq"] or 0,
            send_id=given["send_id"],
            by=request.actor,
            at=clock.now(),
        )
    except (NotFound, Forbidden):
        raise
    except Conflict as error:
        return _json({"fault": errors.of_error(error), **_as_json(_own(request, where, mode))}, status=409)
    except DomainError as error:
        return _refused(request, where, errors.of_error(error))
    version = row.version if row is not None else 0
    if version <= 1 or version % EVERY_NTH == 0 or "final" in request.POST:
        where.changed(request, mode, version=version, tab=tab)
    if not is_fragment(request):
        messages.success(request, _("Draft saved."))
        return redirect(where.url(request))
    return _json({"version": version})


@takes_files
@require_POST
@screen
def upload(request: DeskRequest, number: int) -> HttpResponse:
    """Keep a file with the draft, so that it is uploaded once."""
    return _upload(request, Where(queries.by_number(number)))


def _upload(request: DeskRequest, where: Where) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refused(request, where, errors.of_form(form))
    given = form.cleaned_data
    try:
        row = actions.attach_to_draft(
            **where.of,
            kind=given["mode"],
            upload=given["file"],
            public_id=given["id"],
            tab=given["tab"],
            by=request.actor,
            at=clock.now(),
        )
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        return _refused(request, where, errors.of_error(error))
    where.changed(request, given["mode"], version=row.draft.version, tab=given["tab"])
    return _json({"name": row.name, "size": row.size, "version": row.draft.version})


@require_POST
@screen
def discard(request: DeskRequest, number: int) -> HttpResponse:
    """Throw the draft away; it can be restored for a while."""
    return _brought(request, Where(queries.by_number(number)), is_back=False)


@require_POST
@screen
def restore(request: DeskRequest, number: int) -> HttpResponse:
    """Bring a discarded draft back."""
    return _brought(request, Where(queries.by_number(number)), is_back=True)


def _brought(request: DeskRequest, where: Where, *, is_back: bool) -> HttpResponse:
    form = ModeForm(request.POST)
    if not form.is_valid():
        return _refused(request, where, errors.of_form(form))
    mode = form.cleaned_data["mode"]
    verb = actions.restore_draft if is_back else actions.discard_draft
    row = verb(**where.of, kind=mode, by=request.actor, at=clock.now())
    is_there = row is not None and row.discarded_at is None
    where.changed(request, mode, version=row.version if row and is_there else 0)
    if not is_fragment(request):
        messages.success(request, _("Draft restored.") if is_back else _("Draft discarded."))
        return redirect(where.url(request))
    return _json(_as_json(row if is_there else None))


@require_GET
@screen
def own(request: DeskRequest, number: int) -> HttpResponse:
    """The member's own draft of a kind, for a page that another one has overtaken."""
    permit(request.actor, "conversation.read")
    where, form = Where(queries.by_number(number)), ModeForm(request.GET)
    return _json(_as_json(_own(request, where, form.cleaned_data["mode"]) if form.is_valid() else None))


def mail(change: str) -> Callable[..., HttpResponseBase]:
    """The view that saves, uploads to, reads, discards or restores the draft of a mail. `forwards` is what it forwards."""

    @require_GET if change == "own" else require_POST
    @screen
    def view(request: DeskRequest, key: UUID) -> HttpResponse:
        permit(request.actor, "conversation.reply")
        number = whole_number(request.POST.get("forwards", ""))
        where = Where(queries.by_number(number) if number is not None else None, key)
        if change == "own":
            return _json(_as_json(_own(request, where, DraftKind.MAIL)))
        if change in ("discard", "restore"):
            return _brought(request, where, is_back=change == "restore")
        return _upload(request, where) if change == "upload" else _save(request, where)

    return takes_files(view) if change == "upload" else view


def of_mail(request: DeskRequest, send_id: UUID | None = None) -> dict[str, Any]:
    """The context of a mail that is written: the id under which it is sent, its draft, and whether that was discarded.

    The id is that of the form, or of the address; one under which a mail was sent already, or taken back, is not used again:
    a draft that has it, `draft_before`, goes on under another.
    """
    key = send_id or uuid_or_none(request.GET.get("draft", ""))
    row, is_discarded = (draft_queries.mail(key, request.user) if key is not None else None), False
    if key is not None and row is None and send_id is None:
        is_discarded = draft_queries.is_discarded(key, request.user)
        if key.version != 4:
            key = None
    before = uuid_or_none(request.POST.get("draft_before", ""))
    if key is not None and outbox_queries.is_sent(key):
        before, key = (key if row is not None else before), None
    if row is None and before is not None:
        row = draft_queries.mail(before, request.user)
    return {
        "draft_id": key or uuid4(),
        "draft_before": before if row is not None and row.public_id == before else None,
        "own_drafts": {"mail": row} if row is not None else {},
        "is_discarded": is_discarded,
        "has_drafts": draft_queries.has_mails(request.user),
        "most_files": MAX_FILES,
        "largest_file": settings.UPLOAD_LIMIT,
    }


@require_safe
@screen
def mine(request: DeskRequest) -> HttpResponse:
    """What the member has written and not sent, the latest first."""
    permit(request.actor, "conversation.reply")
    remember(request)
    return render(
        request, "inbox/drafts.html", {**shell(request, "inbox"), "rows": draft_queries.of_member(request.user)}
    )


@require_GET
@screen
def colleagues(request: DeskRequest, number: int) -> HttpResponse:
    """What colleagues have written in the conversation and not sent, to read."""
    permit(request.actor, "conversation.read")
    found = facts(request, queries.by_number(number))
    return render(request, "inbox/composer/colleagues.html", found)


@require_POST
@screen
def preview(request: DeskRequest, number: int) -> HttpResponse:
    """What is written, as the customer gets it."""
    permit(request.actor, "conversation.reply")
    queries.by_number(number)
    return HttpResponse(rich(request.POST.get("body", "").replace("\x00", "")))


@require_POST
@screen
def preview_new(request: DeskRequest) -> HttpResponse:
    """What is written in a new mail, as its recipient gets it."""
    permit(request.actor, "conversation.reply")
    return HttpResponse(rich(request.POST.get("body", "").replace("\x00", "")))


def _own(request: DeskRequest, where: Where, mode: str) -> Draft | None:
    if where.key is not None:
        return draft_queries.mail(where.key, request.user)
    assert where.conversation is not None
    return draft_queries.own(where.conversation, request.user, mode)


def _as_json(row: Draft | None) -> dict[str, Any]:
    if row is None:
        return {"version": 0, "body": "", "along": {}, "files": []}
    files = [{"id": str(one.public_id), "name": one.name, "size": one.size} for one in row.files.all()]
    return {"version": row.version, "body": row.body, "along": row.along, "files": files}


def _json(value: dict[str, Any], status: int = 200) -> HttpResponse:
    return HttpResponse(orjson.dumps(value), content_type="application/json", status=status)


def _refused(request: DeskRequest, where: Where, fault: str) -> HttpResponse:
    if is_fragment(request):
        return _json({"fault": fault}, status=422)
    messages.error(request, fault)
    return redirect(where.url(request))

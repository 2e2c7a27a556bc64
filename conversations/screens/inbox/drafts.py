"""Drafts of the composer: kept while they are written, shown to the team, and never sent from here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import clock
from accounts.errors import Conflict, DomainError, Forbidden, NotFound
from accounts.permissions import permit
from accounts.web.bodies import takes_files
from conversations import actions, presence
from conversations.actions.drafts import ALONG
from conversations.actions.files import MAX_FILES
from conversations.models import Conversation, Draft, DraftFile, DraftKind
from conversations.queries import conversations as queries
from conversations.queries import drafts as draft_queries
from conversations.screens import errors
from conversations.screens.formatting import rich
from conversations.screens.inbox import addressing
from conversations.screens.inbox.place import Place
from conversations.screens.shell import DeskRequest, is_fragment, screen

EVERY_NTH = 3
"""Of the saves of one who goes on writing, one in so many notifies the other pages."""


class UUIDsField(forms.Field):
    """Ids, separated by spaces."""

    def clean(self, value: Any) -> list[Any]:
        field = forms.UUIDField()
        return [field.clean(one) for one in str(value or "").split()]


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
    conversation, form = queries.by_number(number), DraftForm(request.POST)
    if not form.is_valid():
        return _refused(request, number, errors.of_form(form))
    given = form.cleaned_data
    mode, tab = given["mode"], given["tab"]
    along = {name: request.POST[name] for name in ALONG if name in request.POST}
    try:
        row = actions.save_draft(
            conversation=conversation,
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
        return _json({"fault": errors.of_error(error), **_as_json(_own(request, conversation, mode))}, status=409)
    except DomainError as error:
        return _refused(request, number, errors.of_error(error))
    version = row.version if row is not None else 0
    if version <= 1 or version % EVERY_NTH == 0 or "final" in request.POST:
        presence.draft_changed(conversation, request.user, mode, version=version, tab=tab)
    if not is_fragment(request):
        messages.success(request, _("Draft saved."))
        return redirect(f"{reverse('conversation', args=[request.workspace.slug, number])}?{Place.of(request).query}")
    return _json({"version": version})


@takes_files
@require_POST
@screen
def upload(request: DeskRequest, number: int) -> HttpResponse:
    """Keep a file with the draft, so that it is uploaded once."""
    conversation, form = queries.by_number(number), UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refused(request, number, errors.of_form(form))
    given = form.cleaned_data
    try:
        row = actions.attach_to_draft(
            conversation=conversation,
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
        return _refused(request, number, errors.of_error(error))
    presence.draft_changed(conversation, request.user, given["mode"], version=row.draft.version, tab=given["tab"])
    return _json({"name": row.name, "size": row.size, "version": row.draft.version})


@require_POST
@screen
def discard(request: DeskRequest, number: int) -> HttpResponse:
    """Throw the draft away; it can be restored for a while."""
    return _brought(request, number, is_back=False)


@require_POST
@screen
def restore(request: DeskRequest, number: int) -> HttpResponse:
    """Bring a discarded draft back."""
    return _brought(request, number, is_back=True)


def _brought(request: DeskRequest, number: int, *, is_back: bool) -> HttpResponse:
    conversation, form = queries.by_number(number), ModeForm(request.POST)
    if not form.is_valid():
        return _refused(request, number, errors.of_form(form))
    mode = form.cleaned_data["mode"]
    verb = actions.restore_draft if is_back else actions.discard_draft
    row = verb(conversation=conversation, kind=mode, by=request.actor, at=clock.now())
    is_there = row is not None and row.discarded_at is None
    presence.draft_changed(conversation, request.user, mode, version=row.version if row and is_there else 0)
    if not is_fragment(request):
        messages.success(request, _("Draft restored.") if is_back else _("Draft discarded."))
        return redirect(f"{reverse('conversation', args=[request.workspace.slug, number])}?{Place.of(request).query}")
    return _json(_as_json(row if is_there else None))


@require_GET
@screen
def own(request: DeskRequest, number: int) -> HttpResponse:
    """The member's own draft of a kind, for a page that another one has overtaken."""
    permit(request.actor, "conversation.read")
    conversation, form = queries.by_number(number), ModeForm(request.GET)
    return _json(_as_json(_own(request, conversation, form.cleaned_data["mode"]) if form.is_valid() else None))


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


def _own(request: DeskRequest, conversation: Conversation, mode: str) -> Draft | None:
    return draft_queries.own(conversation, request.user, mode)


def _as_json(row: Draft | None) -> dict[str, Any]:
    if row is None:
        return {"version": 0, "body": "", "along": {}, "files": []}
    files = [{"id": str(one.public_id), "name": one.name, "size": one.size} for one in row.files.all()]
    return {"version": row.version, "body": row.body, "along": row.along, "files": files}


def _json(value: dict[str, Any], status: int = 200) -> HttpResponse:
    return HttpResponse(orjson.dumps(value), content_type="application/json", status=status)


def _refused(request: DeskRequest, number: int, fault: str) -> HttpResponse:
    if is_fragment(request):
        return _json({"fault": fault}, status=422)
    messages.error(request, fault)
    return redirect(reverse("conversation", args=[request.workspace.slug, number]))

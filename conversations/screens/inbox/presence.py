"""Who is in which conversation: what pages say of themselves, and what they ask of the others."""

from __future__ import annotations

from typing import Any

import orjson
from django import forms
from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_POST

from accounts import clock
from accounts.permissions import may, permit
from accounts.text import whole_number
from conversations import presence
from conversations.models import Conversation, DraftKind
from conversations.queries import conversations as queries
from conversations.screens.shell import DeskRequest, screen

MOST_ROWS = 200
"""Of how many conversations a page may ask at once."""


class SignForm(forms.Form):
    """`writes` is what is being typed; `state` ends it: `gone`, or `still` for one who has stopped writing."""

    writes = forms.ChoiceField(choices=DraftKind.choices, required=False)
    state = forms.ChoiceField(choices=[("gone", ""), ("still", "")], required=False)


@require_POST
@screen
def sign(request: DeskRequest, number: int) -> HttpResponse:
    """A page has the conversation open, is being written in, or was closed."""
    permit(request.actor, "conversation.read")
    conversation, form = queries.by_number(number), SignForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    state, writes = form.cleaned_data["state"], form.cleaned_data["writes"]
    if state == "gone":
        presence.left(conversation, request.user)
    elif state == "still":
        presence.stopped_writing(conversation, request.user)
    else:
        is_writer = writes and may(request.actor, f"conversation.{writes}")
        presence.seen(conversation, request.user, writes=writes if is_writer else "", at=clock.now())
    return HttpResponse(status=204)


@require_GET
@screen
def people(request: DeskRequest) -> HttpResponse:
    """Who is in the conversations named by `id`, and whose drafts there are, as far as the member sees them."""
    permit(request.actor, "conversation.read")
    ids = [pk for given in request.GET.getlist("id")[:MOST_ROWS] if (pk := whole_number(given)) is not None]
    seen = list(Conversation.objects.filter(pk__in=ids).order_by("pk").values_list("pk", flat=True)) if ids else []
    found: dict[str, Any] = {str(pk): {"people": [], "drafts": []} for pk in seen}
    if seen:
        for pk, inside in presence.people(seen, at=clock.now()).items():
            found[str(pk)]["people"] = [
                {"user": one.user_id, "name": one.name, "state": one.state}
                for one in inside
                if one.user_id != request.user.pk
            ]
        for pk, drafts in presence.drafts(seen).items():
            found[str(pk)]["drafts"] = [
                {"user": user_id, "name": name, "kind": kind}
                for user_id, name, kind in drafts
                if user_id != request.user.pk
            ]
    return HttpResponse(orjson.dumps(found), content_type="application/json")

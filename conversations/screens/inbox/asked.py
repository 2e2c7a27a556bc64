"""What the details show of what a customer asked for beside their messages: a call, a form's questions, and what came before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import clock
from conversations.models import CallbackRequest, Channel, Conversation, Status
from conversations.screens.calls import Call

CHANNELS = frozenset({Channel.CALLBACK, Channel.FORM})
_SHOWN = {"form": _("Form"), "page": _("Page"), "phone": _("Phone")}


def facts(conversation: Conversation) -> dict[str, Any]:
    """The context."""
    found: dict[str, Any] = {}
    if conversation.channel == Channel.CALLBACK:
        row = CallbackRequest.objects.select_related("done_by").filter(conversation=conversation).first()
        found["call"] = Call(row, clock.now()) if row is not None else None
    if conversation.channel in CHANNELS:
        found["asked"] = _answers(conversation.metadata, with_phone=not found.get("call"))
    if conversation.follows_id is not None:
        found["before"] = Conversation.objects.only("number", "subject").filter(pk=conversation.follows_id).first()
    if conversation.status == Status.CLOSED:
        rows = Conversation.objects.only("number", "subject").filter(follows=conversation)
        found["after"] = rows.order_by("-id").first()
    return found


def _answers(metadata: Mapping[str, Any], *, with_phone: bool) -> list[tuple[str, str]]:
    """A form's own questions with their answers, and where it was. API callers may have put anything there."""
    shown = [name for name in _SHOWN if (with_phone or name != "phone") and isinstance(metadata.get(name), str)]
    found = [(str(_SHOWN[name]), str(metadata[name])) for name in shown]
    answers = metadata.get("answers")
    if isinstance(answers, Mapping):
        found += [(str(question), str(answer)) for question, answer in answers.items()]
    if isinstance(consent := metadata.get("consent"), Mapping):
        found.append((gettext("Consent"), str(consent.get("text", ""))))
    return found

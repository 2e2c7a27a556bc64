"""Files of messages, by addresses that are signed for a session and soon over: the frame shows pictures without a header."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.core import signing
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts import clock, tenancy
from conversations.api import downloads
from conversations.channels.chat import pages
from conversations.chat import queries
from conversations.models import Attachment, ChatSession, Widget

HOUR = 3600
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
"""Types that browsers show and that run nothing; the desk has seen them in the file itself."""
_SALT = "conversations.channels.chat.files"


def shape(widget: Widget, session: ChatSession, file: Attachment) -> dict[str, Any]:
    """A file as the frame shows it."""
    return {
        "id": str(file.public_id),
        "name": file.name,
        "size": file.size,
        "type": file.content_type,
        "url": reverse("chat-file", args=[widget.key, token(session, file, clock.now())]),
        "is_image": file.content_type in PICTURES,
    }


def token(session: ChatSession, file: Attachment, at: datetime) -> str:
    """It lasts for one to two hours, and is the same for an hour, so that a picture is fetched once."""
    until = (int(at.timestamp()) // HOUR + 2) * HOUR
    return signing.dumps([session.pk, file.public_id.hex, until], salt=_SALT, compress=False)


@require_safe
@pages.counted
def file(request: HttpRequest, key: str, token: str) -> HttpResponseBase:
    """A file that the visitor of a session may see: a picture is shown, all else is a download in which nothing can run."""
    widget = pages.find(key)
    with tenancy.scope(widget.workspace):
        attachment = _found(widget, token)
        is_picture = attachment.content_type in PICTURES
        response = downloads.sent(
            attachment,
            content_type=attachment.content_type if is_picture else "application/octet-stream",
            as_attachment=not is_picture,
        )
    response["Cache-Control"] = f"private, max-age={HOUR}"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _found(widget: Widget, token: str) -> Attachment:
    missing = Http404("no such file")
    try:
        session_id, name, until = signing.loads(token, salt=_SALT)
        public_id = uuid.UUID(name)
        is_over = clock.now().timestamp() >= until
    except (signing.BadSignature, ValueError, TypeError, AttributeError) as error:
        raise missing from error
    rows = ChatSession.objects.filter(pk=session_id, widget=widget, ended_at=None)
    session = rows.select_related("contact").first()
    found = Attachment.objects.select_related("message__conversation").filter(public_id=public_id).first()
    if is_over or session is None or found is None:
        raise missing
    conversation = found.message.conversation
    is_theirs = queries.conversations_of(session).filter(pk=conversation.pk).exists()
    if not is_theirs or not queries.shown(conversation).filter(pk=found.message_id).exists():
        raise missing
    return found

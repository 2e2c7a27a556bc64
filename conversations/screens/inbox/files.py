"""Attachments of messages, sent as downloads; verified images are shown."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, Http404
from django.views.decorators.http import require_GET

from accounts.permissions import permit
from conversations.queries import conversations as queries
from conversations.screens.shell import DeskRequest, screen

SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Image types. The type was verified from the file's bytes when it was stored."""


@require_GET
@screen
def download(request: DeskRequest, public_id: UUID) -> FileResponse:
    """The file's bytes, in a response in which nothing can run."""
    permit(request.actor, "conversation.read")
    attachment = queries.attachment(public_id)
    is_shown = attachment.content_type in SHOWN
    try:
        content = attachment.file.open("rb")
    except FileNotFoundError as error:
        raise Http404("this file no longer exists") from error
    response = FileResponse(
        content,
        as_attachment=not is_shown,
        filename=attachment.name,
        content_type=attachment.content_type if is_shown else "application/octet-stream",
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response

"""Attachments of messages, sent as downloads; verified images are shown."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, Http404
from django.views.decorators.http import require_GET

from accounts.permissions import permit
from conversations.models import Attachment
from conversations.queries import conversations as queries
from conversations.screens.shell import DeskRequest, screen

PIECE = 64 * 1024  # bytes that are read at once
SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Image types. The type was verified from the file's bytes when it was stored."""


@require_GET
@screen
def download(request: DeskRequest, public_id: UUID) -> FileResponse:
    """The file's bytes, in a response in which nothing can run."""
    permit(request.actor, "conversation.read")
    attachment = queries.attachment(public_id)
    is_shown = attachment.content_type in SHOWN
    return sent(
        attachment,
        content_type=attachment.content_type if is_shown else "application/octet-stream",
        as_attachment=not is_shown,
    )


def sent(attachment: Attachment, *, content_type: str, as_attachment: bool) -> FileResponse:
    """A file on its way, passed on by the desk wherever it is stored. The caller has checked who asks. Raises Http404.

    Never a link to the storage: that would hold for everybody who has it, and carries none of these headers.
    """
    try:
        content = attachment.file.open("rb")
    except FileNotFoundError as error:
        raise Http404("this file no longer exists") from error
    response = FileResponse(content, as_attachment=as_attachment, filename=attachment.name, content_type=content_type)
    response.block_size = PIECE
    response["Content-Length"] = str(content.file.size)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response

"""Attachments of messages, sent as downloads; verified images are shown."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse
from django.views.decorators.http import require_GET

from accounts.permissions import permit
from conversations.api.downloads import sent
from conversations.queries import conversations as queries
from conversations.screens import filetypes
from conversations.screens.shell import DeskRequest, screen


@require_GET
@screen
def download(request: DeskRequest, public_id: UUID) -> FileResponse:
    """The file's bytes, in a response in which nothing can run."""
    permit(request.actor, "conversation.read")
    attachment = queries.file(public_id, request.user)
    is_shown = attachment.content_type in filetypes.PICTURES
    return sent(
        attachment,
        content_type=attachment.content_type if is_shown else "application/octet-stream",
        as_attachment=not is_shown,
    )

"""Files on their way to those who may have them, through the desk wherever they are stored."""

from __future__ import annotations

from django.http import FileResponse, Http404

from conversations.models import Attachment, DeliveryFile, DraftFile
from conversations.texts import names

PIECE = 64 * 1024  # bytes that are read at once


def sent(attachment: Attachment | DeliveryFile | DraftFile, *, content_type: str, as_attachment: bool) -> FileResponse:
    """A file on its way, passed on by the desk wherever it is stored. The caller has checked who asks. Raises Http404.

    Never a link to the storage: that would hold for everybody who has it, and carries none of these headers.
    """
    try:
        content = attachment.file.open("rb")
    except FileNotFoundError as error:
        raise Http404("this file no longer exists") from error
    name = names.of_file(attachment.name)
    response = FileResponse(content, as_attachment=as_attachment, filename=name, content_type=content_type)
    response.block_size = PIECE
    response["Content-Length"] = str(content.file.size)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response

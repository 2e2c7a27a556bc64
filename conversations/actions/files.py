"""Files that come with a message: stored before the message is committed, typed by their content rather than by their name."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import filetype
from django.conf import settings
from django.core.files.base import ContentFile, File

from accounts import writing
from accounts.errors import Invalid
from conversations.models import Attachment, Message

MAX_FILES = 10


class ReceivedFile(ContentFile):  # type: ignore[type-arg]  # generic to its stubs alone
    """A file that came in with a mail: nobody chose it, so that neither their number nor their size is limited here."""

    def __init__(self, content: bytes, name: str, *, content_id: str = "", is_inline: bool = False) -> None:
        super().__init__(content, name=name)
        self.content_id, self.is_inline = content_id, is_inline


_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\]+")


def attach(message: Message, uploads: Sequence[File[bytes]], at: datetime) -> list[Attachment]:
    """Keep the files of a message.

    Raises Invalid for more than ten, or one that is empty or over settings.UPLOAD_LIMIT; OSError where they cannot be stored.
    """
    if len([upload for upload in uploads if not isinstance(upload, ReceivedFile)]) > MAX_FILES:
        raise Invalid(f"at most {MAX_FILES} files", field="files")
    attachments: list[Attachment] = []
    for upload in uploads:
        if not upload.size:
            raise Invalid("an attached file is empty", field="files")
        if upload.size > settings.UPLOAD_LIMIT and not isinstance(upload, ReceivedFile):
            raise Invalid(f"a file has at most {settings.UPLOAD_LIMIT // 2**20} MiB", field="files", code="too_large")
        attachment = Attachment(
            workspace_id=message.workspace_id,
            message=message,
            name=_UNSAFE.sub("_", (upload.name or "file").rsplit("/", 1)[-1])[-255:] or "file",
            content_type=sniff(upload),
            size=upload.size,
            content_id=getattr(upload, "content_id", "")[:400],
            is_inline=getattr(upload, "is_inline", False),
            created_at=at,
        )
        # Copied, not moved: the transaction may be repeated, and the upload with it.
        name = f"{message.workspace_id}/{at:%Y/%m}/{uuid.uuid4().hex}"
        try:
            attachment.file.save(name, File(upload.file), save=False)
        except OSError:  # A full disk keeps no partial files.
            for stored in (name, *(str(one.file.name) for one in attachments)):
                with suppress(OSError):  # A storage that is away does not delete either.
                    attachment.file.storage.delete(stored)
            raise
        writing.insert(attachment)
        attachments.append(attachment)
    return attachments


def sniff(upload: File[bytes]) -> str:
    """The type that the first bytes prove, or `application/octet-stream`; what a client says is not believed."""
    upload.seek(0)
    kind = filetype.guess(upload.read(8192))
    upload.seek(0)
    return kind.mime if kind is not None else "application/octet-stream"

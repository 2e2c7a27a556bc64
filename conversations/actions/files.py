"""Files that come with a message: stored before the message is committed, typed by their content rather than by their name."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

import filetype
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage

from accounts import writing
from accounts.errors import Invalid
from conversations.models import Attachment, Delivery, DeliveryFile, DraftFile, Message

MAX_FILES = 10
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\]+")


class ReceivedFile(ContentFile):  # type: ignore[type-arg]  # generic to its stubs alone
    """A file that came in with a mail: nobody chose it, so that neither their number nor their size is limited here."""

    def __init__(self, content: bytes, name: str, *, content_id: str = "", is_inline: bool = False) -> None:
        super().__init__(content, name=name)
        self.content_id, self.is_inline = content_id, is_inline


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is in the storage under the name `path`, and not yet part of a message."""

    path: str
    name: str
    content_type: str
    size: int
    public_id: uuid.UUID = field(default_factory=uuid.uuid4)
    content_id: str = ""
    is_inline: bool = False

    @classmethod
    def of(cls, file: DeliveryFile | DraftFile | Attachment) -> Stored:
        """A file that is kept already, with a reply that has not left or with a draft."""
        return cls(str(file.file.name), file.name, file.content_type, file.size, file.public_id)


def store(workspace_id: int, uploads: Sequence[File[bytes]], at: datetime, *, beside: int = 0) -> list[Stored]:
    """Put uploaded files into the storage; `beside` are those that the message has already.

    Raises Invalid for more than ten, or one that is empty or over settings.UPLOAD_LIMIT; OSError where they cannot be stored.
    """
    if len([upload for upload in uploads if not isinstance(upload, ReceivedFile)]) + beside > MAX_FILES:
        raise Invalid(f"at most {MAX_FILES} files", field="files")
    stored: list[Stored] = []
    for upload in uploads:
        if not upload.size:
            raise Invalid("an attached file is empty", field="files")
        if upload.size > settings.UPLOAD_LIMIT and not isinstance(upload, ReceivedFile):
            raise Invalid(f"a file has at most {settings.UPLOAD_LIMIT // 2**20} MiB", field="files", code="too_large")
        content_type = sniff(upload)
        # Copied, not moved: the transaction may be repeated, and the upload with it.
        path = f"{workspace_id}/{at:%Y/%m}/{uuid.uuid4().hex}"
        try:
            path = default_storage.save(path, File(upload.file), max_length=300)
        except OSError:  # A full disk keeps no partial files.
            for one in (path, *(file.path for file in stored)):
                with suppress(OSError):  # A storage that is away does not delete either.
                    default_storage.delete(one)
            raise
        name = _UNSAFE.sub("_", (upload.name or "file").rsplit("/", 1)[-1])[-255:] or "file"
        found = Stored(path, name, content_type, upload.size)
        if isinstance(upload, ReceivedFile):
            found = replace(found, content_id=upload.content_id[:400], is_inline=upload.is_inline)
        stored.append(found)
    return stored


def attach(message: Message, files: Iterable[Stored], at: datetime) -> None:
    """Make stored files part of a message."""
    for one in files:
        writing.insert(
            Attachment(
                workspace_id=message.workspace_id,
                public_id=one.public_id,
                message=message,
                file=one.path,
                name=one.name,
                content_type=one.content_type,
                size=one.size,
                content_id=one.content_id,
                is_inline=one.is_inline,
                created_at=at,
            )
        )


def keep(delivery: Delivery, files: Iterable[Stored]) -> None:
    """Keep stored files with a reply until it leaves."""
    for one in files:
        writing.insert(
            DeliveryFile(
                workspace_id=delivery.workspace_id,
                public_id=one.public_id,
                delivery=delivery,
                file=one.path,
                name=one.name,
                content_type=one.content_type,
                size=one.size,
            )
        )


def sniff(upload: File[bytes]) -> str:
    """The type that the first bytes prove, or `application/octet-stream`; what a client says is not believed."""
    upload.seek(0)
    kind = filetype.guess(upload.read(8192))
    upload.seek(0)
    return kind.mime if kind is not None else "application/octet-stream"

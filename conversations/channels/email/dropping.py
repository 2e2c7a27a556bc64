"""A folder in which mails are dropped as files: for a desk without a mail server, such as the demo.

`DESK_HOME/mail/in/<address>/*.eml`; what was taken in is moved to `read/` beside it.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from accounts import tenancy
from conversations.channels.email import addressing, receiving
from conversations.models import Inbound, MailSource

logger = logging.getLogger(__name__)

AT_REST = 1.0  # seconds for which a file has not changed: it is written to its end
_ADDRESS = re.compile(r"[^/\x00]{1,200}@[^/\x00]{1,200}")


def folder(address: str) -> Path:
    """Where mails to an address are dropped."""
    return Path(settings.DESK_HOME) / "mail" / "in" / address


def look() -> None:
    """Take in the mails that were dropped for mailboxes to which a mail server delivers."""
    for address, path in _dropped():
        try:
            _take(address, path)
        except OSError as error:
            logger.warning("dropped_mail_failed error=%s", type(error).__name__)


def _dropped() -> Iterator[tuple[str, Path]]:
    root = Path(settings.DESK_HOME) / "mail" / "in"
    if not root.is_dir():
        return
    for box in sorted(root.iterdir()):
        if box.is_dir() and _ADDRESS.fullmatch(box.name):
            for path in sorted(box.glob("*.eml")):
                if path.is_file() and time.time() - path.stat().st_mtime >= AT_REST:
                    yield box.name, path


def _take(address: str, path: Path) -> None:
    mailbox = addressing.mailbox_of(address)
    if mailbox is None or mailbox.inbound != Inbound.DOOR:
        return
    with tenancy.scope_apart(mailbox.workspace, "dropped_mail_failed mailbox=%s", mailbox.pk):
        with path.open("rb") as file:
            raw = file.read(addressing.LARGEST + 1)
        receiving.accept(mailbox=mailbox, raw=raw, source=MailSource.DOOR)
        read = path.parent / "read"
        read.mkdir(exist_ok=True)
        path.replace(read / path.name)

"""A program of one's own, which posts a mail as it is."""

from __future__ import annotations

import re

from conversations.channels.email.ingress.brought import Brought
from conversations.channels.email.ingress.calls import Call

_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:>?From [^\r\n]+\r?\n)?[A-Za-z][A-Za-z0-9-]{1,76}:")


def recognises(call: Call) -> bool:
    """Whether it is called a mail, or begins like one."""
    return call.kind == "message/rfc822" or _HEADER.match(call.body[:2048]) is not None


def read(call: Call) -> Brought:
    """The mail."""
    return Brought(mails=[call.body])

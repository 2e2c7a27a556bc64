"""The mails that Resend keeps, by its API. https://resend.com/docs/api-reference/emails/retrieve-received-email"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from conversations.channels.email.ingress import fetching, rebuilding
from conversations.channels.email.ingress.calls import as_list, as_object, parsed, text
from conversations.channels.email.ingress.fetching import Unreachable
from conversations.channels.email.ingress.rebuilding import Piece
from conversations.mail.limits import RAW

API = "https://api.resend.com"
_TIMEOUT = 60.0  # seconds
_LARGEST = 2 * RAW
_MOST_FILES = 100


def fetch(email_id: str, key: str) -> bytes:
    """A mail as it came in, or made again of its parts where Resend has no more. Raises Unreachable with the reason."""
    headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
    url = f"{API}/emails/receiving/{quote(email_id, safe='')}"
    answer = fetching.get(url, largest=_LARGEST, timeout=_TIMEOUT, headers=headers)
    if answer.status in (401, 403):
        raise Unreachable("Resend refuses the API key of the mailbox")
    if answer.status == 404:
        raise Unreachable("Resend does not know it")
    given = as_object(parsed(answer.content)) if answer.status == 200 else {}
    if not given:
        raise Unreachable(f"Resend answers with status {answer.status}")
    raw_url = text(as_object(given.get("raw")).get("download_url"))
    return _file(raw_url) if raw_url else _rebuilt(given)


def _file(url: str) -> bytes:
    answer = fetching.get(url, largest=_LARGEST, timeout=_TIMEOUT)
    if answer.status != 200:
        raise Unreachable(f"Resend answers with status {answer.status}")
    return answer.content


def _rebuilt(given: dict[str, Any]) -> bytes:
    headers = list(_headers(given.get("headers")))
    present = {name.lower() for name, _ in headers}
    own = [
        ("From", text(given.get("from"))),
        *((title, ", ".join(map(text, as_list(given.get(name))))) for title, name in _LISTS),
        ("Subject", text(given.get("subject"))),
        ("Message-ID", text(given.get("message_id"))),
    ]
    files = []
    for one in map(as_object, as_list(given.get("attachments"))[:_MOST_FILES]):
        if url := text(one.get("download_url")):
            name, kind = text(one.get("filename")) or "file", text(one.get("content_type"))
            files.append(Piece(name, kind, _file(url), text(one.get("content_id"))))
    return rebuilding.mail(
        [*((name, value) for name, value in own if value and name.lower() not in present), *headers],
        text=text(given.get("text")),
        html=text(given.get("html")),
        files=files,
    )


_LISTS = (("To", "to"), ("Cc", "cc"), ("Reply-To", "reply_to"))


def _headers(given: Any) -> Iterator[tuple[str, str]]:
    """As an object of names, or as a list of objects with a name and a value."""
    if isinstance(given, dict):
        for name, values in given.items():
            for value in values if isinstance(values, list) else [values]:
                yield name, text(value)
    for one in map(as_object, as_list(given)):
        yield text(one.get("name")), text(one.get("value"))

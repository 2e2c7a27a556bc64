"""Every address of the screens answers for an unseen conversation as for one that does not exist, and shows none of its words."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from django.urls import URLPattern, reverse

from accounts import tenancy
from accounts.models import Workspace
from accounts.permissions import Visibility
from conversations.models import Attachment, Conversation
from conversations.screens.urls import urlpatterns
from tests.conftest import Member
from tests.inbox.conftest import HTMX
from tests.inbox.test_strangers import flat
from tests.visibility.conftest import KINDS, LIMITED, SEEN, limit, word_of

PATTERNS = {pattern.name or "": pattern for pattern in flat(urlpatterns)}
ROWS = sorted(
    name
    for name, pattern in PATTERNS.items()
    if ("number" in pattern.pattern.converters and ".settings." not in pattern.lookup_str) or name == "file"
)
"""Addresses of one conversation, ticket or file."""
PAGES = sorted(name for name, pattern in PATTERNS.items() if not {*pattern.pattern.converters} - {"workspace_slug"})
QUERIES = (
    "view=open",
    "view=solved",
    "view=assistant",
    "view=mine",
    "view=open&q=subject",
    "view=open&q=zqothers*",
    "q=note",
)
UNSEEN = [(visibility, kind) for visibility in LIMITED for kind in KINDS if kind not in SEEN[visibility]]


def address(pattern: URLPattern, **values: Any) -> str:
    known = {
        "workspace_slug": "acme",
        "mail_id": uuid.UUID(int=1),
        "provider": "google",
        "name": "x",
        "event": 1,
        "notification": 1,
        "note": 1,
        **values,
    }
    wanted = ["workspace_slug", *pattern.pattern.converters]
    return reverse(pattern.name or "", kwargs={name: known[name] for name in wanted if name in known})


def test_unseen_row_is_a_missing_one(acme: Workspace, ben: Member, kinds: Mapping[str, Conversation]) -> None:
    client, asked = ben.signed_in(), 0
    for visibility, kind in UNSEEN:
        limit(ben, visibility)
        row = kinds[kind]
        with tenancy.scope(acme):
            file = Attachment.objects.get(message__conversation=row)
        for name in ROWS:
            ids = {"number": row.number, "conversation": row.number, "message": file.message_id}
            url = address(PATTERNS[name], public_id=file.public_id, **ids)
            missing = address(PATTERNS[name], public_id=uuid.UUID(int=7), **dict.fromkeys(ids, 999_999))
            for method, headers in ((client.get, {}), (client.get, HTMX), (client.post, {})):
                found, wanted = method(url, headers=headers), method(missing, headers=headers)
                assert _answer(found) == _answer(wanted), (visibility, kind, url)
                asked += 1
    assert asked > 300


def _answer(response: Any) -> tuple[int, str]:
    """Status and text, without the ids that were asked for."""
    return response.status_code, re.sub(r"\d+|[0-9a-f-]{36}", "", response.content.decode())


def test_no_page_shows_a_word_of_an_unseen_conversation(
    acme: Workspace, ben: Member, kinds: Mapping[str, Conversation]
) -> None:
    client = ben.signed_in()
    ids = "&".join(f"id={row.pk}" for row in kinds.values())
    for visibility in LIMITED:
        limit(ben, visibility)
        for name in PAGES:
            for query in QUERIES if "inbox" in name else ("all=1", "q=subject"):
                response = client.get(f"{address(PATTERNS[name])}?{query}&{ids}")
                if response.status_code == 200 and not getattr(response, "follow", None):
                    shown = response.content.decode()
                    assert not [kind for kind in {*KINDS} - SEEN[visibility] if word_of(kind) in shown], (name, query)


def test_lists_and_searches_show_what_is_seen(ben: Member, kinds: Mapping[str, Conversation]) -> None:
    client = ben.signed_in()
    for visibility in Visibility:
        limit(ben, visibility)
        for query in ("view=open", "view=open&q=subject", "view=open&q=note", "view=open&q=jane"):
            page = client.get(f"/w/acme/inbox?{query}").content.decode().replace("<mark>", "").replace("</mark>", "")
            assert {kind for kind in KINDS if f"{word_of(kind)} subject" in page} == SEEN[visibility], (
                visibility,
                query,
            )


def test_counts_are_of_what_is_seen(ben: Member, kinds: Mapping[str, Conversation]) -> None:
    from conversations.screens.inbox.queries import inbox_counts

    for visibility in Visibility:
        limit(ben, visibility)
        with tenancy.scope(ben.membership.workspace, ben.membership.viewer):
            assert inbox_counts(ben.user)["open"] == len(SEEN[visibility])


def test_member_who_assigns_a_conversation_away_is_led_to_the_list(
    ada: Member, ben: Member, kinds: Mapping[str, Conversation]
) -> None:
    limit(ben, Visibility.TEAMS)
    client, row = ben.signed_in(), kinds["own"]
    answer = client.post(f"/w/acme/inbox/{row.number}/assign", {"to": ada.user.pk}, headers=HTMX)
    assert answer.status_code == 200
    assert answer["HX-Redirect"].startswith("/w/acme/inbox?")
    assert b"Assigned to Ada Duarte." in client.get("/w/acme/inbox").content
    assert client.get(f"/w/acme/inbox/{row.number}").status_code == 404

"""What the composer offers while somebody types: colleagues and teams after `@`, conversations after `#`."""

from __future__ import annotations

import orjson
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from accounts.permissions import permit
from conversations.models.contact import display_name
from conversations.queries import conversations as queries
from conversations.screens import colleagues
from conversations.screens.inbox import queries as inbox_queries
from conversations.screens.shell import DeskRequest, screen

MOST = 8


@require_GET
@screen
def mentions(request: DeskRequest, number: int) -> HttpResponse:
    """Whom a note may mention: the members who may answer, and the teams."""
    permit(request.actor, "conversation.note")
    queries.by_number(number)
    return _json(colleagues.choices(request.user.pk))


@require_GET
@screen
def links(request: DeskRequest, number: int) -> HttpResponse:
    """The conversations that `#` may mean: by number or by words, else the others of its customer, the newest first."""
    permit(request.actor, "conversation.read")
    words = request.GET.get("q", "").strip()[:100]
    found = inbox_queries.targets(queries.by_number(number), request.user, words, limit=MOST)
    return _json(
        [
            {
                "text": f"#{row.number}",
                "about": row.subject[:90],
                "who": display_name(row.contact__name, row.contact__email, row.contact__external_id, row.contact_id),
            }
            for row in found
        ]
    )


def _json(found: list[dict[str, object]]) -> HttpResponse:
    return HttpResponse(orjson.dumps(found), content_type="application/json")

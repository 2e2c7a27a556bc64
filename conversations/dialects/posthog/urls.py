"""The documented paths. Each answers below `projects` and `environments`, with and without a trailing slash."""

from functools import partial

from conversations.api import routing
from conversations.dialects.posthog.views import Assistant, Bulk, Messages, Queue, SavedViews, Suggestions, Tickets

route = partial(routing.route, prefixes=("api/projects/", "api/environments/"))

_TICKETS = "api/projects/<str:project_id>/conversations/tickets"
_ASSISTANT = "api/environments/<str:project_id>/conversations"
_VIEWS = "api/projects/<str:project_id>/conversations/views"

urlpatterns = [
    route(_TICKETS, Tickets.as_view({"get": "list", "post": "create"})),
    route(f"{_TICKETS}/unread_count", Tickets.as_view({"get": "unread_count"})),
    route(f"{_TICKETS}/compose", Tickets.as_view({"post": "compose"})),
    route(f"{_TICKETS}/bulk_update_status", Bulk.as_view({"post": "set_status"})),
    route(f"{_TICKETS}/bulk_update_tags", Bulk.as_view({"post": "change_tags"})),
    route(f"{_TICKETS}/<str:id>/suggest_reply", Suggestions.as_view({"post": "create"})),
    route(f"{_TICKETS}/<str:id>/messages", Messages.as_view({"get": "list"})),
    route(f"{_TICKETS}/<str:id>/reply", Messages.as_view({"post": "reply"})),
    route(f"{_TICKETS}/<str:id>/broadcast", Messages.as_view({"post": "broadcast"})),
    route(
        f"{_TICKETS}/<str:id>/notes/<str:message_id>",
        Messages.as_view({"patch": "edit_note", "delete": "delete_note"}),
    ),
    route(
        f"{_TICKETS}/<str:id>",
        Tickets.as_view({"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}),
    ),
    route(_VIEWS, SavedViews.as_view({"get": "list", "post": "create"})),
    route(
        f"{_VIEWS}/<str:short_id>",
        SavedViews.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
    # After the fixed words `tickets` and `views`, which stand where an id of a conversation may stand.
    route(_ASSISTANT, Assistant.as_view({"get": "list", "post": "create"})),
    route(f"{_ASSISTANT}/<str:conversation>/append_message", Assistant.as_view({"post": "append_message"})),
    route(f"{_ASSISTANT}/<str:conversation>/queue", Queue.as_view({"get": "list", "post": "create"})),
    route(f"{_ASSISTANT}/<str:conversation>/queue/clear", Queue.as_view({"post": "clear"})),
    route(
        f"{_ASSISTANT}/<str:conversation>/queue/<str:queue_id>",
        Queue.as_view({"patch": "partial_update", "delete": "destroy"}),
    ),
    route(f"{_ASSISTANT}/<str:conversation>/cancel", Assistant.as_view({"patch": "cancel"})),
    route(f"{_ASSISTANT}/<str:conversation>", Assistant.as_view({"get": "retrieve", "delete": "destroy"})),
]

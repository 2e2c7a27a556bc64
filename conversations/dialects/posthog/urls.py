"""The documented paths, with and without a trailing slash; those of a project answer below `projects` and `environments`."""

from functools import partial

from conversations.api import routing
from conversations.dialects.posthog.views import (
    Assistant,
    Bulk,
    Captures,
    External,
    Flags,
    Messages,
    Queue,
    RemoteConfig,
    SavedViews,
    Suggestions,
    Tickets,
    WidgetMessages,
    WidgetRestores,
    WidgetTickets,
)

route = partial(routing.route, prefixes=("api/projects/", "api/environments/"))
fixed = partial(routing.route, prefixes=("",))

_TICKETS = "api/projects/<str:project_id>/conversations/tickets"
_ASSISTANT = "api/environments/<str:project_id>/conversations"
_EXTERNAL = "api/conversations/external/ticket/<str:ticket_id>"
_WIDGET = "api/conversations/v1/widget"
_CAPTURES = ("e", "i/v0/e", "s", "batch", "i/v1/logs", "i/v1/metrics")
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
    # For workflows: the key alone names the project.
    fixed(_EXTERNAL, External.as_view({"get": "retrieve", "patch": "partial_update"})),
    # For posthog-js in a page: the token of a widget names the project.
    fixed(f"{_WIDGET}/message", WidgetMessages.as_view({"post": "create"})),
    fixed(f"{_WIDGET}/messages/<str:ticket_id>", WidgetMessages.as_view({"get": "list"})),
    fixed(f"{_WIDGET}/messages/<str:ticket_id>/read", WidgetMessages.as_view({"post": "read"})),
    fixed(f"{_WIDGET}/tickets", WidgetTickets.as_view({"get": "list"})),
    fixed(f"{_WIDGET}/restore/request", WidgetRestores.as_view({"post": "request_link"})),
    fixed(f"{_WIDGET}/restore", WidgetRestores.as_view({"post": "redeem"})),
    fixed("array/<str:token>/config.js", RemoteConfig.as_view({"get": "script"})),
    fixed("array/<str:token>/config", RemoteConfig.as_view({"get": "retrieve"})),
    fixed("flags", Flags.as_view({"post": "list"})),
    routing.route("e", Captures.as_view({"post": "create"}), prefixes=_CAPTURES),
]

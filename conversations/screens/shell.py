"""What every screen shares: the request's type, the `screen` decorator, and the context of rail and help."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import wraps
from typing import Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django_htmx.middleware import HtmxDetails

from accounts import journal
from accounts.errors import Forbidden, NotFound
from accounts.live.access import login_id
from accounts.models import Event, Membership, User, Workspace
from accounts.permissions import Actor, Role, may
from conversations.api.fallbacks import csrf_failure
from conversations.screens import keymap, sections
from conversations.screens.banners import Banners
from conversations.screens.bell import Bell

P = ParamSpec("P")


class DeskRequest(HttpRequest):
    """A request of a member, as accounts.web.middleware.WorkspaceMiddleware hands it on."""

    user: User
    workspace: Workspace
    membership: Membership
    actor: Actor
    own_membership: Membership
    """The signed-in person's own, also in a preview, where `membership` is the member's as whom they look at the pages."""
    preview: Membership | None
    htmx: HtmxDetails
    recorded: list[Event]
    """The events of what the request has changed so far."""


CONVERSATION_HEADER = "Desk-Conversation"
"""The conversation's number in every answer about one: a page that shows another one by now ignores the answer."""

LOGIN_HEADER = "Desk-Login"
"""The `login_id` that a page was made for: after another login, its requests are refused."""

LAST = "workspace"
"""The session key for the slug of the person's last workspace."""

View = Callable[Concatenate[DeskRequest, P], HttpResponseBase]


def screen(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A view of the desk: in the person's time zone and language, kept by no cache, with domain errors as pages.

    Nothing is cached because pages hold customers' data, and because one URL answers with a page or a fragment.
    """

    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        kwargs.pop("workspace_slug", None)  # The middleware has turned it into request.workspace.
        page_login = request.headers.get(LOGIN_HEADER)
        if page_login and page_login != login_id(request):
            return csrf_failure(request)
        asked: DeskRequest = request  # type: ignore[assignment]  # WorkspaceMiddleware has let it in
        try:
            with (
                in_words_of(asked.user, asked.workspace),
                keymap.chosen(keymap.of(asked.user.preferences)),
                journal.recorded() as asked.recorded,
            ):
                response = view(asked, *args, **kwargs)
        except NotFound as error:
            raise Http404(error.message) from error
        except Forbidden as error:
            raise PermissionDenied(error.message) from error
        if "number" in kwargs:
            response[CONVERSATION_HEADER] = str(kwargs["number"])
        if isinstance(response, HttpResponse):
            patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response

    return wrapped  # type: ignore[return-value]


@contextmanager
def in_words_of(user: User, workspace: Workspace) -> Iterator[None]:
    """Times and words as the person has chosen them: else in the workspace's time zone and the desk's language."""
    language = translation.override(user.language) if user.language else nullcontext()
    with timezone.override(user.time_zone or workspace.time_zone), language:
        yield


def remember(request: DeskRequest) -> None:
    """Remember the workspace in the session. For pages only: fragments of other tabs would overwrite it."""
    if request.session.get(LAST) != request.workspace.slug:
        request.session[LAST] = request.workspace.slug


def is_fragment(request: DeskRequest) -> bool:
    """Whether htmx asks for a part of the page; a page restored from the history is requested whole."""
    return bool(request.htmx) and not request.htmx.history_restore_request


def shell(request: DeskRequest, section: str) -> dict[str, object]:
    """The context of the rail and the help on every page; `section` names the current link of the rail."""
    preferences = request.user.preferences
    return {
        "workspace": request.workspace,
        "membership": request.membership,
        "me": request.user,
        "section": section,
        "may_write": may(request.actor, "conversation.reply"),
        "links": sections.links(request.actor),
        "may_administer": request.preview is None
        and (request.user.is_superuser or request.membership.role in (Role.OWNER, Role.ADMIN)),
        "theme": preferences.get("theme", "system"),
        "has_shortcuts": preferences.get("shortcuts", "on") == "on",
        "is_fragment": is_fragment(request),
        "bell": Bell(request),
        "banners": Banners(request.workspace, request.actor, is_preview=request.preview is not None),
        "preview": request.preview,
    }

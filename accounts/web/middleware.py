"""Door 1: `/w/<workspace>/…` and a session become a membership, and the membership opens the workspace's scope."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.db import DataError
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.defaults import bad_request

from accounts import errors, tenancy
from accounts.models import Membership
from accounts.permissions import Actor

_PATH = re.compile(r"^/w/(?P<slug>[-a-zA-Z0-9_]+)(?:/|$)")


class WorkspaceMiddleware:
    """Opens the scope for every page under `/w/<slug>/` and sets `request.membership`, `request.workspace`, `request.actor`.

    Strangers get the 404 of a workspace that does not exist; people without a session are sent to sign in.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        match = _PATH.match(request.path_info)
        if match is None or not request.user.is_authenticated:
            return self.get_response(request)
        # The membership proves the workspace: no scope can be open yet.
        membership = (
            Membership.all_workspaces.select_related("workspace", "user")
            .filter(workspace__slug=match["slug"], user=request.user)
            .first()
        )
        if membership is None:
            return self.get_response(request)
        request.membership = membership  # type: ignore[attr-defined]
        request.workspace = membership.workspace  # type: ignore[attr-defined]
        request.actor = Actor.member(membership)  # type: ignore[attr-defined]
        with tenancy.scope(membership.workspace):
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponseBase | None:
        """Refuse strangers here, where Django's own 404 page and sign-in redirect apply."""
        if _PATH.match(request.path_info) is None or hasattr(request, "membership"):
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(_way_back(request))
        raise Http404("no such workspace")


def _way_back(request: HttpRequest) -> str:
    """Where to go after signing in: for a form, the page that it was on, since its own address cannot be shown."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    came_from = urlsplit(request.headers.get("Referer", ""))
    is_ours = came_from.netloc == request.get_host() and _PATH.match(came_from.path)
    return f"{came_from.path}?{came_from.query}".rstrip("?") if is_ours else reverse("home")


class RefusedValueMiddleware:
    """A value that only PostgreSQL refused is the sender's fault all the same: 400, and a line in the log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Wire formats have worded theirs before."""
        if not isinstance(exception, DataError):
            return None
        errors.log_refused(exception)
        return bad_request(request, exception)

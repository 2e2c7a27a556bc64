"""Door 1: `/w/<workspace>/…` and a session become a membership, and the membership opens the workspace's scope."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, REDIRECT_FIELD_NAME, SESSION_KEY
from django.contrib.auth.views import redirect_to_login
from django.db import DataError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode
from django.views.defaults import bad_request

from accounts import errors, tenancy
from accounts.compiled import compiled_anywhere
from accounts.models import Membership, User
from accounts.permissions import Actor
from accounts.queries import has_second_factor
from accounts.web import forms, previews, seen

PROBLEM = "Desk-Problem"
"""The header that says to a page's scripts why a request was refused, where its status does not."""

_PATH = re.compile(r"^/w/(?P<slug>[-a-zA-Z0-9_]+)(?:/|$)")


class WorkspaceMiddleware:
    """Opens the scope for every page under `/w/<slug>/` and sets `request.membership`, `request.workspace`, `request.actor`.

    In a preview (`accounts.web.previews`) these, and `request.user`, are the member's as whom an admin looks at the pages.

    Strangers get the 404 of a workspace that does not exist; people without a session are sent to sign in.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        match = _PATH.match(request.path_info)
        membership = None if match is None else _membership(request, match["slug"])
        if membership is None:
            response = self.get_response(request)
            if match is not None and request.user.is_authenticated:
                response[PROBLEM] = "not_a_member"
            return response
        request.own_membership = membership  # type: ignore[attr-defined]
        previewed = previews.membership(request, membership)
        request.preview = previewed  # type: ignore[attr-defined]
        shown = previewed or membership
        request.membership, request.workspace = shown, shown.workspace  # type: ignore[attr-defined]
        request.actor = Actor.member(membership) if previewed is None else previews.actor(previewed)  # type: ignore[attr-defined]
        if previewed is not None:
            request.user = previewed.user
        viewer = membership.viewer if previewed is None else previews.viewer(previewed)
        with tenancy.scope(shown.workspace, viewer):
            response = self.get_response(request)
        seen.touch(request)
        return response

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponseBase | None:
        """Refuse strangers here, where Django's own 404 page and sign-in redirect apply."""
        membership: Membership | None = getattr(request, "own_membership", None)
        if membership is not None:
            led = _lead_to_second_factor(request, membership)
            if led is None and request.preview is not None:  # type: ignore[attr-defined]
                return previews.check(request)
            return led
        if _PATH.match(request.path_info) is None:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(_way_back(request))
        raise Http404("no such workspace")


def _membership(request: HttpRequest, slug: str) -> Membership | None:
    """The person's membership of the workspace.

    It brings the person with it, whom Django would ask for in a query of its own. Only a session that is proven by its
    hash, of somebody who may sign in, is taken so; on every other one Django decides, as it does elsewhere.
    """
    person_id = request.session.get(SESSION_KEY)
    if person_id is None or "_cached_user" in request.__dict__:
        return _named.first(slug=slug, person=request.user.pk) if request.user.is_authenticated else None
    membership = _named.first(slug=slug, person=User._meta.pk.to_python(person_id))
    if membership is not None and _is_proven(request, membership.user):
        request._cached_user = membership.user  # type: ignore[attr-defined]  # where AuthenticationMiddleware looks first
        return membership
    return membership if request.user.is_authenticated else None


@compiled_anywhere
def _named(*, slug: str, person: int) -> QuerySet[Membership]:
    # The membership proves the workspace: no scope can be open yet.
    rows = Membership.all_workspaces.select_related("workspace", "user")
    return rows.filter(workspace__slug=slug, user=person).order_by("pk")[:1]


def _is_proven(request: HttpRequest, person: User) -> bool:
    """Whether Django would find the session to be the person's, without the keys that it falls back to."""
    return (
        person.is_active
        and request.session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and constant_time_compare(request.session.get(HASH_SESSION_KEY, ""), person.get_session_auth_hash())
    )


def _lead_to_second_factor(request: HttpRequest, membership: Membership) -> HttpResponseBase | None:
    """A workspace that requires a second factor shows nothing to a member who has none, but where to set it up."""
    if not membership.workspace.requires_second_factor or has_second_factor(membership.user_id):
        return None
    if "HX-Request" in request.headers or forms.HEADER in request.headers or not request.accepts("text/html"):
        return HttpResponse(status=403, headers={PROBLEM: "second_factor"})  # its page says so, and keeps what is typed
    return redirect(f"{reverse('mfa_index')}?{urlencode({REDIRECT_FIELD_NAME: _way_back(request)})}")


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

"""Looking at a workspace as one of its members does, for owners and admins: kept in the session, and read only.

The request is the member's then, with the role of a viewer: what they see, and nothing to change it by. Their own pages, such as
settings and notifications, are not shown. A verb that is called all the same is refused (`tenancy.scope_of`).
"""

from __future__ import annotations

import re
from dataclasses import replace

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import Membership
from accounts.permissions import SEES_ALL, Actor, Role, Visibility, sight
from accounts.tenancy import Viewer

KEY = "view_as"
"""The session's key: of each workspace by its id, the membership that is looked at."""
_SHOWN = re.compile(r"^/w/[^/]+/(?:inbox|files|callbacks|tickets|customers|contacts|companies|view-as/leave)(?:/|$)")
_LEAVE = re.compile(r"^/w/[^/]+/view-as/leave$")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def begin(request: HttpRequest, membership: Membership) -> None:
    """Look at the membership's workspace as that member does."""
    request.session[KEY] = {**request.session.get(KEY, {}), str(membership.workspace_id): membership.pk}


def leave(request: HttpRequest, workspace_id: int) -> None:
    """Look at the workspace as oneself again."""
    request.session[KEY] = {
        key: value for key, value in request.session.get(KEY, {}).items() if key != str(workspace_id)
    }


def membership(request: HttpRequest, own: Membership) -> Membership | None:
    """The member as whom the workspace is looked at, while one's own role still allows that."""
    pk = request.session.get(KEY, {}).get(str(own.workspace_id))
    if pk is None or own.role not in SEES_ALL:
        return None
    # The membership proves the workspace: no scope is open yet.
    rows = Membership.all_workspaces.select_related("workspace", "user")
    return rows.filter(workspace=own.workspace_id, pk=pk).first()


def actor(member: Membership) -> Actor:
    """Whose actions are shown and none of which can be done."""
    return replace(Actor.member(member), role=Role.VIEWER)


def viewer(member: Membership) -> Viewer:
    """What the member sees, without verbs."""
    visibility: Visibility = sight(member.role, member.visibility)
    return Viewer(member.user_id, visibility, is_preview=True)


def check(request: HttpRequest) -> HttpResponse | None:
    """Refuse what would change something, and lead from pages that are the member's own to the inbox."""
    path = request.path_info
    if request.method not in _SAFE and not _LEAVE.match(path):
        raise PermissionDenied("Leave the preview to change anything.")
    if not _SHOWN.match(path):
        return redirect("inbox", request.workspace.slug)  # type: ignore[attr-defined]
    return None

"""People's pictures, for those who work with them."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from accounts import pictures
from accounts.models import Membership, User

_KEPT = 24 * 3600
"""Seconds for which a browser keeps a picture; another one has another address."""


@require_GET
@login_required
def picture(request: HttpRequest, public_id: UUID, version: str) -> HttpResponseBase:
    """The picture of a person with whom the person who is signed in shares a workspace; 404 for everyone else's."""
    found = User.objects.filter(public_id=public_id).exclude(picture="").first()
    if found is None or pictures.version(found.picture) != version or not _are_colleagues(request.user.pk, found.pk):
        raise Http404("no such picture")
    try:
        file = default_storage.open(found.picture)
    except FileNotFoundError as error:
        raise Http404("no such picture") from error
    response = FileResponse(file, content_type=pictures.CONTENT_TYPE)
    response["Cache-Control"] = f"private, max-age={_KEPT}"
    response["ETag"] = f'"{hashlib.sha256(found.picture.encode()).hexdigest()[:16]}"'
    return response


def _are_colleagues(one: int | None, other: int) -> bool:
    # Across workspaces: two people may share any of several.
    theirs = Membership.all_workspaces.filter(user=other).values("workspace")
    return one == other or Membership.all_workspaces.filter(user=one, workspace__in=theirs).exists()

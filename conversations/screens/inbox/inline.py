"""Pictures inside mails. A mail's frame has no origin, hence sends no cookie: each address carries its own permission, for minutes."""

from __future__ import annotations

from django.core import signing
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts import tenancy
from accounts.models import Workspace
from conversations.api.downloads import sent
from conversations.models import Attachment, Handler
from conversations.screens import filetypes

MINUTES = 10
_SALT = "conversations.inline"


def path(attachment: Attachment) -> str:
    """An address at which anyone may see a picture, for ten minutes."""
    token = signing.dumps([attachment.workspace_id, attachment.pk], salt=_SALT)
    return reverse("inline-picture", args=[token])


@require_GET
@never_cache
def picture(request: HttpRequest, token: str) -> HttpResponseBase:
    """The picture that a mail shows. 404 for an address that is too old, and for what is no picture."""
    try:
        workspace_id, pk = signing.loads(token, salt=_SALT, max_age=MINUTES * 60)
    except signing.BadSignature as error:
        raise Http404("this address is no longer valid") from error
    workspace = Workspace.objects.filter(pk=workspace_id).first()
    if workspace is None:
        raise Http404("there is no such file")
    with tenancy.scope(workspace):
        rows = Attachment.objects.filter(pk=pk, content_type__in=filetypes.PICTURES)
        attachment = rows.exclude(message__conversation__handler=Handler.TRASH).first()
    if attachment is None:
        raise Http404("there is no such file")
    return sent(attachment, content_type=attachment.content_type, as_attachment=False)

"""What the email channel serves to people without an account: files that were too large for a mail."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts import tenancy
from accounts.errors import NotFound
from accounts.models import Workspace
from conversations.api.downloads import sent
from conversations.channels.email import files
from conversations.queries import conversations as queries


@require_GET
@never_cache
def mailed_file(request: HttpRequest, token: str) -> FileResponse:
    """A file of a mail, for those who have its link."""
    known = files.opened(token)
    workspace = Workspace.objects.filter(pk=known[0]).first() if known is not None else None
    if known is None or workspace is None:
        raise Http404("this link is over")
    with tenancy.scope(workspace):
        try:
            attachment = queries.attachment(known[1])
        except NotFound as error:
            raise Http404(error.message) from error
        response = sent(attachment, content_type="application/octet-stream", as_attachment=True)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response

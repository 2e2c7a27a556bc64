"""Pages of one mail: its HTML in a frame of its own, its source to read, and its source as a file."""

from __future__ import annotations

import re
import secrets

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.permissions import permit
from conversations.api.downloads import PIECE
from conversations.mail.html import with_images
from conversations.models import Attachment, InboundMail
from conversations.queries import conversations as queries
from conversations.queries import mails
from conversations.screens import filetypes
from conversations.screens.inbox import inline
from conversations.screens.shell import DeskRequest, screen
from conversations.texts.destinations import with_destinations

SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
_UNFIT = re.compile(r"[^\w .,()+@-]+")


@require_GET
@screen
def body(request: DeskRequest, number: int, message: int) -> HttpResponse:
    """A mail's HTML, in a document in which nothing of it runs and which asks nobody but the desk for anything.

    In its frame one script of the desk says how high the mail is and passes keys on: the policy names it by a number that no mail
    can know.

    `images=load` also asks the servers that its sender names for their pictures. `full=yes` is the mail on a page of its own.
    """
    permit(request.actor, "conversation.read")
    mail = _mail(number, message)
    if not mail.html:
        raise Http404("this mail has no formatted text")
    is_loading = request.GET.get("images") == "load"
    pictures = Attachment.objects.filter(message=message).exclude(content_id="").order_by("pk")
    shown = {one.content_id: inline.path(one) for one in pictures if one.content_type in filetypes.PICTURES}
    page = with_destinations(with_images(mail.html, shown.get, remote=is_loading), _destination)
    is_full = request.GET.get("full") == "yes"
    nonce = "" if is_full else secrets.token_urlsafe(16)
    facts = {
        "mail": mail,
        "page": mark_safe(page),  # noqa: S308 - sanitised when it was stored, and nothing runs in its frame
        "is_full": is_full,
        "nonce": nonce,
        "is_loading": is_loading,
    }
    response = render(request, "inbox/mail_frame.html", facts)
    origin = request.build_absolute_uri("/").rstrip("/")
    sources = f"{origin} data: https: http:" if is_loading else f"{origin} data:"
    script = f"script-src 'nonce-{nonce}'; " if nonce else ""
    response["Content-Security-Policy"] = (
        f"sandbox {SANDBOX}{' allow-scripts' if nonce else ''}; default-src 'none'; img-src {sources}; "
        f"style-src 'unsafe-inline'; {script}frame-ancestors 'self'"
    )
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["X-Content-Type-Options"] = "nosniff"
    # Who sees which picture and when is nobody's business, nor is where the links are clicked.
    response["Referrer-Policy"] = "no-referrer"
    response["Cross-Origin-Embedder-Policy"] = "credentialless"
    return response


@require_GET
@screen
def original(request: DeskRequest, number: int, message: int) -> FileResponse:
    """The mail as it came in, with all headers, as plain text."""
    permit(request.actor, "conversation.read")
    return _sent(_mail(number, message), "text/plain; charset=utf-8", as_attachment=False)


@require_GET
@screen
def source(request: DeskRequest, number: int, message: int) -> FileResponse:
    """The mail as it came in, as a file for mail programs."""
    permit(request.actor, "conversation.read")
    return _sent(_mail(number, message), "message/rfc822", as_attachment=True)


def _destination(host: str) -> str:
    """What stands behind a link whose words name another host."""
    leads = format_html('<bdi dir="ltr">{}</bdi>', host)
    return format_html(' <span class="desk-leads">{}</span>', mark_safe(_("leads to %(host)s") % {"host": leads}))  # noqa: S308


def _mail(number: int, message: int) -> InboundMail:
    return mails.of_message(queries.by_number(number), message)


def _sent(mail: InboundMail, content_type: str, *, as_attachment: bool) -> FileResponse:
    try:
        content = mail.raw.open("rb")
    except (FileNotFoundError, ValueError) as error:
        raise Http404("the source of this mail no longer exists") from error
    name = " ".join(_UNFIT.sub(" ", mail.subject).split())[:80].strip(". ") or "mail"
    response = FileResponse(content, as_attachment=as_attachment, filename=f"{name}.eml", content_type=content_type)
    response.block_size = PIECE
    response["Content-Length"] = str(content.size)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response

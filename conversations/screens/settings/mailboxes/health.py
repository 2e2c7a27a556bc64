"""The health of a mailbox: what it has read, what was set aside, and earlier mail that is being fetched."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts import clock
from accounts.errors import DomainError
from accounts.permissions import may, permit
from conversations.channels.email import actions
from conversations.channels.email import health as email_health
from conversations.models import (
    BlockedSender,
    Delivery,
    DeliveryState,
    Inbound,
    InboundMail,
    Mailbox,
    MailState,
    SuppressedAddress,
)
from conversations.screens.sentences import sentence
from conversations.screens.settings.mailboxes import place
from conversations.screens.shell import DeskRequest, remember, screen

MOST = 50
"""How many mails or addresses of a kind a page lists, the newest first."""
CODES = {
    "bounce": lazy("Delivery reports"),
    "duplicate": lazy("Duplicates"),
    "loop": lazy("Loops stopped"),
    "own_mail": lazy("Sent by the desk itself"),
    "dismissed": lazy("Dismissed"),
}


@require_safe
@screen
def health(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Everything that is known of how a mailbox fares."""
    permit(request.actor, "mailbox.read")
    remember(request)
    mailbox, at = place.found(public_id), clock.now()
    mails = InboundMail.objects.filter(mailbox=mailbox).select_related("conversation").order_by("-id")
    search = request.GET.get("q", "").strip().lower()
    suppressed = SuppressedAddress.objects.filter(address__contains=search).order_by("-id")
    counts = email_health.ignored(mailbox, at)
    facts: dict[str, Any] = {
        **_status(request, mailbox),
        "quarantine": mails.filter(state=MailState.QUARANTINED)[:MOST],
        "ignored": mails.filter(state=MailState.IGNORED)[:MOST],
        "counts": [(CODES.get(code, code.replace("_", " ").capitalize()), number) for code, number in counts],
        "codes": CODES,
        "failed": Delivery.objects.filter(mailbox=mailbox, state=DeliveryState.FAILED)
        .select_related("conversation")
        .order_by("-id")[:MOST],
        "refusals": email_health.refusals(mailbox),
        "suppressed": suppressed[:MOST],
        "suppressed_count": email_health.suppressed_count(),
        "blocked": BlockedSender.objects.select_related("created_by").order_by("-id")[:MOST],
        "blocked_count": BlockedSender.objects.count(),
        "search": search,
        "may_block": may(request.actor, "sender.block"),
    }
    return render(request, "settings/mailboxes/health.html", facts)


@require_GET
@screen
def status(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """The part of the page that changes while it is open."""
    permit(request.actor, "mailbox.read")
    return render(request, "settings/mailboxes/status.html", _status(request, place.found(public_id)))


@require_POST
@screen
def backfill(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Fetch the mail of the last days."""
    permit(request.actor, "mailbox.manage")
    given = request.POST.get("days", "").strip()
    try:
        days = int(given) if given.isascii() and given.isdigit() else 0
        actions.request_backfill(mailbox=place.found(public_id), days=days, by=request.actor, at=clock.now())
    except DomainError as error:
        messages.error(request, sentence(error))
    else:
        messages.success(request, _("Earlier mail will be fetched. Mails that are here already are left out."))
    return redirect("mailbox-health", request.workspace.slug, public_id)


@require_POST
@screen
def stop_backfill(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Fetch no more earlier mail."""
    actions.cancel_backfill(mailbox=place.found(public_id), by=request.actor, at=clock.now())
    messages.success(request, _("Stopped. What has been fetched stays."))
    return redirect("mailbox-health", request.workspace.slug, public_id)


@require_POST
@screen
def retry(request: DeskRequest, public_id: UUID, mail_id: UUID) -> HttpResponse:
    """Have a quarantined mail read again."""
    actions.retry_mail(mail=_mail(public_id, mail_id), by=request.actor, at=clock.now())
    messages.success(request, _("The mail is being read again."))
    return redirect("mailbox-health", request.workspace.slug, public_id)


@require_POST
@screen
def dismiss(request: DeskRequest, public_id: UUID, mail_id: UUID) -> HttpResponse:
    """Take a quarantined mail off the list."""
    actions.dismiss_mail(mail=_mail(public_id, mail_id), by=request.actor, at=clock.now())
    messages.success(request, _("Dismissed."))
    return redirect("mailbox-health", request.workspace.slug, public_id)


@require_GET
@screen
def original(request: DeskRequest, public_id: UUID, mail_id: UUID) -> FileResponse:
    """A mail as it came in, as a file in which nothing can run."""
    permit(request.actor, "mailbox.read")
    mail = _mail(public_id, mail_id)
    try:
        content = mail.raw.open("rb")
    except FileNotFoundError as error:
        raise Http404("this mail no longer exists") from error
    response = FileResponse(
        content, as_attachment=True, filename=f"mail-{mail.pk}.eml", content_type="application/octet-stream"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _status(request: DeskRequest, mailbox: Mailbox) -> dict[str, Any]:
    return {
        **place.facts(request),
        "mailbox": mailbox,
        "health": email_health.of_mailbox(mailbox, clock.now()),
        "is_fetched": mailbox.inbound == Inbound.IMAP,
    }


def _mail(public_id: UUID, mail_id: UUID) -> InboundMail:
    mail = InboundMail.objects.filter(mailbox=place.found(public_id), public_id=mail_id).first()
    if mail is None:
        raise Http404("no such mail")
    return mail

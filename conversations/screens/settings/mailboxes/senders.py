"""Addresses that get no mail, and senders whose mail is spam. They are of the workspace; pages of mailboxes show them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.errors import DomainError
from accounts.permissions import permit
from conversations.channels.email import actions
from conversations.models import BlockedSender, SuppressedAddress
from conversations.screens.sentences import sentence
from conversations.screens.shell import DeskRequest, screen


@require_POST
@screen
def unsuppress(request: DeskRequest, public_id: UUID, number: int) -> HttpResponse:
    """Send mail to an address again."""
    row = SuppressedAddress.objects.filter(pk=number).first()
    if row is None:
        raise Http404("no such address")
    actions.unsuppress(suppressed=row, by=request.actor, at=clock.now())
    messages.success(request, _("Mail is sent to %(address)s again.") % {"address": row.address})
    return _back(request, public_id)


@require_POST
@screen
def suppress(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Send an address nothing more."""
    permit(request.actor, "mailbox.manage")
    try:
        row = actions.suppress(
            workspace=request.workspace,
            address=request.POST.get("address", ""),
            reason=f"Added by {request.user}.",
            code="member",
            by=request.actor,
            at=clock.now(),
        )
    except DomainError as error:
        messages.error(request, sentence(error))
    else:
        messages.success(request, _("%(address)s gets no mail any more.") % {"address": row.address})
    return _back(request, public_id)


@require_POST
@screen
def block(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Take the mail of an address or a domain for spam."""
    permit(request.actor, "sender.block")
    try:
        row = actions.block_sender(
            workspace=request.workspace, pattern=request.POST.get("pattern", ""), by=request.actor, at=clock.now()
        )
    except DomainError as error:
        messages.error(request, sentence(error))
    else:
        messages.success(request, _("Mail from %(sender)s goes to spam.") % {"sender": row.pattern})
    return _back(request, public_id)


@require_POST
@screen
def unblock(request: DeskRequest, public_id: UUID, number: int) -> HttpResponse:
    """Receive a sender's mail again."""
    row = BlockedSender.objects.filter(pk=number).first()
    if row is None:
        raise Http404("no such sender")
    actions.unblock_sender(sender=row, by=request.actor, at=clock.now())
    messages.success(request, _("Mail from %(sender)s is received again.") % {"sender": row.pattern})
    return _back(request, public_id)


def _back(request: DeskRequest, public_id: UUID) -> HttpResponse:
    return redirect("mailbox-health", request.workspace.slug, public_id)

"""The page behind the link that a Discord bot sends privately: who opens it proves which customer they are, by a code in a mail.

Opening it does nothing, so that programs that preview links use none up. The mail says for whom the code is, and that it is to be typed by
nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View

from accounts import clock, mailing, tenancy
from accounts.errors import Conflict, Invalid
from accounts.models import QueuedMail, Workspace
from accounts.permissions import Actor
from accounts.web.bodies import BodyWanted
from conversations.actions import automatic_mails as budget
from conversations.api.problems import RateLimited
from conversations.channels.discord import actions, links
from conversations.channels.email import automatic
from conversations.models import DiscordLink
from conversations.public import limits, pages
from conversations.queries import mailboxes

LANGUAGE = "en"
FAULTS = {
    "too_many": "Too many attempts. Write !link on Discord to get a new link.",
    "email": "This is not an email address.",
    "code": "This is not the code. Check the last mail.",
    "error_rate": "That was too often. Try again in a minute.",
    "no_mail": "This team cannot confirm identities at the moment.",
}


@method_decorator(pages.throttled, name="dispatch")
class LinkPage(View):
    """The page of one link: first it asks for an address, then for the code that was mailed there."""

    asks_for_body = True
    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found = links.opened(kwargs["token"])
        # The token proves the workspace: no scope can be open yet.
        workspace = Workspace.objects.filter(pk=found.workspace_id).first() if found else None
        if found is None or workspace is None:
            return _gone(request)
        with tenancy.scope(workspace):
            link = DiscordLink.objects.select_related("member").filter(public_id=found.public_id).first()
            if link is None or (link.used_at is None and link.expires_at <= clock.now()):
                return _gone(request)
            return super().dispatch(request, link, workspace)

    def get(self, request: HttpRequest, link: DiscordLink, workspace: Workspace) -> HttpResponseBase:
        """Where the link is: an address is asked for, a code, or nothing more."""
        return _show(request, link, workspace)

    def post(self, request: HttpRequest, link: DiscordLink, workspace: Workspace) -> HttpResponseBase:
        """Mail a code, or check it."""
        if pages.wants_body(request):
            return BodyWanted()
        data = pages.read(request).data
        by, at = Actor.system(workspace.pk, name="Discord"), clock.now()
        try:
            limits.send(request, link.public_id.hex)
            if "code" in data:
                if not actions.confirm_link(link=link, code=data["code"][:40], by=by, at=at):
                    return _show(request, link, workspace, fault="code", status=422)
            elif link.used_at is None:
                email = links.address(data.get("email", "")[:300])
                if not mailboxes.can_send():
                    return _show(request, link, workspace, fault="no_mail", status=503)
                if not budget.may_send(email, at):
                    return _show(request, link, workspace, fault="too_many", status=409)
                actions.send_code(link=link, email=email, by=by, at=at)
                budget.note_sent(workspace.pk, email, "discord", at)
        except RateLimited:
            return _show(request, link, workspace, fault="error_rate", status=429)
        except Invalid:
            return _show(request, link, workspace, fault="email", status=422, asks_again=True)
        except Conflict as error:
            if error.code == "too_many":
                return _show(request, link, workspace, fault=error.code, status=409)
        return pages.redirected(request.path)


@mailing.kind(links.MAIL)
def codes(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
    """The codes of links that are still open."""
    open_ = DiscordLink.objects.select_related("member").filter(used_at=None, expires_at__gt=clock.now())
    found = open_.in_bulk([row.about["link_id"] for row in rows])
    return {row.pk: _mail(link) for row in rows if (link := found.get(row.about["link_id"])) is not None and link.email}


def _mail(link: DiscordLink) -> EmailMessage:
    workspace, code = tenancy.current(), links.code(link)
    return automatic.compose(
        mailboxes.automatic(),
        workspace,
        to=link.email,
        subject=f"{code[:3]} {code[3:]} is your code · {workspace.name}",
        body=(
            f"Your code is {code[:3]} {code[3:]}. Enter it on the page that you opened from Discord. It is good until "
            f"{link.expires_at:%H:%M} UTC.\n\n"
            f"It links the Discord member {link.member.name} with this address at {workspace.name}. If that is not you, ignore this mail, "
            "and give the code to nobody.\n"
        ),
    )


def _show(
    request: HttpRequest,
    link: DiscordLink,
    workspace: Workspace,
    *,
    fault: str = "",
    status: int = 200,
    asks_again: bool = False,
) -> HttpResponse:
    link.refresh_from_db(from_queryset=DiscordLink.objects.select_related("member"))
    if link.used_at is not None:
        fault, status = "", 200  # what was asked for is there
    is_new = asks_again or not link.email or "again" in request.GET
    facts = {
        "workspace": workspace,
        "link": link,
        "step": "done" if link.used_at is not None else "email" if is_new else "code",
        "fault": FAULTS.get(fault, ""),
        "own": request.path,
    }
    return pages.render(request, "discord.html", LANGUAGE, facts, status=status)


def _gone(request: HttpRequest) -> HttpResponse:
    return pages.render(request, "discord_gone.html", LANGUAGE, {}, status=404)

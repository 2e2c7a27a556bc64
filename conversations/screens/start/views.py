"""Get started: from an empty workspace to the first reply, step by step, without leaving the browser."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts import actions as account_actions
from accounts import clock
from accounts import queries as people
from accounts.models import KeyKind
from accounts.permissions import permit, scopes
from conversations import actions
from conversations.actions.entries import Door
from conversations.channels.email import health
from conversations.models import Channel, Conversation, Mailbox, Message, MessageKind, SenderKind
from conversations.queries import conversations as queries
from conversations.screens.shell import DeskRequest, screen, shell

TEST_DOOR = Door(Channel.MANUAL, "get-started")


@dataclass(frozen=True, slots=True)
class Progress:
    """Which steps are done; each is read from what the workspace holds, so that it may be done anywhere."""

    has_colleague: bool
    has_key: bool
    has_conversation: bool
    has_reply: bool


@dataclass(frozen=True, slots=True)
class MailboxStep:
    """How far the workspace is with its first mailbox: done when mail of it is received."""

    mailbox: Mailbox | None
    is_done: bool
    trouble: str = ""


def _mailbox_step() -> MailboxStep:
    found = health.of_workspace(clock.now())
    done = next((one for one in found if one.is_receiving), None)
    if done is not None:
        return MailboxStep(done.mailbox, True)
    return MailboxStep(found[0].mailbox, False, found[0].problem) if found else MailboxStep(None, False)


def _progress(first: Conversation | None) -> Progress:
    return Progress(
        has_colleague=people.has_colleagues(),
        has_key=people.has_working_key(clock.now()),
        has_conversation=first is not None,
        has_reply=Message.objects.filter(kind=MessageKind.MESSAGE, sender_kind=SenderKind.AGENT).exists(),
    )


@require_GET
@screen
def start(request: DeskRequest) -> HttpResponse:
    """The steps, for those who may take them."""
    permit(request.actor, "api_key.create")
    return _page(request)


@require_GET
@screen
def mailbox(request: DeskRequest) -> HttpResponse:
    """The step of the mailbox, for a page that waits for it."""
    permit(request.actor, "api_key.create")
    return render(request, "start/mailbox.html", {**shell(request, "start"), "mail": _mailbox_step()})


@require_POST
@screen
def create_first_key(request: DeskRequest) -> HttpResponse:
    """Create a server key and show it this once, inside a command that can be pasted as it is."""
    _, secret = account_actions.create_key(
        workspace=request.workspace,
        name="First key",
        kind=KeyKind.SERVER,
        scopes=list(scopes()),
        by=request.actor,
        at=clock.now(),
    )
    return _page(request, secret=secret)


@require_POST
@screen
def send_test_message(request: DeskRequest) -> HttpResponse:
    """Receive a first message from a customer who does not exist, and open its conversation."""
    at = clock.now()
    contact = actions.identify(
        workspace=request.workspace,
        external_id="get-started",
        name="Test customer",
        is_trusted=True,
        by=request.actor,
        at=at,
    )
    conversation = actions.start(
        workspace=request.workspace,
        contact=contact,
        subject="A test message",
        door=TEST_DOOR,
        body="Hello! This is a test message from Get started. Reply to it to see how a conversation goes.",
        by=request.actor,
        at=at,
    )
    return redirect("conversation", request.workspace.slug, conversation.number)


def _page(request: DeskRequest, *, secret: str = "") -> HttpResponse:
    first = queries.conversations().for_people().order_by("number").first()
    context = {
        **shell(request, "start"),
        "progress": _progress(first),
        "mail": _mailbox_step(),
        "first": first,
        "secret": secret,
        "public_url": settings.PUBLIC_URL,
    }
    return render(request, "start/page.html", context)

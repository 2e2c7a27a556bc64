"""Get started: from an empty workspace to the first reply, step by step, without leaving the browser."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import actions as account_actions
from accounts import clock
from accounts import queries as people
from accounts.models import KeyKind
from accounts.permissions import permit, scopes
from conversations import actions
from conversations.actions.entries import Door
from conversations.channels.email import health
from conversations.models import Channel, Conversation, Form, Message, MessageKind, SenderKind, Widget
from conversations.queries import conversations as queries
from conversations.screens.shell import DeskRequest, screen, shell

TEST_DOOR = Door(Channel.MANUAL, "get-started")


@dataclass(frozen=True, slots=True)
class Step:
    """A step: whether it is done, and how it stands. Each is read from what the workspace holds, so that it may be done anywhere."""

    name: str
    number: int
    is_done: bool
    state: str = ""


def _steps() -> list[Step]:
    return [
        Step("channel", 1, *_channel()),
        Step("invite", 2, *_invite()),
        Step("test", 3, *_test()),
    ]


def _channel() -> tuple[bool, str]:
    """Whether customers can reach the workspace, and by what, or what is still in the way."""
    boxes = health.of_workspace(clock.now())
    ready = next((one for one in boxes if one.is_receiving), None)
    if ready is not None:
        return True, _("Mail to %(address)s arrives in the inbox.") % {"address": ready.mailbox.address}
    waiting = ""
    if boxes:
        address = {"address": boxes[0].mailbox.address, "problem": boxes[0].problem}
        waiting = _("%(address)s: %(problem)s") if boxes[0].problem else _("%(address)s is being connected …")
        waiting %= address
    if Widget.objects.exists():
        return True, waiting or _("Live chat is ready for your website.")
    if Form.objects.exists():
        return True, waiting or _("A web form is ready.")
    if people.has_working_key(clock.now()):
        return True, waiting or _("Your software can send messages with an API key.")
    return False, waiting


def _invite() -> tuple[bool, str]:
    """Done with the first invitation; who has not accepted yet is named."""
    pending = people.pending_invitations().order_by("-pk").first()
    waiting = _("Invited: %(email)s. They have not joined yet.") % {"email": pending.email} if pending else ""
    return people.has_colleagues(), waiting


def _test() -> tuple[bool, str]:
    """Done with the first reply: then a conversation has gone both ways."""
    if Message.objects.filter(kind=MessageKind.MESSAGE, sender_kind=SenderKind.AGENT).exists():
        return True, _("You have replied to a customer. Everything works.")
    return False, _("A message has arrived. Reply to it.") if _first() is not None else ""


def _first() -> Conversation | None:
    return queries.conversations().for_people().order_by("number").first()


@require_GET
@screen
def start(request: DeskRequest) -> HttpResponse:
    """The steps, for those who may take them."""
    permit(request.actor, "api_key.create")
    return _page(request)


@require_GET
@screen
def state(request: DeskRequest) -> HttpResponse:
    """The marks of the steps, for a page that waits for them; once all are done it need not ask any more."""
    permit(request.actor, "api_key.create")
    steps = _steps()
    # htmx stops to ask when it gets this status.
    status = 286 if all(step.is_done for step in steps) else 200
    return render(
        request, "start/state.html", {**shell(request, "start"), "steps": steps, "first": _first()}, status=status
    )


@require_POST
@screen
def create_first_key(request: DeskRequest) -> HttpResponse:
    """Create a server key and show it this once, inside a command that can be pasted as it is."""
    _key, secret = account_actions.create_key(
        workspace=request.workspace,
        name=_("First key"),
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
        name=_("Test customer"),
        is_trusted=True,
        by=request.actor,
        at=at,
    )
    conversation = actions.start(
        workspace=request.workspace,
        contact=contact,
        subject=_("A test message"),
        door=TEST_DOOR,
        body=_("Hello! This is a test message from Get started. Reply to it to see how a conversation goes."),
        by=request.actor,
        at=at,
    )
    return redirect("conversation", request.workspace.slug, conversation.number)


def _page(request: DeskRequest, *, secret: str = "") -> HttpResponse:
    context = {
        **shell(request, "start"),
        "steps": _steps(),
        "first": _first(),
        "secret": secret,
        "public_url": settings.PUBLIC_URL,
    }
    return render(request, "start/page.html", context)

"""The page on which a customer follows up without an account: the messages of both sides, and what they add."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.http import require_safe

from accounts import clock, tenancy
from accounts.errors import DomainError
from accounts.models import Workspace
from accounts.permissions import Actor, ActorKind
from accounts.text import is_blank
from accounts.web.bodies import BodyWanted
from conversations import actions
from conversations.actions.entries import Door
from conversations.actions.files import MAX_FILES
from conversations.api.problems import RateLimited
from conversations.forms import answers, tokens
from conversations.forms.answers import Fault
from conversations.forms.fields import LONGEST
from conversations.forms.tokens import FollowUp
from conversations.models import Attachment, Channel, Conversation, Message, MessageKind, SenderKind, Status
from conversations.public import limits, pages, promises
from conversations.queries import conversations as queries
from conversations.queries.thread import with_files

MOST = 200
"""Messages that are shown, the latest ones."""
DOOR = Door(Channel.FORM, "follow-up")


class Gone(Exception):
    """The link opens nothing any more."""


def opened(token: str) -> tuple[Workspace, FollowUp]:
    """The workspace of a link. Raises Gone."""
    found = tokens.read_conversation(token)
    # The token proves the workspace: no scope can be open yet.
    workspace = Workspace.objects.filter(pk=found.workspace_id).first() if found and not found.is_over else None
    if found is None or workspace is None:
        raise Gone(found.language if found else "")
    return workspace, found


def conversation_of(found: FollowUp) -> Conversation:
    """The conversation of a link, in the open scope. Raises Gone."""
    rows = Conversation.objects.select_related("contact").filter(public_id=found.public_id)
    if (conversation := rows.first()) is None:
        raise Gone(found.language)
    return conversation


@method_decorator(pages.throttled, name="dispatch")
class FollowUpPage(View):
    """A conversation as its customer sees it: messages of both sides, no notes."""

    asks_for_body = True
    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            workspace, found = opened(kwargs["token"])
            with tenancy.scope(workspace), timezone.override(workspace.time_zone):
                return super().dispatch(request, conversation_of(found), found.language, kwargs["token"])
        except Gone as gone:
            return pages.gone(request, str(gone))

    def get(self, request: HttpRequest, conversation: Conversation, language: str, token: str) -> HttpResponseBase:
        """The conversation."""
        return show(request, conversation, language)

    def post(self, request: HttpRequest, conversation: Conversation, language: str, token: str) -> HttpResponseBase:
        """Add what the customer writes; in a closed conversation it begins one that follows it."""
        if pages.wants_body(request):
            return BodyWanted(files=True)
        sent = pages.read(request)
        if sent.fault:
            return show(
                request, conversation, language, banner=(sent.fault, {}), status=413 if "large" in sent.fault else 400
            )
        text = answers.clean(sent.data.get("message", "")).strip()
        again: dict[str, Any] = {"text": text, "token": sent.data.get("token", ""), "had_files": bool(sent.files)}
        try:
            limits.send(request, conversation.public_id.hex)
        except RateLimited:
            return show(request, conversation, language, banner=("error_rate", {}), status=429, **again)
        if (fault := _fault(text, sent.files)) is not None:
            return show(request, conversation, language, fault=fault, status=422, **again)
        page = tokens.read_page(again["token"], _subject(_place(conversation)))
        if page.fault == "expired":  # sent again from an old page it would be there twice
            return show(request, conversation, language, banner=("error_expired", {}), status=422, **again)
        contact = conversation.contact
        try:
            message = actions.continue_or_receive(
                conversation=conversation,
                body=text,
                uploads=sent.files,
                door=DOOR,
                public_id=page.id_of([text, *(f"{one.name} {one.size}" for one in sent.files)]),
                by=Actor(kind=ActorKind.CONTACT, workspace_id=contact.workspace_id, id=contact.pk, name=contact.name),
                at=clock.now(),
            )
        except OSError:
            return show(request, conversation, language, banner=("error_not_stored", {}), status=503, **again)
        except DomainError:
            return show(request, conversation, language, banner=("error_unreadable", {}), status=422, **again)
        # In one that was joined into another customer's, the link stays their own.
        written_in = message.conversation
        goes_on = written_in.pk != conversation.pk and written_in.contact_id == conversation.contact_id
        link = tokens.of_conversation(written_in, language) if goes_on else token
        return pages.redirected(f"{reverse('follow-up', args=[link])}?sent=1#write")


@require_safe
@pages.throttled
def file(request: HttpRequest, token: str, public_id: UUID) -> HttpResponseBase:
    """A file of a message that the customer sees, as a download in which nothing can run."""
    try:
        workspace, found = opened(token)
        with tenancy.scope(workspace):
            seen = _seen(_place(conversation_of(found)))
            attachment = Attachment.objects.filter(public_id=public_id, message__in=seen).first()
            if attachment is None:
                return pages.gone(request, found.language)
            content = attachment.file.open("rb")
    except (Gone, FileNotFoundError):
        return pages.gone(request)
    response = FileResponse(
        content, as_attachment=True, filename=attachment.name, content_type="application/octet-stream"
    )
    response["Content-Length"] = str(content.file.size)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def show(
    request: HttpRequest,
    conversation: Conversation,
    language: str,
    *,
    text: str = "",
    token: str = "",
    had_files: bool = False,
    fault: Fault | None = None,
    banner: Fault | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, with what was typed and what is wrong with it."""
    conversation = _place(conversation)
    subject = _subject(conversation)
    if tokens.read_page(token, subject).fault == "expired":
        token = tokens.of_page(subject)
    newer = _newest(conversation)
    facts = {
        "workspace": tenancy.current(),
        "conversation": conversation,
        "entries": _entries(conversation, language),
        "is_closed": conversation.status == Status.CLOSED and conversation.joined_into_id is None,
        "newer": reverse("follow-up", args=[tokens.of_conversation(newer, language)]) if newer else "",
        "own": request.path,
        "text": text,
        "token": token,
        "fault": pages.say(language, fault) if fault else "",
        "banner": pages.say(language, banner) if banner else "",
        "had_files": had_files,
        "is_sent": "sent" in request.GET,
        "most_files": MAX_FILES,
        "most_size": answers.size(),
        "longest": LONGEST["message"],
    }
    return pages.render(request, "thread.html", language, facts, status=status)


def _subject(conversation: Conversation) -> str:
    return f"follow {conversation.public_id.hex}"


def _fault(text: str, files: Any) -> Fault | None:
    if is_blank(text) and not files:
        return "error_required", {}
    if len(text) > LONGEST["message"]:
        return "error_too_long", {"most": LONGEST["message"]}
    return answers.fault_of_files(files)


def _entries(conversation: Conversation, language: str) -> list[Message]:
    found = with_files(list(_seen(conversation).order_by("-created_at", "-id")[:MOST])[::-1])
    for message in found:
        message.shown_at = promises.moment(message.created_at, language)  # type: ignore[attr-defined]
    return found


def _place(conversation: Conversation) -> Conversation:
    """Where the messages of a conversation are: in itself, or in the customer's own one into which it was joined."""
    if conversation.joined_into_id is None:
        return conversation
    return queries.with_messages_of(conversation.public_id, conversation.contact) or conversation


def _seen(conversation: Conversation) -> QuerySet[Message]:
    """What the customer sees: their own messages and the team's, never those of others that are in it; only their own where an
    agent joined it into another customer's."""
    rows = Message.objects.filter(kind=MessageKind.MESSAGE)
    if conversation.joined_into_id is None:
        theirs = Q(sender_contact=conversation.contact) | ~Q(sender_kind=SenderKind.CUSTOMER)
        return rows.filter(theirs, conversation=conversation)
    last = conversation
    while last.joined_into is not None:
        last = last.joined_into
    return rows.filter(conversation=last, sender_contact=conversation.contact)


def _newest(conversation: Conversation) -> Conversation | None:
    """The last of those that follow a closed conversation, or have its messages and are the same customer's, if any."""
    last = None
    if conversation.joined_into_id is not None:
        return None
    while (last or conversation).status == Status.CLOSED and not conversation.is_set_aside:
        here = last or conversation
        after = Conversation.objects.filter(follows=here).order_by("-id").first()
        if here.joined_into is not None and here.joined_into.contact_id == here.contact_id:
            after = here.joined_into
        if after is None:
            break
        last = after
    return last

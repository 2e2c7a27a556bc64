"""The calls of the frame. Each makes one call into the verbs of live chat, and answers with what the frame then shows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from accounts import clock, transaction
from accounts.errors import Conflict, Invalid, NotFound
from accounts.live.responses import LiveContext, LiveResponse
from conversations.actions.files import MAX_FILES
from conversations.api.problems import RateLimited
from conversations.channels.chat import answers, door, limits, paging
from conversations.channels.chat.bodies import Body
from conversations.channels.chat.door import Call, Needs, Weight
from conversations.channels.chat.shapes import Shapes
from conversations.chat import actions, live, presence, proofs, queries, sessions, typing
from conversations.chat.access import ChatAccess
from conversations.chat.actions import SessionEnded
from conversations.chat.actions.writing import LONGEST_TEXT
from conversations.models import ChatSession, Conversation, Message

HONEYPOT = "_hp"
LONGEST_PAGE = 2000
SECRETS = range(32, 129)
"""How long the secret of a browser may be, from which the token of its session is made."""


@door.call("POST", needs=Needs.ANY)
def begin(call: Call) -> HttpResponse:
    """What the visitor has, when a page is opened. No row is made."""
    at = clock.now()
    shown: dict[str, Any] = {"session": None, "conversations": [], "unread": 0}
    if call.session is not None:
        sessions.note_use(call.session, _page(call.body), at)
        shown = _overview(call, call.session)
    return answers.json({**shown, "online": presence.online(call.widget, at)})


@door.call("POST", Weight.IDENTIFY, needs=Needs.NOTHING)
def identify(call: Call) -> HttpResponse:
    """Who the visitor is. With a proof, the session is another one from now on; without, they are described."""
    at = clock.now()
    identity = proofs.read(call.widget, call.body.data, at=at)
    token: str | None = call.token if call.session is not None else None
    session = call.session
    if identity.is_signed:
        opened = actions.identify_visitor(
            widget=call.widget,
            identity=identity,
            session=session,
            language=call.language,
            page=_page(call.body),
            by=sessions.visitor(call.widget),
            at=at,
        )
        session, token = opened.session, opened.token or token
    elif session is not None:
        session = actions.describe_visitor(session=session, identity=identity, by=call.by, at=at)
    elif call.token:
        raise SessionEnded("this session has ended")
    if session is None:
        return answers.json({"token": None, "session": None, "conversations": [], "unread": 0})
    return answers.json({"token": token, **_overview(call, session)})


@door.call("POST", Weight.SIGNAL)
def end(call: Call) -> HttpResponse:
    """The visitor leaves: their token opens nothing any more."""
    actions.end_session(session=call.own, by=call.by, at=clock.now())
    return HttpResponse(status=204)


@door.call("GET")
def list_conversations(call: Call) -> HttpResponse:
    """The visitor's conversations, the latest first."""
    sessions.note_use(call.own, "", clock.now())
    rows, following = paging.conversations(call.own, call.request.GET.get("before", ""))
    shapes = _shapes(call)
    return answers.json({"conversations": shapes.conversations(rows), "next": following, "unread": shapes.unread})


@door.call("POST", Weight.WRITE, needs=Needs.ANY, takes_files=True)
def start_conversation(call: Call) -> HttpResponse:
    """The first message of a conversation, and of a visitor. A repeat with the same ids gets the same answer."""
    body = call.body
    _check_is_person(body)
    first = body.object("message")
    given: dict[str, Any] = {
        "body": _text(body, first),
        "uploads": _files(call),
        "fields": body.object("fields"),
        "page": _page(body),
        "public_id": _id(body.data.get("id"), "id"),
        "message_public_id": _id(first.get("id"), "message.id"),
        "at": clock.now(),
    }
    stated = _stated(call)
    token = _token_to_be(call)
    session = call.session or (sessions.find(call.widget, token) if token else None)

    if session is None or not session.is_verified:
        _check_asked(call, session, stated)
    try:
        begun = transaction.repeat(partial(_begun, call, session, stated, token, given))
    except Conflict as error:
        if error.code != "taken":
            raise
        # A repeat of the request was faster.
        session = sessions.find(call.widget, token or "")
        if session is None:
            raise SessionEnded("this session has ended") from error
        begun = transaction.repeat(partial(_begun, call, session, stated, token, given))
    session, message, opened = begun
    shapes = Shapes(call.widget, session, call.language)
    row = queries.conversation_of(session, message.conversation.public_id)
    rows, _ = paging.messages(row, None)
    return answers.json({
        **({"token": opened or token} if call.session is None else {}),
        "conversation": shapes.conversation(row),
        "messages": shapes.messages(row, rows),
    })  # fmt: skip


conversations = door.by_method(get=list_conversations, post=start_conversation)


@door.call("GET")
def conversation(call: Call, public_id: UUID) -> HttpResponse:
    """A conversation with a page of its messages, the latest ones or those before one."""
    row = queries.conversation_of(call.own, public_id)
    before = call.request.GET.get("before", "")
    rows, has_more = paging.messages(row, _id(before, "before") if before else None)
    shapes = _shapes(call)
    shown = {"conversation": shapes.conversation(row), "messages": shapes.messages(row, rows), "has_more": has_more}
    return answers.json(shown)


@door.call("POST", Weight.WRITE, takes_files=True)
def write(call: Call, public_id: UUID) -> HttpResponse:
    """The visitor's next message. In a closed conversation it begins a new one, which is then the answer's."""
    body = call.body
    _check_is_person(body)
    message = actions.write(
        session=call.own,
        conversation=queries.conversation_of(call.own, public_id),
        body=_text(body, body.data),
        uploads=_files(call),
        page=_page(body),
        public_id=_id(body.data.get("id"), "id"),
        by=call.by,
        at=clock.now(),
    )
    row = _shown(call, message.conversation, public_id)
    shapes = _shapes(call)
    return answers.json({"message": shapes.messages(row, [message])[0], "conversation": shapes.conversation(row)})


@door.call("POST", Weight.SIGNAL)
def seen(call: Call, public_id: UUID) -> HttpResponse:
    """The visitor has seen a conversation up to a message."""
    row = queries.conversation_of(call.own, public_id)
    named = _id(call.body.data.get("message"), "message")
    message = queries.shown(row).filter(public_id=named).first()
    if message is None:
        raise NotFound("there is no such message")
    actions.mark_seen(conversation=row, message=message, by=call.by, at=clock.now())
    return answers.json({"unread": sum(queries.unread(call.own).values())})


@door.call("POST", Weight.SIGNAL)
def is_typing(call: Call, public_id: UUID) -> HttpResponse:
    """The visitor is writing."""
    typing.customer_is_typing(queries.conversation_of(call.own, public_id))
    return HttpResponse(status=204)


@door.call("POST", Weight.WRITE)
def resolve(call: Call, public_id: UUID) -> HttpResponse:
    """The visitor needs no more help."""
    row = queries.conversation_of(call.own, public_id)
    actions.resolve_as_customer(conversation=row, by=call.by, at=clock.now())
    return _conversation(call, public_id)


@door.call("POST", Weight.WRITE)
def reopen(call: Call, public_id: UUID) -> HttpResponse:
    """The visitor needs help after all."""
    row = queries.conversation_of(call.own, public_id)
    actions.reopen_as_customer(conversation=row, by=call.by, at=clock.now())
    return _conversation(call, public_id)


@door.call("POST", Weight.WRITE)
def decide(call: Call, public_id: UUID) -> HttpResponse:
    """A quick reply to what the assistant asks."""
    row = queries.conversation_of(call.own, public_id)
    proposal = _id(call.body.data.get("proposal"), "proposal")
    actions.decide_in_chat(
        conversation=row, proposal_id=proposal, approved=call.body.flag("approved"), by=call.by, at=clock.now()
    )
    row = queries.conversation_of(call.own, public_id)
    shapes = _shapes(call)
    rows, _ = paging.messages(row, None)
    return answers.json({"conversation": shapes.conversation(row), "messages": shapes.messages(row, rows)})


@door.call("POST", Weight.WRITE)
def transcript(call: Call, public_id: UUID) -> HttpResponse:
    """The conversation by mail, to the address that is known, or to the one that the visitor states."""
    row = queries.conversation_of(call.own, public_id)
    limits.transcript(call.own)
    stated = _stated(call)
    email = actions.request_transcript(conversation=row, email=stated.email, by=call.by, at=clock.now())
    return answers.json({"email": email})


@door.call("GET")
def stream(call: Call) -> HttpResponse:
    """What changes in the visitor's conversations, as it happens; ids alone."""
    session = call.own
    facts = {"workspace_id": session.workspace_id, "contact_id": session.contact_id, "session_id": session.pk}
    if live.has_many(**facts):
        raise RateLimited(wait=20)

    async def follow(context: LiveContext) -> AsyncIterator[bytes | HttpResponse]:
        async for piece in live.follow(context, **facts, is_verified=session.is_verified):
            yield piece

    return LiveResponse(follow, access=ChatAccess(session.pk))


@csrf_exempt
def missing(request: HttpRequest, key: str, rest: str) -> HttpResponse:
    """Any other address."""
    return answers.refused(404, "not_found", "There is nothing at this address.")


# --- Parts --------------------------------------------------------------------------------------


def _shapes(call: Call) -> Shapes:
    return Shapes(call.widget, call.own, call.language)


def _overview(call: Call, session: ChatSession) -> dict[str, Any]:
    """The session with the first page of its conversations."""
    rows, _ = paging.conversations(session, "")
    shapes = Shapes(call.widget, session, call.language)
    contact = session.contact
    return {
        "session": {"contact": {"name": contact.name, "email": contact.email}, "is_verified": session.is_verified},
        "conversations": shapes.conversations(rows),
        "unread": shapes.unread,
    }


def _conversation(call: Call, public_id: UUID) -> HttpResponse:
    return answers.json({"conversation": _shapes(call).conversation(queries.conversation_of(call.own, public_id))})


def _shown(call: Call, written_in: Conversation, named: UUID) -> Conversation:
    """Where the visitor sees their message: where it is, or else the conversation that they wrote to."""
    try:
        return queries.conversation_of(call.own, written_in.public_id)
    except NotFound:
        return queries.conversation_of(call.own, named)


def _check_is_person(body: Body) -> None:
    if body.data.get(HONEYPOT):
        raise Invalid("this cannot be sent", code="invalid_request")


def _id(value: object, field: str) -> UUID:
    found = sessions.as_uuid(value)
    if found is None:
        raise Invalid(f"{field} must be a UUID", field=field)
    return found


def _text(body: Body, within: Mapping[str, Any]) -> str:
    return body.text("text", longest=LONGEST_TEXT, within=within).strip()


def _page(body: Body) -> str:
    return body.loose("page", longest=LONGEST_PAGE)


def _files(call: Call) -> Any:
    files = call.body.files
    if files and not call.widget.accepts_files:
        raise Invalid("this widget takes no files", field="files", code="files_not_accepted")
    if len(files) > MAX_FILES:
        raise Invalid(f"at most {MAX_FILES} files", field="files", code="too_many_files")
    if any(not file.size for file in files):
        raise Invalid("an attached file is empty", field="files", code="file_empty")
    return files


def _stated(call: Call) -> proofs.Identity:
    """What the visitor says of themselves before the first message. Raises Invalid for an address that is none."""
    name = call.body.text("name", longest=proofs.LONGEST["name"]).strip()
    email = call.body.text("email", longest=10_000).strip()
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            raise Invalid("this is not an email address", field="email", code="invalid_email") from error
        if len(email) > proofs.LONGEST["email"]:
            raise Invalid("this is not an email address", field="email", code="invalid_email")
    described = {**call.body.object("identity"), "name": name or None, "email": email or None}
    return proofs.stated({name: value for name, value in described.items() if value is not None})


def _check_asked(call: Call, session: ChatSession | None, stated: proofs.Identity) -> None:
    """Raises Invalid where the widget requires a name or an address that is not known."""
    for name in ("name", "email"):
        known = getattr(stated, name) or (getattr(session.contact, name) if session is not None else "")
        if call.widget.standard.get(name) == "required" and not known:
            raise Invalid(f"{name} is required", field=name, code="required")


def _token_to_be(call: Call) -> str | None:
    """The token of a session that is about to begin, from the browser's own secret, so that a repeat gets it again."""
    secret = call.body.text("secret", longest=10_000)
    if secret and len(secret) not in SECRETS:
        raise Invalid("secret has 32 to 128 characters", field="secret")
    if call.session is not None or not secret:
        return None
    return sessions.token_of(call.widget, secret)


def _begun(
    call: Call, session: ChatSession | None, stated: proofs.Identity, token: str | None, given: dict[str, Any]
) -> tuple[ChatSession, Message, str | None]:
    """The conversation with its first message, and the session that it began in, all or nothing."""
    at = given["at"]
    with transaction.whole():
        opened: str | None = None
        if session is None:
            by, page = sessions.visitor(call.widget), given["page"]
            started = actions.start_session(
                widget=call.widget, identity=stated, token=token, language=call.language, page=page, by=by, at=at
            )
            session, opened = started.session, started.token
        elif not session.is_verified and (stated.name or stated.email):
            by = sessions.visitor(call.widget, session.contact)
            session = actions.describe_visitor(session=session, identity=stated, by=by, at=at)
        by = sessions.visitor(call.widget, session.contact)
        return session, actions.start_conversation(session=session, by=by, **given), opened

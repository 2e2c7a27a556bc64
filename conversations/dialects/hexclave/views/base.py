"""What the calls share: the order of checks, reading requests, and finishing answers."""

from __future__ import annotations

import io
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import orjson
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from accounts.credentials.authentication import Grant
from accounts.credentials.identity import Customer
from accounts.models import Workspace
from accounts.web.bodies import is_pending
from conversations import actions
from conversations.actions import locking
from conversations.api import cors, idempotency
from conversations.api.json_bodies import JSONParser, JSONRenderer
from conversations.api.views import SAFE, DialectViewSet
from conversations.dialects.hexclave import HEADERS, TITLE, answers, headers, inputs, reads
from conversations.dialects.hexclave.auth import Caller
from conversations.dialects.hexclave.error_bodies import ERROR_BODIES
from conversations.dialects.hexclave.errors import NO_CONVERSATION, KnownError, StatusError, Violations
from conversations.dialects.hexclave.openapi import HexclaveSchema
from conversations.dialects.hexclave.rules import MISSING, Rule, Shape
from conversations.models import Contact, Conversation
from conversations.queries import newest, search
from conversations.texts.validation import can_be_kept


class HexclaveRenderer(JSONRenderer):
    """JSON in UTF-8, indented for people who read it in a browser."""

    charset = "utf-8"  # type: ignore[assignment]  # the stubs know JSON without one alone

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        request = (renderer_context or {}).get("request")
        is_read_by_people = request is not None and "text/html" in request.headers.get("Accept", "")
        return orjson.dumps(data, option=orjson.OPT_INDENT_2 if is_read_by_people else None)


class Checked(NamedTuple):
    """A request whose schema has been checked: its query and its body, cast and trimmed."""

    query: dict[str, Any]
    body: dict[str, Any]


class HexclaveViewSet(DialectViewSet):
    """The checks come in the documented order: body, headers, schema, project, conversation, rule."""

    tag = TITLE
    error_bodies = ERROR_BODIES
    own_headers = HEADERS
    schema = HexclaveSchema()
    renderer_classes = (HexclaveRenderer,)
    last: ClassVar[str] = reads.AGENTS
    """Which of a conversation's last messages this audience sees."""

    names_project: ClassVar[bool] = False
    """Whether the call names its project."""

    sent: Any = MISSING

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "OPTIONS":
            return headers.finish(request, cors.preflight(HEADERS))
        response = super().dispatch(request, *args, **kwargs)
        if response.status_code == 405:
            response["Allow"] = ", ".join(sorted({*map(str.upper, self.action_map), "OPTIONS"}))
        return headers.finish(request, response)

    def perform_authentication(self, request: Request) -> None:
        if is_pending(request._request):
            super().perform_authentication(
                request
            )  # The body arrives later; callers who may not send one are refused now.
            return
        self.check_size(request)
        if request.method not in SAFE:
            self.sent = _body(request._request)
        super().perform_authentication(request)

    def claim(self, request: Request) -> idempotency.Record | None:
        caller, workspace = self.caller, self.workspace
        if caller is None or workspace is None:
            return None
        return idempotency.begin(
            request._request,
            caller.grant,
            workspace_id=workspace.pk,
            user_id=caller.operator.pk if caller.operator else None,
            identity=caller.person.external_id if caller.person else "",
            at=self.at,
        )

    @property
    def caller(self) -> Caller | None:
        caller = self.request.auth
        return caller if isinstance(caller, Caller) else None

    @property
    def workspace(self) -> Workspace | None:
        """The caller's workspace; None where the call has named none yet."""
        return self.key_grant.workspace if self.key_grant else None

    @property
    def key_grant(self) -> Grant | None:
        return self.caller.grant if self.caller else None

    def read(
        self, *, query: Shape = inputs.NO_QUERY, body: Rule | None = None, conversation_id: str | None = None
    ) -> Checked:
        """The request's query and body as its schema has them. Raises Violations with all that is wrong."""
        lines = [*self.person_faults()]
        if conversation_id is not None:
            inputs.PATH.check({"conversationId": conversation_id}, "params", lines)
        asked = query.check(self.named(dict(self.request.query_params.items())), "query", lines)
        checked_body = body.check(self.named(self.sent), "body", lines) if body is not None else {}
        if lines:
            raise Violations(lines)
        return Checked(asked, checked_body)

    def person_faults(self) -> Sequence[str]:
        """Errors in the caller's headers, as lines of the schema."""
        return []

    def named(self, sent: Any) -> Any:
        """The input with the project's other names replaced by the one in the schema."""
        return sent

    # --- Rows -----------------------------------------------------------------------------------

    def identify(self, person: Customer) -> Contact:
        """The contact in the access token, created if need be."""
        assert self.workspace is not None  # a person is known by the workspace's own secret
        return actions.identify(
            workspace=self.workspace,
            external_id=person.external_id,
            email=person.email or None,
            name=person.name or None,
            identity_source="token",
            is_email_verified=person.is_email_verified,
            by=self.actor,
            at=self.at,
        )

    def page(self, query: Mapping[str, str], status: str | None, contact: Contact | None) -> answers.Listed:
        """A page of the conversations that people handle: of a status, and of a contact.

        With a `query`, of those in whose subject, last message, or contact's name or email the text occurs.
        """
        start, limit = inputs.window(query)
        wanted = query.get("query", "").strip()
        if not wanted:
            listed = reads.page.rows(self.last, status, start, limit, contact=contact.pk if contact else None)
            return answers.Listed(listed[:limit], has_more=len(listed) > limit)
        if not can_be_kept(wanted):
            return answers.Listed((), has_more=False)
        among = {"contact": contact.pk if contact else None}
        rows = newest.Listed(reads.chosen, f"{self.last}_at", (self.last, status), among)
        found = newest.newest(rows, search.containing(wanted, self.last), start + limit + 1, start)
        return answers.Listed(found[:limit], has_more=len(found) > limit)

    def locked(self, conversation_id: str, visible_to: Contact | None = None) -> Conversation:
        """The conversation of that id with its contact alone, held for a writing call. Raises StatusError where there is none."""
        contact_id = visible_to.pk if visible_to else None
        return found(locking.found(public_id=uuid.UUID(conversation_id), visible_to=contact_id))


def found(row: Conversation | None) -> Conversation:
    """The row. Raises StatusError where the caller has none."""
    if row is None:
        raise StatusError(404, NO_CONVERSATION)
    return row


def _body(request: HttpRequest) -> Any:
    """The JSON value of the body, or MISSING for an empty one. Raises ParseError or the known error for anything else."""
    raw = request.body
    if not raw:
        return MISSING
    kind = (request.content_type or "").split(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise KnownError("BODY_PARSING_ERROR")
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        # The strict parser names a value that cannot be stored. Its limit on nesting is left to the schemas.
        return JSONParser().parse(io.BytesIO(raw))

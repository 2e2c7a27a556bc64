"""The view set that every wire format derives from: credentials, permissions, scope, transaction, idempotency and errors."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial, wraps
from typing import Any, ClassVar, NoReturn

from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.viewsets import ViewSet

from accounts import clock, tenancy
from accounts.credentials.authentication import Grant
from accounts.live.access import KeyAccess
from accounts.permissions import Actor
from accounts.transaction import repeat, whole
from accounts.web import bodies
from conversations.api import cors, end_user, idempotency, problems
from conversations.api.end_user import EndUser
from conversations.api.error_bodies import ErrorBodies
from conversations.api.headers import Headers
from conversations.api.json_bodies import JSONParser, JSONRenderer, TakeFirst
from conversations.api.limits import CallRate
from conversations.api.permissions import FromAllowedOrigin, HasScope
from conversations.api.schema import DialectSchema

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class DialectViewSet(ViewSet):
    """One family of documented paths.

    A subclass gives `error_bodies`, `authentication_classes` and `scopes` (action name → the scope a key needs), and
    actions of about ten lines: parse, one verb or query, render. Inside an action the workspace's scope is open,
    `self.actor` acts, `self.at` is the moment of the request, and a writing request runs in one transaction which an
    error rolls back whole.
    """

    error_bodies: ClassVar[ErrorBodies]
    scopes: ClassVar[Mapping[str, str]] = {}
    own_headers: ClassVar[Headers] = Headers()
    permission_classes: tuple[type[BasePermission], ...] = (FromAllowedOrigin, HasScope)
    throttle_classes: tuple[type[BaseThrottle], ...] = (CallRate,)
    # Off where the answer holds a secret, which would otherwise be in the database for a day.
    is_idempotent: ClassVar[bool] = True
    # Keys of an answer with secrets: a repeated request gets them only with the proven identity of the first.
    secrets: ClassVar[frozenset[str]] = frozenset()
    # Temporary refusals, which are not stored: a repeated request is tried again.
    temporary: ClassVar[frozenset[int]] = frozenset({402, 429})
    parser_classes = (JSONParser,)
    renderer_classes = (JSONRenderer,)
    # See accounts/web/bodies.py.
    asks_for_body = True
    content_negotiation_class = TakeFirst
    metadata_class = None
    schema = DialectSchema()

    # What the live answer to the first of these requests followed: the action follows it again, and does nothing else.
    followed: idempotency.Followed | None = None

    _stack: ExitStack
    _record: idempotency.Record | None = None
    _savepoint: str | None = None
    _is_transaction_open = False

    @classmethod
    def as_view(cls, actions: Any = None, **initkwargs: Any) -> Any:
        """A call whose transaction PostgreSQL aborted is repeated from the start, by a new view."""
        view: Any = super().as_view(actions, **initkwargs)

        @wraps(view)
        def repeated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response: HttpResponseBase = repeat(partial(view, request, *args, **kwargs))
            return response

        return repeated

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if cors.is_preflight(request):
            return cors.preflight(self.own_headers)
        self.at = clock.now()
        with ExitStack() as self._stack:
            response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
            if self._record is not None and response.status_code in self.temporary:
                idempotency.drop(self._record)
            elif self._record is not None:
                if isinstance(response, Response):
                    response.render()
                idempotency.keep(self._record, response, self.own_headers)
        cors.allow(request, response, self.own_headers)
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the call's method, credential, permissions, rate and size, then open the transaction."""
        if self.action is None or self.action == "metadata":
            raise MethodNotAllowed(request.method or "")
        super().initial(request, *args, **kwargs)
        if bodies.is_pending(request._request):
            raise bodies.Pending
        self.check_size(request)
        self.open_transaction(request)

    def perform_authentication(self, request: Request) -> None:
        """Authenticate, and open the scope of the key's workspace."""
        super().perform_authentication(request)
        if (grant := self.key_grant) is not None:
            self._stack.enter_context(tenancy.scope(grant.workspace))

    def throttled(self, request: Request, wait: float) -> NoReturn:
        raise problems.RateLimited(int(wait))

    def check_size(self, request: Request) -> None:
        """Raises TooLarge for a body over the limit, which the web front may have dropped already."""
        if bodies.TOO_LARGE in request.META:
            raise problems.TooLarge
        if request.method not in SAFE:
            _ = request._request.body  # raises RequestDataTooBig

    def open_transaction(self, request: Request) -> None:
        """One transaction for a writing request; inside it, a savepoint when the answer is kept for repeats."""
        if request.method in SAFE:
            return
        self._stack.enter_context(whole())
        self._is_transaction_open = True
        if not self.is_idempotent:
            return
        record = self.claim(request)
        if record is None:
            return
        self.followed = record.followed
        if self.followed is None:
            self._record, self._savepoint = record, transaction.savepoint()

    def claim(self, request: Request) -> idempotency.Record | None:
        """Claim the request's Idempotency-Key for its caller, or raise Replay; None for a request without one."""
        return idempotency.begin(
            request._request,
            self.grant,
            workspace_id=self.grant.workspace.pk,
            user_id=None,
            identity=self.end_user.identity,
            secrets=self.secrets,
            at=self.at,
        )

    def handle_exception(self, exc: Exception) -> HttpResponseBase:  # type: ignore[override]  # plain responses too
        """Answer with the format's error body and undo what the request did; a bug goes on to the 500 handler."""
        if isinstance(exc, idempotency.Replay):
            return exc.response
        if isinstance(exc, bodies.Pending):
            return bodies.BodyWanted()
        problem = problems.of(exc)
        if problem is None:
            raise exc
        self.undo()
        return self.error_bodies.response(problem, self.request._request)

    def undo(self) -> None:
        """Roll back what the action did; a claimed Idempotency-Key stays, to keep the answer."""
        if self._savepoint is not None:
            transaction.set_rollback(False)  # a verb may have asked for more, which the savepoint is enough for
            transaction.savepoint_rollback(self._savepoint)
        elif self._is_transaction_open:
            transaction.set_rollback(True)

    @property
    def key_grant(self) -> Grant | None:
        """The grant of the call's key; None for a call without one."""
        grant = self.request.auth
        return grant if isinstance(grant, Grant) else None

    @property
    def grant(self) -> Grant:
        grant = self.key_grant
        assert grant is not None
        return grant

    @property
    def counted(self) -> int | None:
        """The number by which the call is rate limited: a key's, or minus a person's; None for no limit."""
        return self.grant.key.pk

    @property
    def actor(self) -> Actor:
        return self.grant.actor

    @property
    def access(self) -> KeyAccess:
        """The key and scope of the call, by which a live response is checked again."""
        return KeyAccess.of(self.grant, self.scopes[self.action or ""])

    @property
    def end_user(self) -> EndUser:
        """The end user on whose behalf the key calls."""
        return end_user.of(self.request._request, self.grant)

"""How every call of the frame comes in: the widget of its key, from where it may be called, how often, and with which session."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from typing import Any, cast

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from accounts import errors as domain
from accounts import tenancy
from accounts.log_context import about
from accounts.permissions import Actor
from accounts.web import bodies as arriving
from accounts.web.bodies import BodyWanted
from conversations.api import outages
from conversations.api.problems import RateLimited
from conversations.channels.chat import answers, bodies, limits, origins, pages
from conversations.channels.chat.bodies import Body
from conversations.chat import queries, sessions
from conversations.chat.actions import SessionEnded
from conversations.chat.proofs import NotProven
from conversations.models import ChatSession, Widget

logger = logging.getLogger(__name__)

_BEARER = "bearer "


class Needs(Enum):
    """What a call needs of a session."""

    SESSION = "session"
    ANY = "a token that is given must open one"
    NOTHING = "one that has ended is as none"


class Weight(Enum):
    """What a call counts as."""

    READ = "read"
    SIGNAL = "signal"
    WRITE = "write"
    IDENTIFY = "identify"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was let in. `session` is the visitor's, if they have one; `token` what it was opened with."""

    request: HttpRequest
    widget: Widget
    session: ChatSession | None
    token: str
    language: str
    body: Body

    @property
    def own(self) -> ChatSession:
        """The session of a call that needs one. Raises SessionEnded."""
        if self.session is None:
            raise SessionEnded("there is no session")
        return self.session

    @property
    def by(self) -> Actor:
        """The visitor who acts."""
        return sessions.visitor(self.widget, self.session.contact if self.session else None)


Answer = Callable[..., HttpResponseBase]
View = Callable[..., HttpResponseBase]


def call(
    method: str, weight: Weight = Weight.READ, *, needs: Needs = Needs.SESSION, takes_files: bool = False
) -> Callable[[Answer], View]:
    """A function that answers a call, as a view: with every refusal and failure as JSON."""

    def decorate(answer: Answer) -> View:
        @wraps(answer)
        def view(request: HttpRequest, key: str, **given: Any) -> HttpResponseBase:
            try:
                response = _answered(request, key, answer, given, method, weight, needs, takes_files)
            except Exception as error:
                response = _failed(request, error)
            response._has_been_logged = True  # type: ignore[attr-defined]  # Django logs the path of what it refuses
            if not response.has_header("Cache-Control"):
                response["Cache-Control"] = "no-store, private"
            patch_vary_headers(response, ["Origin", "Authorization"])
            return response

        return _let_in(view)

    return decorate


class _Asks:
    """Tells the web front's middleware that these views ask for their bodies themselves."""

    asks_for_body = True


def by_method(**views: View) -> View:
    """One address with a call for each method."""

    def view(request: HttpRequest, key: str, **given: Any) -> HttpResponseBase:
        chosen = views.get((request.method or "").lower())
        if chosen is None:
            return _not_allowed(views)
        return chosen(request, key=key, **given)

    return _let_in(view)


def _let_in(view: View) -> View:
    exempt: Any = csrf_exempt(view)  # no cookie says who somebody is, so that there is nothing to forge
    exempt.view_class = _Asks
    return cast(View, exempt)


def _answered(
    request: HttpRequest,
    key: str,
    answer: Answer,
    given: dict[str, Any],
    method: str,
    weight: Weight,
    needs: Needs,
    takes_files: bool,
) -> HttpResponseBase:
    if request.method != method:
        return _not_allowed([method.lower()])
    widget = queries.find(key)
    if widget is None:
        return answers.refused(404, "widget_gone", "There is no such widget.")
    if not origins.may_call(request, widget):
        return answers.refused(403, "origin_not_allowed", "This website may not use this widget.")
    with tenancy.scope(widget.workspace), about({"widget": widget.pk}):
        token = _token(request)
        session = sessions.find(widget, token) if token else None
        if session is not None:
            request.META[arriving.KNOWN] = True
        if arriving.ASKED not in request.META:
            _count(request, widget, session, weight)
        if session is None and (needs is Needs.SESSION or (token and needs is Needs.ANY)):
            raise SessionEnded("this session has ended")
        if arriving.is_pending(request) and arriving.TOO_LARGE not in request.META:
            return BodyWanted(files=takes_files and widget.accepts_files and bodies.has_files(request))
        body = bodies.read(request) if method == "POST" else Body({})
        language = session.language if session is not None else ""
        call = Call(request, widget, session, token, language or pages.language_of(request, widget), body)
        return answer(call, **given)


def _count(request: HttpRequest, widget: Widget, session: ChatSession | None, weight: Weight) -> None:
    if weight is Weight.WRITE:
        limits.write(request, widget, session)
    elif weight is Weight.IDENTIFY:
        limits.identify(request, widget, session)
    elif weight is Weight.SIGNAL:
        limits.signal(request, session)
    else:
        limits.read(request, session)


def _token(request: HttpRequest) -> str:
    given = request.headers.get("Authorization", "")
    return given[len(_BEARER) :].strip() if given[: len(_BEARER)].lower() == _BEARER else ""


def _not_allowed(methods: Any) -> HttpResponse:
    response = answers.refused(405, "method_not_allowed", "This address takes other methods.")
    response["Allow"] = ", ".join(sorted(name.upper() for name in methods))
    return response


def _failed(request: HttpRequest, error: Exception) -> HttpResponse:
    """An error as JSON. What is nobody's fault but the desk's is logged."""
    match error:
        case RateLimited():
            response = answers.refused(429, "rate_limited", "Too many requests. Try again in a moment.")
            response["Retry-After"] = str(error.wait)
            return response
        case SessionEnded():
            return answers.refused(401, error.code, "This session has ended.")
        case NotProven():
            return answers.refused(401, error.code, domain.sentence(error), error.field)
        case domain.NotFound():
            return answers.refused(404, "not_found", "There is no such conversation.")
        case domain.Conflict():
            return answers.refused(409, error.code, domain.sentence(error), error.field)
        case domain.UsedUp():
            return answers.refused(429, error.code, domain.sentence(error))
        case domain.Forbidden():
            return answers.refused(403, error.code, domain.sentence(error))
        case domain.DomainError():
            return answers.invalid(error)
        case bodies.TooLarge() | RequestDataTooBig():
            return answers.refused(413, "too_large", "This is too large.")
    if (outage := outages.of(error)) is not None:
        code = "not_stored" if isinstance(error, OSError) else outage.code
        response = answers.refused(outage.status, code, outage.message)
        for name, value in outage.headers.items():
            response[name] = value
        return response
    if isinstance(error, OSError):
        logger.warning("chat_not_stored error=%s", type(error).__name__)
        return answers.refused(503, "not_stored", "This could not be stored. Try again in a moment.")
    logger.error("chat_call_failed path=%s", request.path.partition("/api/")[2][:40], exc_info=error)
    return answers.refused(500, "internal_error", "The request could not be finished.")

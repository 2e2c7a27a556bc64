"""The webhook of a mailbox: whatever is posted to it is answered, and what was not kept is asked for again."""

from __future__ import annotations

import logging
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from accounts import clock, outbox, sealed, tenancy
from accounts.log_context import about
from accounts.permissions import Actor
from accounts.web import bodies
from accounts.web.bodies import BodyWanted
from conversations.api.limits import Buckets
from conversations.api.problems import RateLimited
from conversations.channels.email import receiving, refusing, servers
from conversations.channels.email.ingress import providers, settling, signatures
from conversations.channels.email.ingress.brought import Brought, NotUnderstood, Refused
from conversations.channels.email.ingress.calls import Call
from conversations.channels.email.ingress.fetching import Unreachable
from conversations.mail.limits import RAW
from conversations.models import InboundMail, Mailbox, MailboxState, MailSource

logger = logging.getLogger(__name__)

LARGEST = 2 * RAW + 4 * 1024 * 1024
"""Bytes of a call: some providers send a mail beside its parts."""
TOO_LARGE = "A call of the webhook was larger than a mail may be. The provider still has the mail, for some days."
UNKNOWN = "The webhook got something that is neither a mail nor a call of a provider that the desk knows."
AGAIN = 30  # seconds
calls = Buckets(600, at_once=300)
"""Calls for one mailbox in a minute, in each web process."""


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class Ingress(View):
    """`POST /mail/ingress/SECRET`, also with the name of the provider behind it."""

    asks_for_body = True
    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except (OSError, OperationalError, InterfaceError, Unreachable) as error:
            logger.warning("ingress_unavailable error=%s", type(error).__name__)
            return _answer(503, "The desk cannot keep this at present. Send it again.", wait=AGAIN)

    def get(self, request: HttpRequest, secret: str, provider: str = "") -> HttpResponseBase:
        """Some providers look whether the address exists before they use it."""
        _mailbox(secret, provider)
        return _answer(200, "Post mails to this address.")

    def post(self, request: HttpRequest, secret: str, provider: str = "") -> HttpResponseBase:
        mailbox = _mailbox(secret, provider)
        with tenancy.scope(mailbox.workspace), about({"mailbox": mailbox.pk}):
            if bodies.ASKED not in request.META:
                try:
                    calls.take(mailbox.pk)
                except RateLimited as refused:
                    refusing.note(mailbox, "too_many", "The webhook was called too often in a minute.", clock.now())
                    return _answer(429, "Too many calls. Send it again later.", wait=refused.wait)
            if bodies.is_pending(request):
                return BodyWanted(largest=LARGEST)
            body = request.read(LARGEST + 1)
            if bodies.TOO_LARGE in request.META or len(body) > LARGEST:
                refusing.note(mailbox, "too_large", TOO_LARGE, clock.now())
                return _answer(413, "This is larger than a mail may be.")
            return _taken(mailbox, Call(body, request.META.get("CONTENT_TYPE", ""), request.headers), provider)


def _taken(mailbox: Mailbox, call: Call, name: str) -> HttpResponseBase:
    if not call.body.strip():
        return _answer(200, "There was nothing in this call.")
    provider = providers.named(name) if name else providers.of(call)
    try:
        signatures.check(call, _secrets(mailbox), provider.key if provider is not None else None)
        if provider is None or not provider.recognises(call):
            raise NotUnderstood(UNKNOWN)
        brought = provider.read(call)
    except Refused as refused:
        refusing.note(mailbox, "not_signed", refused.reason, clock.now())
        answer = _answer(refused.status, "The desk does not accept this call.")
        if refused.status == 401:
            answer["WWW-Authenticate"] = 'Basic realm="mail"'  # without it Amazon sends no password
        return answer
    except NotUnderstood as unclear:
        return _set_aside(mailbox, call, "not_understood", unclear.reason)
    except (OSError, OperationalError, InterfaceError, Unreachable):
        raise
    except Exception as error:  # whatever a call holds that its provider does not document
        logger.exception("ingress_failed mailbox=%s error=%s", mailbox.pk, type(error).__name__)
        return _set_aside(mailbox, call, "not_understood", UNKNOWN)
    if any(len(raw) > RAW for raw in brought.mails):  # the provider has it still, and says so to its sender
        refusing.note(mailbox, "too_large", TOO_LARGE, clock.now())
        return _answer(413, "This is larger than a mail may be.")
    _keep(mailbox, brought)
    return _answer(200, "Kept.")


def _keep(mailbox: Mailbox, brought: Brought) -> None:
    at, by = clock.now(), Actor.system(mailbox.workspace_id, name="Email")
    for raw in brought.mails:
        receiving.accept(mailbox=mailbox, raw=raw, source=MailSource.INGRESS)
    for event in brought.events:
        settling.settle(mailbox, event, by=by, at=at)
    for job in brought.jobs:
        outbox.queue(job.task, workspace_id=mailbox.workspace_id, mailbox_id=mailbox.pk, **job.arguments)
    if brought.mails:
        refusing.taken(mailbox)


def _set_aside(mailbox: Mailbox, call: Call, code: str, reason: str) -> HttpResponseBase:
    mail: InboundMail = receiving.set_aside(
        mailbox=mailbox, raw=call.body[:RAW], source=MailSource.INGRESS, code=code, reason=reason
    )
    logger.warning("ingress_not_understood mailbox=%s mail=%s", mailbox.pk, mail.pk)
    return _answer(200, "Kept, and set aside.")


def _secrets(mailbox: Mailbox) -> dict[str, Any]:
    try:
        return mailbox.secrets
    except sealed.Unreadable as error:
        # Whether a signature is to be checked is not known: the provider tries again until the key is there.
        raise Unreachable("the key that sealed the mailbox's secrets is gone") from error


def _mailbox(secret: str, provider: str) -> Mailbox:
    """The mailbox whose webhook it is. The hash is looked up, so that no guess comes nearer by the time that it takes."""
    if provider and providers.named(provider) is None:
        raise Http404("no such provider")
    rows = Mailbox.all_workspaces.filter(ingress_hash=servers.ingress_hash(secret))  # the secret says which
    found = rows.exclude(state=MailboxState.DELETED).select_related("workspace").first()
    if found is None:
        raise Http404("no such webhook")
    return found


def _answer(status: int, text: str, *, wait: int | None = None) -> JsonResponse:
    answer = JsonResponse({"message": text}, status=status)
    if wait is not None:
        answer["Retry-After"] = str(wait)
    return answer

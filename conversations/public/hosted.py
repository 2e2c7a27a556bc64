"""The page of a form: shown, filled in, and sent. Nothing that somebody typed is lost when it cannot be taken."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.http import require_safe

from accounts import clock, tenancy, transaction
from accounts.errors import Conflict, DomainError
from accounts.web.bodies import BodyWanted
from conversations.actions.files import MAX_FILES
from conversations.api.problems import RateLimited
from conversations.channels.callback import inbound as callback
from conversations.channels.form import inbound as contact
from conversations.chat import queries as chat
from conversations.forms import answers, counting, fields, tokens, windows
from conversations.forms.answers import Answers, Fault
from conversations.forms.fields import LONGEST
from conversations.forms.tokens import Page
from conversations.models import CallbackRequest, Conversation, Form, FormKind, FormOutcome, Widget
from conversations.public import acknowledging, limits, pages, promises
from conversations.texts import phones

PREFILLED = ("name", "email", "subject", "message", "phone")
"""The fields that a link may fill in."""
INBOUND = {FormKind.CONTACT: contact.receive, FormKind.CALLBACK: callback.receive}


def find(key: str) -> Form:
    """The form of a key. Raises Http404."""
    # The key proves the workspace: no scope can be open yet.
    rows = Form.all_workspaces.select_related("workspace", "team", "assignee").filter(key=key)
    if not key.isascii() or not key.isprintable() or (form := rows.first()) is None:
        raise Http404("no such form")
    return form


@method_decorator(pages.throttled, name="dispatch")
class FormPage(View):
    """A form's page. `?embed=1` is the same in a frame of another site."""

    asks_for_body = True
    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = find(kwargs["key"])
        with tenancy.scope(form.workspace), timezone.override(form.workspace.time_zone):
            if not form.is_active:
                return pages.render(
                    request,
                    "closed.html",
                    form.language,
                    {"form": form},
                    status=404,
                    framed_by=framed_by(request, form),
                )
            return super().dispatch(request, *args, **{**kwargs, "key": form})

    def get(self, request: HttpRequest, key: Form) -> HttpResponseBase:
        """The empty form."""
        return show(request, key, _prefilled(request), tokens.of_page(key.key))

    def post(self, request: HttpRequest, key: Form) -> HttpResponseBase:
        """Take what was sent, or show it again with what is wrong."""
        form, at = key, clock.now()
        if pages.wants_body(request):
            return BodyWanted(files="files" in form.standard)
        sent = pages.read(request)
        if sent.fault:
            is_large = sent.fault == "error_too_large"
            counting.count(form, FormOutcome.TOO_LARGE if is_large else FormOutcome.INVALID, at)
            again = tokens.of_page(form.key)
            return show(request, form, Answers({}), again, (sent.fault, {}), status=413 if is_large else 400)
        given = answers.read(form, sent.data, sent.files, at)
        token = sent.data.get("token", "")
        page = tokens.read_page(token, form.key)
        if page.fault == "expired":
            token = tokens.of_page(form.key)
        refusal = _refusal(request, form, given, page)
        if refusal is not None:
            outcome, banner, status = refusal
            counting.count(form, outcome, at)
            return show(request, form, given, token, banner, status=status)
        try:
            conversation = _take(
                request, form, given, page, is_spam=bool(sent.data.get(pages.HONEYPOT, "").strip()), at=at
            )
        except OSError:
            counting.count(form, FormOutcome.NOT_STORED, at)
            return show(request, form, given, token, ("error_not_stored", {}), status=503)
        except DomainError:
            counting.count(form, FormOutcome.INVALID, at)
            return show(request, form, given, token, ("error_unreadable", {}), status=422)
        path = reverse("form-sent", args=[form.key, tokens.of_conversation(conversation, form.language)])
        query = _query(request)
        return pages.redirected(f"{path}?{query}" if query else path, framed_by=framed_by(request, form))


def _refusal(
    request: HttpRequest, form: Form, given: Answers, page: Page
) -> tuple[FormOutcome, Fault | None, int] | None:
    """Why something is not taken as it is: what is counted, the sentence above the form, and the status."""
    try:
        limits.send(request, form.key)
    except RateLimited:
        return FormOutcome.RATE, ("error_rate", {}), 429
    if given.faults:
        return FormOutcome.INVALID, None, 422
    if page.fault:
        return FormOutcome(page.fault), (f"error_{page.fault}", {}), 422
    return None


def _take(request: HttpRequest, form: Form, given: Answers, page: Page, *, is_spam: bool, at: datetime) -> Conversation:
    """The conversation of what was sent: a new one, or the one that it became when it was sent the first time."""
    public_id = page.id_of(given.parts())

    def start() -> Conversation:
        with transaction.whole():
            conversation = INBOUND[FormKind(form.kind)](
                form=form,
                answers=given,
                public_id=public_id,
                page=request.GET.get("page", ""),
                is_spam=is_spam,
                at=at,
            )
            counting.count(form, FormOutcome.SPAM if is_spam else FormOutcome.ACCEPTED, at)
            if not is_spam:
                acknowledging.acknowledge(form, conversation, at=at)
        return conversation

    try:
        return transaction.repeat(start)
    except Conflict:
        first = Conversation.objects.select_related("contact").filter(public_id=public_id).first()
        if first is None:
            raise
        counting.count(form, FormOutcome.REPEATED, at)
        return first


def show(
    request: HttpRequest, form: Form, given: Answers, token: str, banner: Fault | None = None, *, status: int = 200
) -> HttpResponse:
    """The form with what was typed, and what is wrong with it."""
    faults = {name: pages.say(form.language, fault) for name, fault in given.faults.items()}
    if given.files and (faults or banner) and "files" not in faults:
        faults["files"] = pages.words(form.language)["error_files_again"]
    facts = {
        **_frame(request, form),
        "fields": fields.fields(form),
        "has_files": "files" in form.standard,
        "typed": given.typed,
        "faults": faults,
        "banner": pages.say(form.language, banner) if banner else "",
        "token": token,
        "honeypot": pages.HONEYPOT,
        "is_answer": bool(faults or banner),
        "is_callback": form.kind == FormKind.CALLBACK,
        "zones": windows.zones() if form.kind == FormKind.CALLBACK else {},
        "zone": given["zone"] or form.workspace.time_zone,
        "has_zone": bool(given["zone"]),
        "today": timezone.localdate().isoformat(),
        "phone_example": phones.example(form.country),
        "most_files": MAX_FILES,
        "most_size": answers.size(),
    }
    return pages.render(
        request,
        "page.html",
        form.language,
        facts,
        status=status,
        framed_by=framed_by(request, form),
        is_indexed=status == 200 and "embed" not in request.GET,
    )


def _query(request: HttpRequest) -> str:
    """What a frame's address says of the page that it is in."""
    return urlencode({name: request.GET[name] for name in ("embed", "origin", "page", "widget") if name in request.GET})


def framed_by(request: HttpRequest, form: Form) -> list[str]:
    """The origins that may show the form in a frame: its own, or with `?widget=` those of that chat widget, and the desk that shows it."""
    widget = _widget(request, form)
    if widget is None:
        return list(form.allowed_origins)
    return ["'self'", *widget.allowed_origins] if widget.allowed_origins else ["*"]


def _widget(request: HttpRequest, form: Form) -> Widget | None:
    key = request.GET.get("widget", "")
    widget = chat.find(key) if key and "embed" in request.GET else None
    return widget if widget is not None and widget.workspace_id == form.workspace_id else None


def _prefilled(request: HttpRequest) -> Answers:
    """What the address says of the customer and their question."""
    given = {name: answers.clean(request.GET[name])[: LONGEST[name]] for name in PREFILLED if name in request.GET}
    return Answers(given)


def _frame(request: HttpRequest, form: Form) -> dict[str, Any]:
    """The form, and the exact origin to which its frame reports: one that may show it."""
    is_embedded = "embed" in request.GET
    parent = request.GET.get("origin", "") if is_embedded else ""
    return {
        "form": form,
        "workspace": form.workspace,
        "is_embedded": is_embedded,
        "parent": parent if parent in form.allowed_origins else "",
        "query": _query(request),
    }


@require_safe
@pages.throttled
def sent(request: HttpRequest, key: str, token: str) -> HttpResponseBase:
    """What was sent has come in; with the link by which it is followed up."""
    form, found = find(key), tokens.read_conversation(token)
    if found is None or found.is_over or found.workspace_id != form.workspace_id:
        return pages.gone(request, form.language)
    with tenancy.scope(form.workspace):
        rows = Conversation.objects.select_related("contact").filter(public_id=found.public_id)
        if (conversation := rows.first()) is None:
            return pages.gone(request, form.language)
        call = CallbackRequest.objects.filter(conversation=conversation).first()
        facts = {
            **_frame(request, form),
            "is_answer": True,
            "email": conversation.contact.email if acknowledging.can_send(form.workspace) else "",
            "call": promises.promise(call, form.language) if call else "",
            "link": request.build_absolute_uri(reverse("follow-up", args=[token])),
            "days": tokens.FOLLOW_UP.days,
        }
        return pages.render(request, "sent.html", form.language, facts, framed_by=framed_by(request, form))

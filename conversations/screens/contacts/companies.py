"""Companies: their list, and the page of one with its people, open work and history."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import clock
from accounts.errors import DomainError, Forbidden, Invalid, NotFound
from accounts.permissions import may, permit
from accounts.text import uuid_or_none, whole_number
from conversations import actions, channels
from conversations.models import Company, Handler
from conversations.queries import customers as queries
from conversations.screens import attributes
from conversations.screens.contacts import labels, merging
from conversations.screens.contacts.forms import CompanyForm
from conversations.screens.shell import DeskRequest, remember, screen, shell
from tickets.models import AttributeSubject
from tickets.queries import attributes_of

PEOPLE = 25
HISTORY = 25
MERGED = 20


@require_safe
@screen
def companies(request: DeskRequest) -> HttpResponse:
    """Companies by name, with how many customers belong to each."""
    permit(request.actor, "conversation.read")
    search = request.GET.get("q", "").strip()[:200]
    after = _found(request.GET.get("after", ""))
    found = list(queries.companies(search=search, after=after)[: queries.PAGE + 1])
    shown = found[: queries.PAGE]
    remember(request)
    facts = {
        **shell(request, "contacts"),
        "companies": shown,
        "counts": queries.people_counts(shown) if shown else {},
        "search": search,
        "query": urlencode({"q": search}) if search else "",
        "next": shown[-1].public_id if len(found) > queries.PAGE else None,
        "may_edit": may(request.actor, "company.write"),
    }
    return render(request, "contacts/companies.html", facts)


@require_safe
@screen
def company(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """A company's people, their open work and their history; the page of one that was merged leads to the other."""
    permit(request.actor, "conversation.read")
    row = queries.company(public_id)
    if row.merged_into is not None:
        return redirect("company", request.workspace.slug, row.merged_into.public_id)
    remember(request)
    return _page(request, row)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def new_company(request: DeskRequest) -> HttpResponse:
    """A form for a company."""
    permit(request.actor, "company.write")
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def edit_company(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Name, domains and notes."""
    permit(request.actor, "company.write")
    return _edit(request, of_page(public_id))


@require_POST
@screen
def set_attributes(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Values of custom attributes."""
    permit(request.actor, "company.write")
    row = of_page(public_id)
    known = list(attributes_of(AttributeSubject.COMPANY))
    try:
        given = attributes.typed(known, row.attributes, request.POST)
        actions.set_attributes(row=row, values=given, by=request.actor, at=clock.now())
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        key = (error.field or "") if isinstance(error, Invalid) else ""
        return _page(request, row, attribute_fault=(key, labels.of_error(error)), status=422)
    messages.success(request, _("Saved."))
    return redirect("company", request.workspace.slug, row.public_id)


@require_POST
@screen
def merge_company(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Merge a company into the one whose name was typed."""
    permit(request.actor, "company.write")
    row = of_page(public_id)
    into = queries.company_named(request.POST.get("into", ""))
    if into is None:
        return _page(request, row, fault=_("There is no company of this name."), status=422)
    try:
        into = actions.merge_companies(company=row, into=into, by=request.actor, at=clock.now())
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        return _page(request, row, fault=labels.of_error(error), status=422)
    path = reverse("company", args=[request.workspace.slug, into.public_id])
    return redirect(f"{path}?{urlencode({'merged': row.public_id})}")


@require_POST
@screen
def undo_merge(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Take a merge back: the public id is that of the company that was merged."""
    permit(request.actor, "company.write")
    row = queries.company(public_id)
    row = merging.taken_back(request, row, partial(actions.undo_company_merge, company=row), labels.of_error)
    return redirect("company", request.workspace.slug, row.public_id)


def of_page(public_id: UUID) -> Company:
    """The company of a page; one that was merged stands for the one that has its customers."""
    row = queries.company(public_id)
    return row.merged_into or row


def _edit(request: DeskRequest, row: Company | None) -> HttpResponse:
    form = CompanyForm.of(row, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data = {"name": form.cleaned_data["name"], "domains": form.listed, "notes": form.cleaned_data["notes"].strip()}
        try:
            if row is None:
                saved = actions.create_company(workspace=request.workspace, **data, by=request.actor, at=clock.now())
            else:
                saved = actions.update_company(company=row, **data, by=request.actor, at=clock.now())
        except (NotFound, Forbidden):
            raise
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("company", request.workspace.slug, saved.public_id)
    remember(request)
    facts = {**shell(request, "contacts"), "company": row, "form": form}
    return render(request, "contacts/edit_company.html", facts, status=422 if form.errors else 200)


def _page(
    request: DeskRequest,
    row: Company,
    *,
    fault: str = "",
    attribute_fault: tuple[str, str] = ("", ""),
    status: int = 200,
) -> HttpResponse:
    before, person = whole_number(request.GET.get("before", "")), whole_number(request.GET.get("person", ""))
    history = queries.conversations_of(row, is_open=False)
    history = history.filter(pk__lt=before) if before is not None else history
    found = list(history[: HISTORY + 1])
    people = list(queries.people(row, before=person)[: PEOPLE + 1])
    merged, undone = list(queries.merged_companies(row)[:MERGED]), uuid_or_none(request.GET.get("merged", ""))
    facts = {
        **shell(request, "contacts"),
        "company": row,
        "people": people[:PEOPLE],
        "more_people": people[PEOPLE - 1].pk if len(people) > PEOPLE else None,
        "count": queries.people_counts([row]).get(row.pk, 0),
        "open_conversations": list(queries.conversations_of(row, is_open=True)[:HISTORY]),
        "open_tickets": list(queries.open_tickets_of(row)[:HISTORY]),
        "statuses": labels.TICKET_STATUSES,
        "merged": merged,
        "just_merged": next((one for one in merged if one.public_id == undone), None),
        "history": found[:HISTORY],
        "earlier": found[HISTORY - 1].pk if len(found) > HISTORY else None,
        "is_later": before is not None,
        "fields": attributes.fields(
            list(attributes_of(AttributeSubject.COMPANY)),
            row.attributes,
            data=request.POST if attribute_fault[1] else None,
            fault=attribute_fault,
        ),
        "attribute_fault": attribute_fault[1],
        "channel": channels.named,
        "spam": Handler.NOBODY,
        "may_edit": may(request.actor, "company.write"),
        "fault": fault,
        "typed": request.POST.get("into", ""),
    }
    return render(request, "contacts/company.html", facts, status=status)


def _found(given: str) -> Company | None:
    public_id = uuid_or_none(given)
    if public_id is None:
        return None
    try:
        return queries.company(public_id)
    except NotFound:
        return None

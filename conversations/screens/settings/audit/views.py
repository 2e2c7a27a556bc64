"""The audit log: a page at a time, and as a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.timezone import localdate
from django.views.decorators.http import require_GET

from accounts import activity, clock, queries, tenancy
from accounts.models import Event, Workspace
from accounts.permissions import permit
from accounts.text import whole_number
from conversations.screens.formatting import url
from conversations.screens.settings import frame
from conversations.screens.settings.audit import details, filters
from conversations.screens.shell import DeskRequest, remember, screen

PAGE = 50
STEP = 1000
"""Lines that an export reads at once."""
COLUMNS = ("id", "at", "type", "what", "actor_kind", "actor_id", "actor", "subject_type", "subject_id", "data")
_PAGES = {"conversation": "conversation", "ticket": "ticket"}
"""The pages of what lines are about."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@require_GET
@screen
def audit(request: DeskRequest) -> HttpResponse:
    """Lines that fit the filters, newest first; the next page begins below the last line."""
    permit(request.actor, "journal.read")
    chosen = filters.Filters.of(request.GET)
    rows, before = chosen.narrowed(request.workspace), whole_number(request.GET.get("before", ""))
    if before is not None:
        last = Event.objects.filter(workspace=request.workspace, pk=before).first()
        rows = chosen.below(rows, last) if last is not None else rows.filter(id__lt=before)
    page = list(activity.with_people(rows)[: PAGE + 1])
    remember(request)
    facts = {
        **frame.facts(request, "audit-log"),
        "lines": _linked(request.workspace, page[:PAGE]),
        "last": page[PAGE - 1].pk if len(page) > PAGE else None,
        "is_first": before is None,
        "filters": chosen,
        "people": [membership.user for membership in queries.members()],
        "others": [(kind.value, label) for kind, label in filters.OTHERS.items()],
        "kinds": filters.kinds(),
        "subjects": [(name, filters.name_of(name)) for name in filters.subjects()],
    }
    return render(request, "settings/audit/page.html", facts, status=422 if chosen.faults else 200)


@require_GET
@screen
def export_csv(request: DeskRequest) -> HttpResponseBase:
    """Every line that fits the filters as CSV, newest first."""
    return _export(request, "csv", "text/csv; charset=utf-8", _csv)


@require_GET
@screen
def export_jsonl(request: DeskRequest) -> HttpResponseBase:
    """Every line that fits the filters as one JSON object a line, newest first."""
    return _export(request, "jsonl", "application/jsonl; charset=utf-8", _jsonl)


def _export(
    request: DeskRequest, ending: str, content_type: str, written: Callable[[Iterable[Event]], str]
) -> HttpResponseBase:
    permit(request.actor, "journal.read")
    chosen = filters.Filters.of(request.GET)
    rows = chosen.narrowed(request.workspace)
    if chosen.faults:
        return HttpResponse(status=422)
    name = f"audit-{request.workspace.slug}-{localdate(clock.now()):%Y-%m-%d}.{ending}"
    head = ",".join(COLUMNS) + "\r\n" if ending == "csv" else ""
    # The answer is made after the view: without what the view had open, and step by step.
    pieces = partial(_pieces, request.workspace, chosen, rows.query, written, head)
    response = StreamingHttpResponse(pieces(), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _pieces(
    workspace: Workspace, chosen: filters.Filters, query: Any, written: Callable[[Iterable[Event]], str], head: str
) -> Iterator[bytes]:
    if head:
        yield head.encode()
    last: Event | None = None
    while True:
        rows = Event.objects.filter(workspace=workspace)
        rows.query = query.clone()
        if last is not None:
            rows = chosen.below(rows, last)
        with tenancy.scope(workspace):
            page = list(activity.with_people(rows)[:STEP])
        if page:
            yield written(page).encode()
        if len(page) < STEP:
            return
        last = page[-1]


def _csv(page: Iterable[Event]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    for event in page:
        line = _values(event)
        writer.writerow([_harmless(line[name]) for name in COLUMNS])
    return out.getvalue()


def _jsonl(page: Iterable[Event]) -> str:
    return "".join(json.dumps({**_values(event), "data": event.data}, ensure_ascii=False) + "\n" for event in page)


def _values(event: Event) -> dict[str, Any]:
    return {
        "id": event.pk,
        "at": event.at.isoformat(),
        "type": event.type,
        "what": activity.summary(event),
        "actor_kind": event.actor_kind,
        "actor_id": event.actor_id,
        "actor": activity.actor_text(event),
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "data": json.dumps(event.data, ensure_ascii=False, sort_keys=True),
    }


def _harmless(value: object) -> object:
    """A text that a spreadsheet would take for a formula, with an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _linked(workspace: Workspace, page: list[Event]) -> list[dict[str, object]]:
    """The lines in words, those of conversations and tickets with their page."""
    named = details.Named.of(page)
    lines: list[dict[str, object]] = []
    for event in page:
        subject = named.subject(event)
        is_linked = event.subject_type in _PAGES and subject.startswith("#")
        lines.append({
            "event": event,
            "what": details.meaning(event),
            "details": details.of(event, named),
            "actor": named.actor(event),
            "kind": filters.name_of(event.subject_type),
            "subject": subject or str(event.subject_id),
            "url": url(_PAGES[event.subject_type], workspace.slug, int(subject[1:])) if is_linked else None,
        })  # fmt: skip
    return lines

"""Changing many conversations at once: the bar of a selection, the page that does without script, and the jobs with their reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts import clock
from accounts import queries as people
from accounts.errors import DomainError, Forbidden, Invalid, NotFound
from accounts.permissions import permit
from accounts.text import uuid_or_none, whole_number
from conversations import actions
from conversations.actions import merging
from conversations.bulk import AT_ONCE, MOST, working
from conversations.bulk import actions as bulk_actions
from conversations.bulk import queries as bulk_queries
from conversations.effects import Effect, described, described_each, read
from conversations.knowledge import macro_conditions
from conversations.knowledge import queries as knowledge_queries
from conversations.knowledge.macro_effects import effects_of
from conversations.models import BulkJob, BulkRow, Conversation, JobState, Macro, RowState
from conversations.models.conversation import ConversationQuerySet
from conversations.queries import conversations as queries
from conversations.queries import thread as thread_queries
from conversations.screens import choices, errors, fields
from conversations.screens.inbox import queries as inbox_queries
from conversations.screens.inbox.changes import noted
from conversations.screens.inbox.place import Place, frame
from conversations.screens.shell import DeskRequest, is_fragment, screen
from tickets import tags

MOST_MACROS = 300
VALUES = {"assign": "to", "status": "status", "priority": "priority", "snooze": "until"}
"""What the second half of a button's value is, as in `status:resolved`."""
NOT_UNDONE = frozenset({"read", "attribute"})
"""Effects that are not put back."""


# --- What is chosen -----------------------------------------------------------------------------


def _effects(given: QueryDict) -> list[dict[str, Any]]:
    """What a button of the bar does. Raises Invalid for one that this desk did not make."""
    verb, _colon, value = given.get("do", "").partition(":")
    if verb in ("add_tags", "remove_tags"):
        return [{"do": verb, "tags": tags.parsed(given.get("tags", "")[:24_000])}]
    if verb == "snooze" and not value:
        field = fields.LocalDateTimeField(input_formats=fields.LOCAL_FORMATS)
        moment = field.clean(given.get("until", ""))
        assert moment is not None  # it is required
        value = moment.astimezone(UTC).isoformat()
    if (macro := _macro(given)) is not None:
        return [{"do": effect.verb, **effect.values} for effect in effects_of(macro)]
    return [{"do": verb, **({VALUES[verb]: value} if verb in VALUES else {})}]


def _macro(given: QueryDict) -> Macro | None:
    """The macro that a button applies, if it does that. Raises NotFound."""
    verb, _colon, value = given.get("do", "").partition(":")
    if verb != "macro":
        return None
    pk = uuid_or_none(value)
    if pk is None:
        raise NotFound("there is no such macro")
    return knowledge_queries.macro(pk)


def _rows(request: DeskRequest, place: Place) -> ConversationQuerySet:
    """All that are in the view and pass its filters, or match the search. Raises NotFound for filters that this desk did not make."""
    try:
        return inbox_queries.inbox_rows(place.view, request.user, place.search, place.filters)
    except Invalid as error:
        raise NotFound("no such view") from error


def _count(request: DeskRequest, place: Place) -> int:
    """How many those are; at most one more than a job may have."""
    return _rows(request, place).order_by()[: MOST + 1].count()


def _matching(request: DeskRequest, place: Place) -> list[int]:
    """Their ids in the order of the list; at most one more than a job may have."""
    rows = _rows(request, place)
    is_search = bool(place.view.searched(place.search))
    by = "-last_message_at" if is_search else place.view.by or inbox_queries.SORTS[place.sort]
    by = inbox_queries.SORTS["oldest"] if by == "deadline" else by  # that one is of rows as they are listed
    order = (by, "-pk" if by.startswith("-") else "pk")
    return list(rows.order_by(*order).values_list("pk", flat=True)[: MOST + 1])


def _chosen(request: DeskRequest, place: Place) -> list[int]:
    if "all" in request.POST:
        return _matching(request, place)
    return [pk for given in request.POST.getlist("id") if (pk := whole_number(given)) is not None]


# --- Doing it -----------------------------------------------------------------------------------


@require_POST
@screen
def start(request: DeskRequest) -> HttpResponse:
    """Change the conversations that are named by `id`, or `all` of the view. Few are done in the request, many by the worker."""
    permit(request.actor, "conversation.update")
    place, sent = Place.of(request), uuid_or_none(request.POST.get("send_id", ""))
    if request.POST.get("do") in ("merge", "merge-into"):
        return _merging(request, place)
    try:
        macro = _macro(request.POST)
        job = bulk_actions.start_job(
            workspace=request.workspace,
            effects=_effects(request.POST),
            conversations=_chosen(request, place),
            public_id=sent,
            only=macro_conditions.condition_of(macro) if macro is not None else None,
            by=request.actor,
            at=clock.now(),
        )
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        return _refused(request, place, errors.of_error(error))
    except ValidationError:
        return _refused(request, place, _("Pick a time in the future."))
    return _answer(request, place, _done(job))


def _merging(request: DeskRequest, place: Place) -> HttpResponse:
    """Ask which of the chosen conversations stays, and merge the others into that one.

    A thread asks `about` itself, and proposes one by its number: `to`.
    """
    ids = _chosen(request, place)[: merging.MOST + 2]
    wanted = Q(pk__any_of=ids)
    if (to := whole_number(request.POST.get("to", ""))) is not None:
        wanted |= Q(number=to)
    rows = list(queries.conversations().filter(wanted).order_by("created_at", "pk"))
    if not 1 < len(rows) <= merging.MOST + 1:
        fault = _("Select 2 to %(most)s conversations to merge them.") % {"most": merging.MOST + 1}
        return _refused(request, place, fault)
    kept = next((row for row in rows if row.number == to or str(row.pk) == request.POST.get("into")), None)
    if kept is not None and request.POST["do"] == "merge-into":
        return _merged(request, place, kept, [row for row in rows if row != kept])
    facts = {
        **frame(request, place),
        "choices": rows,
        "kept": kept or rows[0],
        "about": whole_number(request.POST.get("about", "")),
        "message_count": sum(row.message_count for row in rows),
        "customers": len({row.contact_id for row in rows}),
    }
    name = "merging_dialog" if is_fragment(request) else "merging_page"
    return render(request, f"inbox/bulk/{name}.html", facts)


def _merged(request: DeskRequest, place: Place, kept: Conversation, rows: list[Conversation]) -> HttpResponse:
    """Merge conversations into another: in the request, and undone as one."""
    began = clock.now()
    try:
        kept = actions.merge(conversations=rows, into=kept, by=request.actor, at=began)
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        return _refused(request, place, errors.of_error(error))
    words = ngettext(
        "%(num)s conversation merged into #%(number)s.", "%(num)s conversations merged into #%(number)s.", len(rows)
    )
    text = words % {"num": len(rows), "number": kept.number}
    undo = thread_queries.change_to_undo(kept, by=request.actor, since=began)
    if not is_fragment(request):
        noted(request, kept.number, text=text, undo=undo)
        return redirect(f"{reverse('conversation', args=[request.workspace.slug, kept.number])}?{place.query}")
    facts = {**frame(request, place), "merged": text, "about": kept, "undo": undo}
    return render(request, "inbox/bulk/answer.html", facts)


@require_POST
@screen
def cancel(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Stop a job."""
    job = bulk_queries.job(public_id)
    bulk_actions.cancel_job(job=job, by=request.actor, at=clock.now())
    return _answer(request, Place.of(request), bulk_queries.job(public_id))


@require_POST
@screen
def undo(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Put back what a job has changed."""
    place, job = Place.of(request), bulk_queries.job(public_id)
    try:
        job = bulk_actions.undo_job(job=job, by=request.actor, at=clock.now())
    except Forbidden:
        raise
    except DomainError as error:
        return _refused(request, place, errors.of_error(error))
    return _answer(request, place, _done(job))


def _done(job: BulkJob) -> BulkJob:
    """The job, after its conversations were changed if they are few."""
    return working.work(job) if job.is_at_work and job.row_count <= AT_ONCE else job


def _refused(request: DeskRequest, place: Place, fault: str) -> HttpResponse:
    if not is_fragment(request):
        if (about := whole_number(request.POST.get("about", ""))) is not None:
            noted(request, about, fault=fault)
            return redirect(f"{reverse('conversation', args=[request.workspace.slug, about])}?{place.query}")
        messages.error(request, fault)
        return redirect(f"{reverse('bulk-choose', args=[request.workspace.slug])}?{place.query}")
    return render(request, "inbox/bulk/answer.html", {**frame(request, place), "fault": fault}, status=422)


def _answer(request: DeskRequest, place: Place, job: BulkJob) -> HttpResponse:
    """The job's panel or, when it is over and all went well, a toast; without script its report."""
    if not is_fragment(request):
        path = reverse("bulk-job", args=[request.workspace.slug, job.public_id])
        return redirect(f"{path}?{place.query}")
    return render(request, "inbox/bulk/answer.html", {**frame(request, place), "job": _shown(request, job)})


# --- Showing it ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShownJob:
    """A job as its panel and its report show it."""

    row: BulkJob
    what: Sequence[str]
    counts: Mapping[str, int]
    may_change: bool

    @property
    def done(self) -> int:
        """How many conversations have their result; of one that is being undone, how many are put back or kept."""
        left = self.counts["waiting"] if self.row.state != JobState.UNDOING else self.counts["changed"]
        return self.total - left

    @property
    def total(self) -> int:
        if self.row.state in (JobState.UNDOING, JobState.UNDONE):
            return self.counts["changed"] + self.counts["undone"] + self.counts["kept"]
        return self.row.row_count

    @property
    def has_faults(self) -> bool:
        return self.counts["skipped"] + self.counts["failed"] + self.counts["kept"] > 0

    @property
    def may_undo(self) -> bool:
        """Whether there is anything that can be put back."""
        is_over = self.row.state in (JobState.DONE, JobState.CANCELLED)
        return self.may_change and is_over and self.counts["changed"] > 0 and not set(self.row.verbs) <= NOT_UNDONE

    @property
    def text(self) -> str:
        """What became of it, in one sentence."""
        count, total = self.counts["changed"], self.row.row_count
        if self.row.state == JobState.RUNNING:
            return _("%(done)s of %(total)s conversations") % {"done": self.done, "total": total}
        if self.row.state == JobState.UNDOING:
            return _("Undoing: %(done)s of %(total)s") % {"done": self.done, "total": self.total}
        if self.row.state == JobState.UNDONE:
            undone, kept = self.counts["undone"], self.counts["kept"]
            words = ngettext("%(num)s conversation put back", "%(num)s conversations put back", undone)
            text = words % {"num": undone}
            return f"{text}, {_('%(num)s left as they are') % {'num': kept}}." if kept else f"{text}."
        words = ngettext("%(num)s conversation changed", "%(num)s conversations changed", count) % {"num": count}
        parts = [words]
        if self.counts["skipped"]:
            parts.append(_("%(num)s skipped") % {"num": self.counts["skipped"]})
        if self.counts["failed"]:
            parts.append(_("%(num)s failed") % {"num": self.counts["failed"]})
        if self.row.state == JobState.CANCELLED:
            parts.append(_("cancelled"))
        return ", ".join(parts) + "."


def _shown(request: DeskRequest, job: BulkJob, counts: Mapping[str, int] | None = None) -> ShownJob:
    is_admin = request.membership.role in ("owner", "admin")
    return ShownJob(
        row=job,
        what=described(read(job.effects)),
        counts=bulk_queries.counts(job) if counts is None else counts,
        may_change=request.user.pk == job.created_by_id or is_admin,
    )


@require_GET
@screen
def job(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """A job's report; as a fragment its panel."""
    permit(request.actor, "conversation.read")
    place, row = Place.of(request), bulk_queries.job(public_id)
    shown = _shown(request, row)
    facts = {**frame(request, place), "job": shown}
    if is_fragment(request):
        return render(request, "inbox/bulk/panel.html", facts)
    return render(request, "inbox/bulk/job.html", {**facts, "groups": _groups(shown)})


@dataclass(frozen=True, slots=True)
class Group:
    """The conversations of a report that are in one state."""

    title: str
    total: int
    rows: list[BulkRow]
    seen: int

    @property
    def more(self) -> int:
        """How many are not listed, for a report lists so many at most."""
        return self.seen - len(self.rows)

    @property
    def hidden(self) -> int:
        """How many the reader does not see, or that are in the Trash."""
        return self.total - self.seen


def _groups(job: ShownJob) -> list[Group]:
    """The conversations of a report under their headings, what did not go well first; all that the job counts are in one."""
    row = job.row
    titles = {
        RowState.FAILED: _("Failed"),
        RowState.SKIPPED: _("Skipped"),
        RowState.KEPT: _("Left as they are"),
        RowState.CHANGED: _("Changed"),
        RowState.UNDONE: _("Put back"),
        RowState.WAITING: _("Not reached") if row.state == JobState.CANCELLED else _("Waiting"),
    }
    seen = bulk_queries.shown_counts(row)
    found = [
        Group(title, job.counts[state], bulk_queries.reported(row, state), seen[state])
        for state, title in titles.items()
    ]
    return [group for group in found if group.total]


@require_GET
@screen
def jobs(request: DeskRequest) -> HttpResponse:
    """The newest bulk changes of the workspace."""
    permit(request.actor, "conversation.read")
    found = list(bulk_queries.newest())
    counts = bulk_queries.counts_of(found)
    shown = [_shown(request, row, counts[row.pk]) for row in found]
    return render(request, "inbox/bulk/jobs.html", {**frame(request, Place.of(request)), "jobs": shown})


@require_GET
@screen
def assignees(request: DeskRequest) -> HttpResponse:
    """Members and teams, as a menu of the bar fetches them when it is opened."""
    permit(request.actor, "conversation.update")
    return render(request, "inbox/bulk/assign_choices.html", {**frame(request, Place.of(request)), **_assignees()})


@require_GET
@screen
def snoozes(request: DeskRequest) -> HttpResponse:
    """When to snooze until, likewise."""
    permit(request.actor, "conversation.update")
    return render(request, "inbox/bulk/snooze_choices.html", {**frame(request, Place.of(request)), **_snoozes()})


@require_GET
@screen
def macros(request: DeskRequest) -> HttpResponse:
    """The macros that do something, likewise."""
    permit(request.actor, "conversation.update")
    return render(request, "inbox/bulk/macro_choices.html", {**frame(request, Place.of(request)), **_macros()})


@require_GET
@screen
def count(request: DeskRequest) -> HttpResponse:
    """How many conversations the view holds, or the search finds."""
    permit(request.actor, "conversation.update")
    return HttpResponse(str(_count(request, Place.of(request))), content_type="text/plain")


def _assignees() -> dict[str, Any]:
    return {"assignable": people.assignable(), "teams": people.teams()}


def _snoozes() -> dict[str, Any]:
    return {"snooze_choices": choices.snooze_choices(clock.now())}


def _macros() -> dict[str, Any]:
    """The macros that do something: a text alone is nothing for many conversations."""
    found = {row: _of_many(row) for row in knowledge_queries.macro_page(limit=MOST_MACROS).rows}
    doing = {row: effects for row, effects in found.items() if effects}
    asked = {pk: macro_conditions.words(condition) for pk, condition in macro_conditions.conditions_of(doing).items()}
    described = described_each(list(doing.values()))
    return {"macros": [(row, does, asked.get(row.pk, "")) for row, does in zip(doing, described, strict=True)]}


def _of_many(row: Macro) -> list[Effect]:
    return [effect for effect in effects_of(row) if effect.verb != "reply"]


@require_GET
@screen
def choose(request: DeskRequest) -> HttpResponse:
    """The view's first conversations with checkboxes, and what can be done with them: works without script."""
    permit(request.actor, "conversation.update")
    place = Place.of(request)
    page = place.page(request)
    total = _count(request, place)
    facts = {
        **frame(request, place),
        "rows": page.rows,
        "next": page.next,
        "total": total,
        "is_more": total > MOST,
        "most": MOST,
        **_assignees(),
        **_snoozes(),
        **_macros(),
    }
    return render(request, "inbox/bulk/choose.html", facts)

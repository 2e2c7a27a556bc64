"""The journal in admin: who did what, in words, with links to what it was done to. Nothing here can be changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import BigIntegerField, Case, CharField, Model, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, NullIf
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html

from accounts import events
from accounts.admin.base import ReadOnlyAdmin, WorkspaceFilter
from accounts.adminsite import reach
from accounts.models import ActorKind, ApiKey, Dispatch, Event, IdempotentRequest, Team, User

_UNTOLD = frozenset({"message"})
"""Values that only programs need, such as the number of a message."""


def summary(event: Event) -> str:
    """What happened, in a sentence, with the values that the journal keeps of it."""
    kind = events.catalogue.get(event.type)
    meaning = kind.meaning.rstrip(".") if kind else event.type
    person: str | None = getattr(event, "person_label", None)
    if event.type.endswith(".assigned"):
        assignee = _assignee(event, person)
        return f"Assigned to {assignee}" if assignee else "Unassigned"
    if event.type.endswith(".snoozed"):
        return f"Snoozed until {event.data['until']}" if event.data.get("until") else "Unsnoozed"
    changed = next((key for key in ("status", "priority", "role") if {key, "previous"} <= event.data.keys()), None)
    if changed:
        change = f"{meaning} from {_plain(event.data['previous'])} to {_plain(event.data[changed])}"
        return f"{change}: {person}" if person else change
    details = []
    # PostgreSQL keeps keys in no order that means anything: people come first.
    for key, value in sorted(event.data.items(), key=lambda item: item[0] != "user"):
        if key in _UNTOLD or value in (None, []):
            continue
        if key == "user":
            details.append(person or f"user {value}")
        else:
            details.append(f"{key.replace('_', ' ')} {_plain(value)}")
    return f"{meaning}: {', '.join(details)}" if details else meaning


def _assignee(event: Event, person: str | None) -> str:
    user, team = event.data.get("to"), event.data.get("team")
    names = [person or f"user {user}"] if user is not None else []
    if team is not None:
        names.append(f"the team {getattr(event, 'team_label', None) or team}")
    return " and ".join(names)


def _plain(value: Any) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def subject_url(event: Event) -> str | None:
    """The admin page of what the event is about, if there is one. Named by kind, so that no upper layer is imported."""
    name = event.subject_type.replace("_", "")
    for model in admin.site._registry:
        if model._meta.model_name == name:
            try:
                return reverse(f"admin:{model._meta.app_label}_{name}_change", args=[event.subject_id])
            except NoReverseMatch:
                return None
    return None


def with_people(rows: QuerySet[Event]) -> QuerySet[Event]:
    """Adds `actor_label`, who it was, and `person_label`, whom and which team it was about: by name where they still are."""
    key = ApiKey.all_workspaces.filter(pk=OuterRef("actor_id"), workspace=OuterRef("workspace"))  # of the event's own
    actor = Case(
        When(
            actor_kind__in=(ActorKind.OPERATOR, ActorKind.SYSTEM),
            actor_id__isnull=False,
            then=_name(OuterRef("actor_id")),
        ),
        When(actor_kind=ActorKind.API_KEY, then=Subquery(key.values("name")[:1])),
        default=None,
        output_field=CharField(),
    )
    # The cast stands behind the kinds that are known to hold a person's id there.
    person = Case(
        When(type__endswith=".assigned", data__to__isnull=False, then=_name(_id_in("to"))),
        When(type__startswith="member.", data__user__isnull=False, then=_name(_id_in("user"))),
        default=None,
        output_field=CharField(),
    )
    teams = Team.all_workspaces.filter(pk=_id_in("team"), workspace=OuterRef("workspace"))  # of the event's own
    team = Case(
        When(type__endswith=".assigned", data__team__isnull=False, then=Subquery(teams.values("name")[:1])),
        default=None,
        output_field=CharField(),
    )
    return rows.annotate(actor_label=actor, person_label=person, team_label=team)


def _id_in(key: str) -> Cast:
    return Cast(KeyTextTransform(key, OuterRef("data")), BigIntegerField())


def _name(user_id: OuterRef | Cast) -> Coalesce:
    person = User.objects.filter(pk=user_id)
    return Coalesce(NullIf(Subquery(person.values("name")[:1]), Value("")), Subquery(person.values("email")[:1]))


def actor_text(event: Event) -> str:
    """Who did it, for an event of `with_people`."""
    label: str | None = getattr(event, "actor_label", None)
    kind = ActorKind(event.actor_kind).label.lower()
    if label is None:
        return kind if event.actor_id is None else f"{kind} {event.actor_id}"
    return label if event.actor_kind == ActorKind.OPERATOR else f"{label} ({kind})"


@dataclass(frozen=True, slots=True)
class Line:
    """An event as a page shows it."""

    event: Event
    actor: str
    summary: str
    url: str | None


def _lines(rows: Iterable[Event]) -> list[Line]:
    return [Line(event, actor_text(event), summary(event), subject_url(event)) for event in rows]


def recent(request: HttpRequest, limit: int = 12) -> list[Line]:
    """Recent activity in the workspaces that the person runs."""
    rows = reach(request).limit(with_people(Event.objects.select_related("workspace")), "workspace")
    return _lines(rows.order_by("-id")[:limit])


def lines_of(obj: Model, workspace_id: int | None, limit: int = 200) -> list[Line]:
    """The history of one row, newest first."""
    names = {kind.subject for kind in events.catalogue.values()}
    subject = next((name for name in names if name.replace("_", "") == obj._meta.model_name), "")
    rows = Event.objects.filter(workspace=workspace_id, subject_type=subject, subject_id=obj.pk)
    return _lines(with_people(rows).order_by("-id")[:limit])


class KindFilter(admin.SimpleListFilter):
    """By kind of event; the choices are the catalogue's, which costs no look at the rows."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in sorted(events.catalogue)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(type=self.value()) if self.value() else queryset


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """The journal."""

    list_display = ("at", "what", "subject", "who", "kind", "workspace")
    list_filter = (WorkspaceFilter, KindFilter, ("actor_kind", admin.ChoicesFieldListFilter), "at")
    list_select_related = ("workspace",)
    ordering = ("-id",)
    search_fields = ("=subject_id",)
    search_help_text = "The number of a row, such as the id of a conversation"
    fields = ("at", "workspace", "kind", "what", "subject", "who", "data", "caused_by_link", "depth")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_people(super().get_queryset(request))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.fields)

    @admin.display(description="kind", ordering="type")
    def kind(self, event: Event) -> str:
        return event.type

    @admin.display(description="what happened")
    def what(self, event: Event) -> str:
        return summary(event)

    @admin.display(description="to what")
    def subject(self, event: Event) -> str:
        text, url = f"{event.subject_type.replace('_', ' ')} {event.subject_id}", subject_url(event)
        return format_html('<a href="{}">{}</a>', url, text) if url else text

    @admin.display(description="who", ordering="actor_kind")
    def who(self, event: Event) -> str:
        return actor_text(event)

    @admin.display(description="caused by")
    def caused_by_link(self, event: Event) -> str:
        if event.caused_by_id is None:
            return "-"
        url = reverse("admin:accounts_event_change", args=[event.caused_by_id])
        return format_html('<a href="{}">event {}</a>', url, event.caused_by_id)


@admin.register(Dispatch)
class DispatchAdmin(ReadOnlyAdmin):
    """Events that reactions have not handled yet: normally none, many when the worker is down."""

    workspace_path = "event__workspace"
    list_display = ("event_id", "event", "due_at", "attempts", "last_error")
    list_select_related = ("event__workspace",)
    list_filter = (WorkspaceFilter, "attempts")
    ordering = ("due_at", "event")

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        """Its history is the event's own."""
        return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]


@admin.register(IdempotentRequest)
class IdempotentRequestAdmin(ReadOnlyAdmin):
    """Answers that are kept for a day. The bodies are customers' data and are not shown."""

    list_display = ("created_at", "workspace", "method", "path", "status", "api_key", "key")
    list_select_related = ("workspace", "api_key")
    list_filter = (WorkspaceFilter, "method", "status")
    search_fields = ("=key",)
    search_help_text = "The whole Idempotency-Key"
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")
    fields = ("created_at", "workspace", "method", "path", "key", "status", "api_key", "user", "identity")

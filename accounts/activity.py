"""The journal as people read it: who did what, in words, with links to what it was done to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import BigIntegerField, Case, CharField, Model, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, NullIf
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy

from accounts import journal
from accounts.models import ActorKind, ApiKey, Event, Team, User

_NOT_SHOWN = frozenset({"message_id", "message_ids", "weekly"})
"""Values that only programs need, such as the number of a message, or the hours of a week."""


_KINDS: dict[ActorKind, Promise] = {
    ActorKind.MEMBER: pgettext_lazy("who did it", "member"),
    ActorKind.API_KEY: pgettext_lazy("who did it", "api key"),
    ActorKind.CONTACT: pgettext_lazy("who did it", "contact"),
    ActorKind.ASSISTANT: pgettext_lazy("who did it", "assistant"),
    ActorKind.SYSTEM: pgettext_lazy("who did it", "system"),
}


def summary(event: Event) -> str:
    """What happened, in a sentence, with the values that the journal keeps of it."""
    kind = journal.catalogue.get(event.type)
    meaning = gettext(kind.meaning).rstrip(".") if kind else event.type
    person: str | None = getattr(event, "person_label", None)
    if event.type.endswith(".assigned"):
        assignee = _assignee(event, person)
        return gettext("Assigned to %(name)s") % {"name": assignee} if assignee else gettext("Unassigned")
    if event.type.endswith(".snoozed"):
        until = event.data.get("until")
        return gettext("Snoozed until %(when)s") % {"when": until} if until else gettext("Unsnoozed")
    changed = next((key for key in ("status", "priority", "role") if {key, "previous"} <= event.data.keys()), None)
    if changed:
        before, now = _plain(event.data["previous"]), _plain(event.data[changed])
        change = gettext("%(what)s from %(before)s to %(now)s") % {"what": meaning, "before": before, "now": now}
        return f"{change}: {person}" if person else change
    details = []
    for name in kind.data if kind else ():
        value = event.data.get(name)
        if name in _NOT_SHOWN or value in (None, [], {}):
            continue
        if name == "user_id":
            details.append(person or f"user {value}")
        elif name == "unassigned":
            details += [f"{what} {count}" for what, count in sorted(value.items())]
        else:
            details.append(f"{name.removesuffix('_id').replace('_', ' ')} {_plain(value)}")
    return f"{meaning}: {', '.join(details)}" if details else meaning


def _assignee(event: Event, person: str | None) -> str:
    user, team = event.data.get("assignee_id"), event.data.get("team_id")
    names = [person or f"user {user}"] if user is not None else []
    if team is not None:
        names.append(gettext("the team %(name)s") % {"name": getattr(event, "team_label", None) or team})
    return gettext(" and ").join(names)


def _plain(value: Any) -> str:
    if value is None or value == []:
        return gettext("none")
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
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
            actor_kind__in=(ActorKind.MEMBER, ActorKind.SYSTEM),
            actor_id__isnull=False,
            then=_name(OuterRef("actor_id")),
        ),
        When(actor_kind=ActorKind.API_KEY, then=Subquery(key.values("name")[:1])),
        default=None,
        output_field=CharField(),
    )
    # The cast comes after the check of the type, whose data holds a person's id.
    person = Case(
        When(type__endswith=".assigned", data__assignee_id__isnull=False, then=_name(_id_in("assignee_id"))),
        When(type__startswith="member.", data__user_id__isnull=False, then=_name(_id_in("user_id"))),
        default=None,
        output_field=CharField(),
    )
    teams = Team.all_workspaces.filter(pk=_id_in("team_id"), workspace=OuterRef("workspace"))  # of the event's own
    team = Case(
        When(type__endswith=".assigned", data__team_id__isnull=False, then=Subquery(teams.values("name")[:1])),
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
    kind = str(_KINDS[ActorKind(event.actor_kind)])
    if label is None:
        return kind if event.actor_id is None else f"{kind} {event.actor_id}"
    return label if event.actor_kind == ActorKind.MEMBER else f"{label} ({kind})"


@dataclass(frozen=True, slots=True)
class Line:
    """An event as a page shows it."""

    event: Event
    actor: str
    summary: str
    url: str | None


def _lines(rows: Iterable[Event]) -> list[Line]:
    return [Line(event, actor_text(event), summary(event), subject_url(event)) for event in rows]


def recent(rows: QuerySet[Event], limit: int = 12) -> list[Line]:
    """The newest of the events, which the caller has limited to what the person may see."""
    return _lines(with_people(rows).order_by("-id")[:limit])


def lines_of(obj: Model, workspace_id: int | None, limit: int = 200) -> list[Line]:
    """The history of one row, newest first."""
    names = {kind.subject for kind in journal.catalogue.values()}
    subject = next((name for name in names if name.replace("_", "") == obj._meta.model_name), "")
    rows = Event.objects.filter(workspace=workspace_id, subject_type=subject, subject_id=obj.pk)
    return _lines(with_people(rows).order_by("-id")[:limit])

"""Which lines of the journal are asked for: who, what, when, and about which row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts import journal
from accounts.models import ActorKind, Event, Workspace
from accounts.text import whole_number
from conversations.models import Conversation
from tickets.models import Ticket

OTHERS: dict[ActorKind, Promise] = {
    ActorKind.API_KEY: gettext_lazy("API key"),
    ActorKind.CONTACT: gettext_lazy("Customer"),
    ActorKind.ASSISTANT: gettext_lazy("Assistant"),
    ActorKind.SYSTEM: gettext_lazy("System"),
}
"""Who acts beside members."""


_NAMES: dict[str, Promise] = {
    "api_key": pgettext_lazy("kind of row", "API key"),
    "article": pgettext_lazy("kind of row", "article"),
    "assistant": pgettext_lazy("kind of row", "assistant"),
    "attribute": pgettext_lazy("kind of row", "attribute"),
    "blocked_sender": pgettext_lazy("kind of row", "blocked sender"),
    "bulk_job": pgettext_lazy("kind of row", "bulk job"),
    "callback": pgettext_lazy("kind of row", "callback"),
    "chat": pgettext_lazy("kind of row", "chat"),
    "chat_restore": pgettext_lazy("kind of row", "chat restore"),
    "chat_session": pgettext_lazy("kind of row", "chat session"),
    "company": pgettext_lazy("kind of row", "company"),
    "contact": pgettext_lazy("kind of row", "customer"),
    "conversation": pgettext_lazy("kind of row", "conversation"),
    "discord_bot": pgettext_lazy("kind of row", "discord bot"),
    "discord_link": pgettext_lazy("kind of row", "discord link"),
    "discord_member": pgettext_lazy("kind of row", "discord member"),
    "discord_thread": pgettext_lazy("kind of row", "discord thread"),
    "draft": pgettext_lazy("kind of row", "draft"),
    "form": pgettext_lazy("kind of row", "form"),
    "inbound_mail": pgettext_lazy("kind of row", "inbound mail"),
    "invitation": pgettext_lazy("kind of row", "invitation"),
    "macro": pgettext_lazy("kind of row", "macro"),
    "mailbox": pgettext_lazy("kind of row", "mailbox"),
    "member": pgettext_lazy("kind of row", "member"),
    "membership": pgettext_lazy("kind of row", "membership"),
    "message": pgettext_lazy("kind of row", "message"),
    "note": pgettext_lazy("kind of row", "note"),
    "person": pgettext_lazy("kind of row", "person"),
    "reply": pgettext_lazy("kind of row", "reply"),
    "saved_view": pgettext_lazy("kind of row", "saved view"),
    "suggestion": pgettext_lazy("kind of row", "suggestion"),
    "suppressed_address": pgettext_lazy("kind of row", "suppressed address"),
    "tag": pgettext_lazy("kind of row", "tag"),
    "team": pgettext_lazy("kind of row", "team"),
    "ticket": pgettext_lazy("kind of row", "ticket"),
    "user": pgettext_lazy("kind of row", "user"),
    "widget": pgettext_lazy("kind of row", "widget"),
    "workspace": pgettext_lazy("kind of row", "workspace"),
}
"""What people read for the kinds of rows, and for the groups of what can happen."""


def name_of(kind: str) -> str:
    """What people read for a kind of row, or for a group of what can happen."""
    return str(_NAMES.get(kind) or kind.replace("_", " "))


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters as they stand in the address; what cannot be read is a fault, and filters nothing."""

    given: dict[str, str]
    faults: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, query: QueryDict) -> Filters:
        """Read from a query string."""
        names = ("who", "what", "since", "until", "kind", "number")
        given = {name: query.get(name, "").strip() for name in names}
        return cls({name: value for name, value in given.items() if value}, {})

    def narrowed(self, workspace: Workspace) -> QuerySet[Event]:
        """The lines that fit, newest first: by their moments where days are asked for, so that no others are walked along."""
        rows = Event.objects.filter(workspace=workspace).order_by(*(("-at", "-id") if self._is_by_moment else ("-id",)))
        for name, value in self.given.items():
            rows = getattr(self, f"_{name}")(rows, value)
        return rows

    def below(self, rows: QuerySet[Event], line: Event) -> QuerySet[Event]:
        """Those of the lines that come after this one."""
        if not self._is_by_moment:
            return rows.filter(id__lt=line.pk)
        return rows.filter(at__lte=line.at).filter(Q(at__lt=line.at) | Q(id__lt=line.pk))

    @property
    def _is_by_moment(self) -> bool:
        return "since" in self.given or "until" in self.given

    @property
    def query(self) -> str:
        """The query string of these filters."""
        return urlencode(self.given)

    def _who(self, rows: QuerySet[Event], value: str) -> QuerySet[Event]:
        if value in {kind.value for kind in OTHERS}:
            return rows.filter(actor_kind=value)
        number = whole_number(value)
        if number is None:
            self.faults["who"] = _("Choose someone of the list.")
            return rows
        return rows.filter(actor_kind=ActorKind.MEMBER, actor_id=number)

    def _what(self, rows: QuerySet[Event], value: str) -> QuerySet[Event]:
        found = [name for name in journal.catalogue if name == value or name.startswith(f"{value}.")]
        if not found:
            self.faults["what"] = _("Choose something of the list.")
            return rows
        return rows.filter(type__in=found)

    def _kind(self, rows: QuerySet[Event], value: str) -> QuerySet[Event]:
        if value not in subjects():
            self.faults["kind"] = _("Choose something of the list.")
            return rows
        return rows.filter(subject_type=value)

    def _number(self, rows: QuerySet[Event], value: str) -> QuerySet[Event]:
        number = whole_number(value.removeprefix("#"))
        if number is None:
            self.faults["number"] = _("Enter a number.")
            return rows
        if value.startswith("#"):
            shown = Q()
            for kind, found in (("conversation", Conversation.objects), ("ticket", Ticket.objects)):
                shown |= Q(
                    subject_type=kind, subject_id__in=[*found.filter(number=number).values_list("pk", flat=True)]
                )
            return rows.filter(shown)
        kinds = [self.given["kind"]] if self.given.get("kind") in subjects() else subjects()
        return rows.filter(subject_type__in=kinds, subject_id=number)

    def _since(self, rows: QuerySet[Event], value: str) -> QuerySet[Event]:
        day = self._day("since", value)
        return rows if day is None else rows.filter(at__gte=_begin(day))

    def _until(self, rows: QuerySet[Event], value: str) -> QuerySet[Event]:
        day = self._day("until", value)
        return rows if day is None else rows.filter(at__lt=_begin(day + timedelta(days=1)))

    def _day(self, name: str, value: str) -> date | None:
        try:
            day = date.fromisoformat(value)
            if not 1900 <= day.year <= 9000:
                raise ValueError(value)
        except ValueError:
            self.faults[name] = _("Enter a day, such as 2026-03-31.")
            return None
        return day


def subjects() -> list[str]:
    """The kinds of rows that lines are about."""
    return sorted({kind.subject for kind in journal.catalogue.values()})


def kinds() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """What can happen, in groups, each with its name: the name of the type, and its words."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, kind in sorted(journal.catalogue.items()):
        groups.setdefault(name.partition(".")[0], []).append((name, _(kind.meaning).rstrip(".")))
    return [(group, name_of(group), found) for group, found in groups.items()]


def _begin(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))

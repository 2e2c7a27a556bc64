"""What may be meant by what is typed into the search: operators, their values, and customers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.db.models import Case, Q, When
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts import queries as account_queries
from accounts.permissions import permit
from conversations.conditions.fields import CHANNELS
from conversations.conditions.typed import IS
from conversations.models.contact import display_name
from conversations.queries import mailboxes, offered
from conversations.screens.shell import DeskRequest, screen
from conversations.texts import operators, tokens
from conversations.texts.validation import can_be_kept
from tickets import tags
from tickets.models import Tag

MOST = 8
_CUSTOMERS = 5
_LEAST = 2  # letters of a word for which customers are looked for
Text = str | Promise

# The last word that is being typed: perhaps with a minus, an operator and an open quotation mark.
_LAST = re.compile(r'(?:^|(?<=\s))(?P<minus>-?)(?:(?P<name>[a-z]+):)?(?P<value>"[^"]*|[^\s"]*)$', re.IGNORECASE)

OPERATORS: Sequence[tuple[str, Text]] = (
    ("from", _("A customer's name or address")),
    ("to", _("An address in To or Cc")),
    ("is", _("Status, or unread, mine, unassigned …")),
    ("assignee", _("Who it is assigned to")),
    ("team", _("The team it is assigned to")),
    ("tag", _("A tag")),
    ("channel", _("How it came in")),
    ("has", _("A file, or a ticket")),
    ("after", _("Last message on or after a date")),
    ("before", _("Last message before a date")),
)
_IS: dict[str, Text] = {
    "open": _("Open"), "pending": _("Waiting on customer"), "snoozed": _("Snoozed"), "resolved": _("Resolved"), "closed": _("Closed"),
    "unread": _("Unread"), "mine": _("Assigned to me"), "unassigned": _("Unassigned"), "assigned": _("Assigned"),
    "urgent": _("Urgent"), "followed": _("Followed by me"), "mentioned": _("I was mentioned"), "failed": _("Failed to send"),
    "assistant": _("With the assistant"), "spam": _("Spam"),
}  # fmt: skip
assert _IS.keys() <= IS.keys()
_DATES: Sequence[tuple[str, Text]] = (
    ("today", _("Today")), ("yesterday", _("Yesterday")), ("7d", _("7 days ago")), ("30d", _("30 days ago")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Option:
    """What takes the place of the word that is typed; an operator alone waits for its value."""

    value: str
    label: Text = ""
    icon: str = "search"
    is_new: bool = False
    """Whether nothing has this name yet."""

    @property
    def is_open(self) -> bool:
        return self.value.endswith(":")


@require_safe
@screen
def options(request: DeskRequest) -> HttpResponse:
    """The options for the word that ends what was typed up to the cursor, as a list."""
    permit(request.actor, "conversation.read")
    typed = request.GET.get("q", "")[-tokens.LONGEST_QUERY :]
    found = list(islice(_options(typed), MOST)) if can_be_kept(typed) else []
    return render(request, "inbox/suggestions.html", {"options": found})


@require_safe
@screen
def tag_options(request: DeskRequest) -> HttpResponse:
    """The workspace's tags that hold what was typed, those that begin with it first, and it itself where there is none of that name."""
    permit(request.actor, "conversation.read")
    typed = request.GET.get("q", "").strip().lstrip('"')[: tags.MAX_LENGTH]
    found: list[Option] = []
    if can_be_kept(typed):
        begins = Case(When(name__istartswith=typed, then=0), default=1)
        names = [
            *Tag.objects.filter(name__icontains=typed)
            .order_by(begins, "name", "pk")
            .values_list("name", flat=True)[:MOST]
        ]
        found = [Option(tags.line([name]), icon="tag") for name in names]
        if typed and tags.key(typed) not in map(tags.key, names):
            found.append(Option(tags.line([typed]), _("New tag"), icon="plus", is_new=True))
    return render(request, "inbox/suggestions.html", {"options": found})


def _options(typed: str) -> Iterator[Option]:
    last = _LAST.search(typed)
    if last is None:
        return
    minus, name, value = last["minus"], (last["name"] or "").lower(), last["value"].lstrip('"').strip()
    if name in _VALUES:
        for one, label in _VALUES[name](value):
            yield Option(f"{minus}{operators.spelled(name, one)}", label, _ICONS.get(name, "search"))
    elif not name:
        for one, label in OPERATORS:
            if one.startswith(value.lower()):
                yield Option(f"{minus}{one}:", label)
        if len(value) >= _LEAST and not minus:
            for one, label in _customers(value):
                yield Option(operators.spelled("from", one), label, "user-round")


Values = Iterable[tuple[str, Text]]


def _customers(value: str) -> Values:
    for row in offered.named(value, _CUSTOMERS) if len(value) >= _LEAST else ():
        shown = display_name(row.name, row.email, row.external_id, row.pk)
        yield row.email or row.name or row.external_id or shown, " · ".join(filter(None, [shown, row.company]))


def _members(value: str) -> Values:
    yield from _fixed((("me", _("Me")), ("nobody", _("Unassigned"))), value)
    named = Q(name__icontains=value) | Q(email__icontains=value)
    for row in account_queries.assignable().filter(named)[:MOST]:
        yield row.name or row.email, row.email


def _teams(value: str) -> Values:
    yield from _fixed((("mine", _("My teams")), ("none", _("No team"))), value)
    for row in account_queries.teams().filter(name__icontains=value)[:MOST]:
        yield row.name, ""


def _tags(value: str) -> Values:
    rows = Tag.objects.filter(name__icontains=value).order_by("name", "pk")
    yield from ((name, "") for name in rows.values_list("name", flat=True)[:MOST])


def _mailboxes(value: str) -> Values:
    yield from ((row.address, row.name) for row in mailboxes.present() if value.lower() in row.address)


def _fixed(values: Sequence[tuple[str, Text]], value: str) -> Values:
    wanted = value.lower()
    return [(one, label) for one, label in values if one.startswith(wanted) or str(label).lower().startswith(wanted)]


_VALUES: dict[str, Callable[[str], Values]] = {
    "from": _customers,
    "to": _mailboxes,
    "is": lambda value: _fixed(tuple(_IS.items()), value),
    "assignee": _members,
    "team": _teams,
    "tag": _tags,
    "channel": lambda value: _fixed(tuple((str(one), label) for one, label in CHANNELS), value),
    "has": lambda value: _fixed((("file", _("A file")), ("ticket", _("A ticket"))), value),
    "before": lambda value: _fixed(_DATES, value),
    "after": lambda value: _fixed(_DATES, value),
}
_ICONS = {
    "from": "user-round", "to": "mail", "assignee": "user-round", "team": "users", "tag": "tag", "is": "list-filter",
    "has": "paperclip", "before": "calendar", "after": "calendar", "channel": "inbox",
}  # fmt: skip

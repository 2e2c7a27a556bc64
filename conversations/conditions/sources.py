"""Where the value of a field stands: each source is asked in SQL (`q`) and of a row in Python (`holds`), with the same answer.

Sources know the operators that hold something; their complements are made of these, in `asking`.
"""

from __future__ import annotations

import operator as operators
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from typing import Any, Protocol

from django.db import connection, models
from django.db.models import Exists, F, Func, OuterRef, Q, TextField
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, IsNull, LessThan, LessThanOrEqual

from accounts.models import Team
from accounts.text import HIGHEST_ID
from conversations.conditions import context as contexts
from conversations.conditions.context import Context
from conversations.models import Attachment, Contact, Conversation, Follower, Mention, Status
from conversations.models.conversation import NEVER as NEVER_DUE
from conversations.models.conversation import NextDeadline
from conversations.models.searched import TokensQuery
from conversations.queries import outbox as outbox_queries
from conversations.queries import patterns
from conversations.queries import search as search_queries
from conversations.queries import tickets as ticket_queries
from tickets.models import Ticket

NEVER = Q(pk__in=())
ALWAYS = ~NEVER  # an empty Q is neutral in a disjunction too


class Source(Protocol):
    """Where a value stands."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        """The filter of the rows for which it holds."""
        ...

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        """Whether it holds for a row."""
        ...


def any_of(filters: Iterable[Q]) -> Q:
    """Rows of any of the filters."""
    return reduce(operators.or_, filters, NEVER)


def read(row: Any, path: str) -> Any:
    """The value at the end of a path such as `contact__email`; None where a row on the way is missing."""
    for name in path.split("__"):
        if row is None:
            return None
        row = getattr(row, name)
    return row


def _values(operator: str, value: Any) -> tuple[Any, ...]:
    return value if operator == "in" else (value,)


# --- Plain columns ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """A column that has one of some known values, or none."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        if operator == "exists":
            return Q(**{f"{self.path}__isnull": False})
        return Q(**{f"{self.path}__in": _values(operator, value)})

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = read(row, self.path)
        return found is not None if operator == "exists" else found in _values(operator, value)


@dataclass(frozen=True, slots=True)
class ChoiceOrNone:
    """A column that has one of some known values, or the word for none."""

    path: str
    none: str = "none"

    def q(self, operator: str, value: Any, context: Context) -> Q:
        values = _values(operator, value)
        wanted = Q(**{f"{self.path}__in": [one for one in values if one != self.none]})
        return wanted | Q(**{f"{self.path}__isnull": True}) if self.none in values else wanted

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = read(row, self.path)
        return (self.none if found is None else found) in _values(operator, value)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A choice that a column keeps as another value, such as a rank."""

    path: str
    kept: tuple[tuple[str, Any], ...]

    def q(self, operator: str, value: Any, context: Context) -> Q:
        kept = dict(self.kept)
        return Q(**{f"{self.path}__in": [kept[one] for one in _values(operator, value)]})

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        kept = dict(self.kept)
        return read(row, self.path) in [kept[one] for one in _values(operator, value)]


@dataclass(frozen=True, slots=True)
class Flag:
    """A column that is true or false."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        return Q(**{self.path: True})

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return read(row, self.path) is True


@dataclass(frozen=True, slots=True)
class Present:
    """Whether a column has a value other than 0."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        return Q(**{f"{self.path}__gt": 0})

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return (read(row, self.path) or 0) > 0


@dataclass(frozen=True, slots=True)
class Number:
    """A column of whole numbers."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        if operator == "exists":
            return Q(**{f"{self.path}__isnull": False})
        if operator in ("is", "in"):
            numbers = [Decimal(one) for one in _values(operator, value)]
            whole = [int(one) for one in numbers if one == int(one) and abs(one) <= HIGHEST_ID]
            return Q(**{f"{self.path}__in": whole})
        # As a numeric, so that a number of any size, or with a fraction, is compared and not refused.
        return _compared(_Numeric(F(self.path)), operator, value)

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = read(row, self.path)
        if found is None or operator == "exists":
            return found is not None
        return _holds_number(Decimal(found), operator, value)


# --- Texts --------------------------------------------------------------------------------------


def _spellings(text: str) -> list[str]:
    """A text as different systems write its accents."""
    forms = ("NFC", "NFD")
    return list(dict.fromkeys([text, *(unicodedata.normalize(form, text) for form in forms)]))  # type: ignore[arg-type]


def _patterns(operator: str, value: Any) -> list[str]:
    make: Callable[[str], str] = {"contains": patterns.within, "starts_with": patterns.beginning}.get(
        operator, patterns.exactly
    )
    return [make(spelling) for one in _values(operator, value) for spelling in _spellings(one)]


def is_like(text: str, operator: str, value: Any) -> bool:
    """Whether a text is like a value, as the database compares them: in any case, with any spelling of accents."""
    wanted = [spelling for one in _values(operator, value) for spelling in _spellings(one)]
    if text.isascii() and all(one.isascii() for one in wanted):
        upper, tests = text.upper(), [one.upper() for one in wanted]
        if operator == "contains":
            return any(one in upper for one in tests)
        return any(upper.startswith(one) for one in tests) if operator == "starts_with" else upper in tests
    # What is the same in another case is for the database's collation to say.
    with connection.cursor() as cursor:
        likes = " OR ".join(["UPPER(%s::text) LIKE UPPER(%s)"] * len(asked := _patterns(operator, value)))
        cursor.execute(f"SELECT {likes}", [one for pattern in asked for one in (text, pattern)])
        return bool(cursor.fetchone()[0])


@dataclass(frozen=True, slots=True)
class Text:
    """A column of text, compared in any case."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        if operator == "exists":
            return Q(**{f"{self.path}__gt": ""})
        return any_of(Q(**{f"{self.path}__like_in_any_case": one}) for one in _patterns(operator, value))

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = read(row, self.path)
        return bool(found) if operator == "exists" else found is not None and is_like(found, operator, value)


class Words:
    """The words of a conversation, as search finds them: in its subject, contact, messages, notes and files."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        question = search_queries.words(value)
        return reduce(operators.and_, (part.holds for part in question.parts())) if question.size else NEVER

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return Conversation.objects.filter(self.q(operator, value, context), pk=row.pk).exists()


class TicketWords:
    """The words of a ticket, as its search finds them."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        values = ticket_queries.looked_for(value)
        return Q(pk__in=ticket_queries.found_by(**values)) if values else NEVER

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return Ticket.objects.filter(self.q(operator, value, context), pk=row.pk).exists()


class ContactWords:
    """The words of a contact's names and addresses."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        asked = TokensQuery.of(value)
        return NEVER if asked is None else Q(tokens=asked)

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return Contact.objects.filter(self.q(operator, value, context), pk=row.pk).exists()


class OfCustomer:
    """The words of the names and addresses of a conversation's customer."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        asked = TokensQuery.of(value)
        return NEVER if asked is None else Q(contact__tokens=asked)

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return Conversation.objects.filter(self.q(operator, value, context), pk=row.pk).exists()


class Recipient:
    """An address to which a conversation's mails go beside the customer's: its mailbox's, or one in Cc."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        copied = Func(F("cc"), models.Value("\n"), function="array_to_string", output_field=TextField())
        asked = _patterns(operator, value)
        to_mailbox = any_of(Q(mailbox__address__like_in_any_case=one) for one in asked)
        return to_mailbox | any_of(Q(patterns.LikeInAnyCase(copied, one)) for one in asked)

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        address = read(row, "mailbox__address")
        return (address is not None and is_like(address, operator, value)) or is_like(
            "\n".join(row.cc), operator, value
        )


# --- Moments ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moment:
    """A column of moments."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        if operator == "exists":
            return Q(**{f"{self.path}__isnull": False})
        than, moment = _bound(operator, value, context)
        return Q(**{f"{self.path}__{than}": moment})

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return _holds_moment(read(row, self.path), operator, value, context)


class Deadline:
    """When a customer is due an answer: the first one, or the next, whichever clock runs and ends sooner."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        due, is_due = NextDeadline(), Q(LessThan(NextDeadline(), NEVER_DUE))
        if operator == "exists":
            return is_due
        than, moment = _bound(operator, value, context)
        return Q(LessThan(due, moment)) if than == "lt" else Q(GreaterThanOrEqual(due, moment)) & is_due

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        first = row.first_response_due_at if row.first_response_at is None else None
        due = min((one for one in (first, row.next_response_due_at) if one is not None), default=None)
        return _holds_moment(due, operator, value, context)


def _bound(operator: str, value: str, context: Context) -> tuple[str, datetime]:
    if operator in ("before", "after"):
        moment = contexts.moment(value, context.zone)
    else:
        moment = context.at - contexts.age(value)
    return ("lt" if operator in ("before", "older_than") else "gte"), moment


def _holds_moment(found: datetime | None, operator: str, value: Any, context: Context) -> bool:
    if found is None or operator == "exists":
        return found is not None
    than, moment = _bound(operator, value, context)
    return found < moment if than == "lt" else found >= moment


# --- People and tags ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Member:
    """A column that points at a member."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        ids, wants_none = _members(operator, value, context, "nobody")
        wanted = Q(**{f"{self.path}__in": ids})
        return wanted | Q(**{f"{self.path}__isnull": True}) if wants_none else wanted

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        ids, wants_none = _members(operator, value, context, "nobody")
        found = read(row, f"{self.path}_id")
        return wants_none if found is None else found in ids


def _members(operator: str, value: Any, context: Context, none: str) -> tuple[list[int], bool]:
    values = _values(operator, value)
    ids = [context.me if one == "me" else one for one in values if one != none]
    return [one for one in ids if isinstance(one, int)], none in values


@dataclass(frozen=True, slots=True)
class Members:
    """Members of whom rows of a model tell something about a conversation, such as its followers."""

    model: type[Follower] | type[Mention]

    def q(self, operator: str, value: Any, context: Context) -> Q:
        ids, wants_none = _members(operator, value, context, "nobody")
        rows = self.model.objects.filter(conversation=OuterRef("pk"))
        wanted = Q(Exists(rows.filter(user__in=ids))) if ids else NEVER
        return wanted | Q(~Exists(rows)) if wants_none else wanted

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        ids, wants_none = _members(operator, value, context, "nobody")
        found = set(self.model.objects.filter(conversation=row).values_list("user", flat=True))
        return wants_none if not found else not found.isdisjoint(ids)


@dataclass(frozen=True, slots=True)
class OfTeam:
    """A column that points at a team."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        values = _values(operator, value)
        found = [Q(**{f"{self.path}__in": [one for one in values if isinstance(one, int)]})]
        if "mine" in values and context.me is not None:
            found.append(Q(**{f"{self.path}__in": _teams_of(context.me)}))
        if "none" in values:
            found.append(Q(**{f"{self.path}__isnull": True}))
        return any_of(found)

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        values, found = _values(operator, value), read(row, f"{self.path}_id")
        if found is None:
            return "none" in values
        is_mine = "mine" in values and context.me is not None
        return found in values or (is_mine and _teams_of(context.me).filter(pk=found).exists())


def _teams_of(user: int | None) -> models.QuerySet[Team, Any]:
    return Team.objects.filter(members=user).order_by().values("pk")


@dataclass(frozen=True, slots=True)
class Tags:
    """A column of tags, which are found in the spellings that people give one tag."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        if operator == "exists":
            return Q(**{f"{self.path}__gt": []})
        return Q(**{f"{self.path}__overlap": spellings_of_tags(_values(operator, value))})

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = read(row, self.path) or []
        if operator == "exists":
            return bool(found)
        return not set(found).isdisjoint(spellings_of_tags(_values(operator, value)))


def spellings_of_tags(names: Iterable[str]) -> list[str]:
    """The spellings in which rows hold some tags: as given, in small or capital letters, with a capital.

    A list of spellings, and not a comparison in any case, for an index of what rows hold finds them.
    """
    cases: tuple[Callable[[str], str], ...] = (str, str.lower, str.upper, str.capitalize, str.title)
    return list(dict.fromkeys(form(case(name)) for name in names for case in cases for form in _FORMS))


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


_FORMS: tuple[Callable[[str], str], ...] = (str, _nfc, _nfd)


# --- What several columns, or other rows, tell --------------------------------------------------


_STATES: dict[str, Q] = {
    "open": Q(status=Status.OPEN, snoozed_until=None),
    "pending": Q(status=Status.PENDING, snoozed_until=None),
    "snoozed": Q(status__in=(Status.OPEN, Status.PENDING), snoozed_until__isnull=False),
    "resolved": Q(status=Status.RESOLVED),
    "closed": Q(status=Status.CLOSED),
}


class State:
    """A conversation's status as people see it: open and waiting ones are not snoozed."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        return any_of(_STATES[one] for one in _values(operator, value))

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        is_snoozed = row.snoozed_until is not None and row.status in (Status.OPEN, Status.PENDING)
        return ("snoozed" if is_snoozed else row.status) in _values(operator, value)


class HasFile:
    """Whether any message of a conversation has a file."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        return Q(Exists(Attachment.objects.filter(message__conversation=OuterRef("pk"))))

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return Attachment.objects.filter(message__conversation=row).exists()


class NotSent:
    """Whether a reply of a conversation could not be sent, or waits for somebody to look at it."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        return Q(Exists(outbox_queries.to_look_at().filter(conversation=OuterRef("pk"))))

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return outbox_queries.to_look_at().filter(conversation=row).exists()


@dataclass(frozen=True, slots=True)
class Linked:
    """Whether a column points at a row."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        return Q(**{f"{self.path}__isnull": False})

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return read(row, f"{self.path}_id") is not None


@dataclass(frozen=True, slots=True)
class OfConversations:
    """What holds for any of a ticket's conversations; without a source, whether it has one."""

    source: Source | None = None

    def q(self, operator: str, value: Any, context: Context) -> Q:
        rows = Conversation.objects.filter(ticket=OuterRef("pk"))
        return Q(Exists(rows if self.source is None else rows.filter(self.source.q(operator, value, context))))

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = Conversation.objects.filter(ticket=row).select_related("contact")
        if self.source is None:
            return found.exists()
        source = self.source
        return any(source.holds(one, operator, value, context) for one in found)


# --- Custom attributes --------------------------------------------------------------------------


class _Stored(Func):
    """The text under a key of a column of JSON."""

    template = "(%(expressions)s::text)"
    arg_joiner = " ->> "
    output_field = TextField()

    def __init__(self, column: str, key: str) -> None:
        super().__init__(F(column), models.Value(key))


class _StoredText(Func):
    """The same of a text alone; null for a number or a list."""

    output_field = TextField()

    def __init__(self, column: str, key: str) -> None:
        super().__init__(F(column), models.Value(key))

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        (column, given), (key, named) = (compiler.compile(one) for one in self.source_expressions)
        made = f"(CASE WHEN jsonb_typeof({column} -> {key}::text) = 'string' THEN {column} ->> {key}::text END)"
        return made, [*given, *named, *given, *named]


_DECIMAL = r"-?[0-9]{1,30}([.][0-9]{1,30})?"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


class _Numeric(Func):
    """A number, whole or in a text, as one; null for any other text."""

    output_field = models.DecimalField(max_digits=60, decimal_places=30)

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        sql, parameters = compiler.compile(self.source_expressions[0])
        # The cast must not see a text that is no number: of a CASE, PostgreSQL evaluates what is wanted alone.
        made = f"(CASE WHEN {sql}::text ~ '^{_DECIMAL}$' THEN {sql}::text::numeric END)"
        return made, [*parameters, *parameters]


class _Plain(Func):
    """A text compared by its bytes, for dates in ISO 8601; null for any other text."""

    output_field = TextField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        sql, parameters = compiler.compile(self.source_expressions[0])
        return f"(CASE WHEN {sql} ~ '^{_DAY}$' THEN {sql} END) COLLATE \"C\"", [*parameters, *parameters]


_COMPARISONS: dict[str, tuple[Any, Callable[[Any, Any], bool]]] = {
    "is": (Exact, operators.eq),
    "gt": (GreaterThan, operators.gt),
    "gte": (GreaterThanOrEqual, operators.ge),
    "lt": (LessThan, operators.lt),
    "lte": (LessThanOrEqual, operators.le),
    "before": (LessThan, operators.lt),
    "after": (GreaterThanOrEqual, operators.ge),
}


def _compared(expression: Func, operator: str, value: Any) -> Q:
    if operator == "in":
        return any_of(_compared(expression, "is", one) for one in value)
    return Q(_COMPARISONS[operator][0](expression, models.Value(Decimal(value))))


def _holds_number(found: Decimal, operator: str, value: Any) -> bool:
    if operator == "in":
        return any(found == Decimal(one) for one in value)
    return _COMPARISONS[operator][1](found, Decimal(value))


@dataclass(frozen=True, slots=True)
class OfAttributes:
    """What stands under a key of the attributes of a row, or of one that it points at."""

    path: str
    """Of the column: `attributes`, or `contact__attributes`."""
    key: str

    def _found(self, row: Any) -> Any:
        kept = read(row, self.path)
        return kept.get(self.key) if isinstance(kept, dict) else None

    def _contains(self, value: Any) -> Q:
        return Q(**{f"{self.path}__contains": {self.key: value}})

    def _exists(self) -> Q:
        return Q(IsNull(_Stored(self.path, self.key), False))


class TextAttribute(OfAttributes):
    """A text, a choice or a URL."""

    __slots__ = ()

    def q(self, operator: str, value: Any, context: Context) -> Q:
        if operator == "exists":
            return self._exists()
        stored = _StoredText(self.path, self.key)
        return any_of(Q(patterns.LikeInAnyCase(stored, one)) for one in _patterns(operator, value))

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = self._found(row)
        if found is None or operator == "exists":
            return found is not None
        return isinstance(found, str) and is_like(found, operator, value)


class ChoiceAttribute(OfAttributes):
    """One of the attribute's choices."""

    __slots__ = ()

    def q(self, operator: str, value: Any, context: Context) -> Q:
        if operator == "exists":
            return self._exists()
        return any_of(self._contains(one) for one in _values(operator, value))

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = self._found(row)
        if operator == "exists":
            return found is not None
        return isinstance(found, str) and found in _values(operator, value)


class NumberAttribute(OfAttributes):
    """A number, or a decimal, which is kept as a text."""

    __slots__ = ()

    def q(self, operator: str, value: Any, context: Context) -> Q:
        if operator == "exists":
            return self._exists()
        return _compared(_Numeric(_Stored(self.path, self.key)), operator, value)

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = self._found(row)
        if found is None or operator == "exists":
            return found is not None
        text = str(found) if isinstance(found, (int, str)) and not isinstance(found, bool) else ""
        if isinstance(found, float):
            text = format(Decimal(repr(found)), "f")
        return re.fullmatch(_DECIMAL, text) is not None and _holds_number(Decimal(text), operator, value)


class YesOrNoAttribute(OfAttributes):
    """Yes, no, or neither."""

    __slots__ = ()

    def q(self, operator: str, value: Any, context: Context) -> Q:
        return self._exists() if operator == "exists" else self._contains(value)

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = self._found(row)
        return found is not None if operator == "exists" else found is value


class DayAttribute(OfAttributes):
    """A date."""

    __slots__ = ()

    def q(self, operator: str, value: Any, context: Context) -> Q:
        if operator == "exists":
            return self._exists()
        return Q(_COMPARISONS[operator][0](_Plain(_Stored(self.path, self.key)), models.Value(value)))

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = self._found(row)
        if found is None or operator == "exists":
            return found is not None
        is_day = isinstance(found, str) and re.fullmatch(_DAY, found) is not None
        return is_day and _COMPARISONS[operator][1](found, value)

"""Searching conversations: by the words that people type, or by any part of a text. One way for every screen, format and admin.

What is looked for is a `Question`, made by `words` and `containing`; its `Part`s are what a conversation must hold.
`conversations.queries.newest` finds the newest conversations that do. See docs/adr/0014 and docs/adr/0024.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, DateTimeField, Exists, F, Func, OuterRef, Q, QuerySet, Value

from accounts.compiled import compiled
from accounts.tenancy import TenantModel
from accounts.text import whole_number
from conversations.models import Attachment, Contact, Conversation, Message, SearchDocument, SearchWord
from conversations.models.searched import Day, TokensQuery
from conversations.queries import patterns
from conversations.texts import substrings, tokens
from tickets.queries import HIGHEST_NUMBER

R = TypeVar("R", bound=QuerySet[Any])
Rows = Callable[[type[TenantModel]], QuerySet[Any]]
"""Among which rows of a model to look."""

_MOST_WORDS = 500
_LEAST = 3  # letters of a part of a word that an index finds


def own(model: type[TenantModel]) -> QuerySet[Any]:
    """Rows of the open scope's workspace."""
    return model.objects.all()


@dataclass(frozen=True, slots=True)
class Part:
    """Something that a conversation must hold."""

    holds: Q
    """Whether a conversation does, by reading a row or two for each."""
    ids: Callable[[datetime | None], QuerySet[Any]] | None
    """The ids of all conversations that do, by indexes: with a moment, where it `is_bounded`, of those that are as new. None where
    no index can tell."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for, as compiled query sets take it: the parts follow from the form, and are compared with the values.

    Making the parts costs more than asking for them: they are made when a form is compiled.
    """

    make: Callable[..., Sequence[Part]]
    form: tuple[Hashable, ...]
    values: Mapping[str, Any]
    """What holding is compared with."""
    led: Mapping[str, Any] | None = field(default_factory=dict)
    """What the look-ups are compared with beside; None where no index can tell."""
    size: int = 1
    """How many parts there are; none where there is nothing to look for."""
    of: Rows = own
    by: str | None = None
    """The moment by which its look-ups can be bounded, if there is one."""
    leads: tuple[int, ...] | None = None
    """The parts to which an index leads; None for all of them."""
    is_compiled: bool = True
    """Whether its statements are few enough to be kept."""

    def parts(self) -> Sequence[Part]:
        """What a conversation must hold."""
        return self.make(self.form, self.of, **self.values, **(self.led or {}))

    def leading(self, part: int) -> dict[str, Any]:
        """What those are compared with to which the index of a part leads, and the other parts."""
        asked = {**self.values, **(self.led or {})}
        asked.pop(f"asked_anywhere_{part}", None)
        return asked


def narrowed(question: Question, parts: Sequence[Part]) -> Question:
    """A question that asks for more, by parts that are made already; its statements are made anew each time."""
    if not parts:
        return question
    size = question.size
    leads = (*range(size), *(size + n for n, part in enumerate(parts) if part.ids is not None))

    def make(form: tuple[Any, ...], of: Rows, **asked: Any) -> list[Part]:
        return [*(question.make(form, of, **asked) if size else ()), *parts]

    led = question.led if leads else None
    return replace(question, make=make, led=led, size=size + len(parts), leads=leads, is_compiled=False)


class Probe(Exists):
    """An EXISTS that is asked for each row: PostgreSQL would join what it finds rare, and read all for it."""

    template = "EXISTS(%(subquery)s OFFSET 0)"


class Among(Func):
    """Whether a column has one of the values of a sub-select, which is run once."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()

    def __init__(self, column: str, values: QuerySet[Any]) -> None:
        super().__init__(F(column), ArraySubquery(values))


def matching(rows: R, question: Question) -> R:
    """Those of some few rows that hold all that is looked for; none where that is nothing."""
    return rows.filter(*(part.holds for part in question.parts())) if question.size else rows.none()


# --- Words --------------------------------------------------------------------------------------


def words(search: str, of: Rows = own) -> Question:
    """What was typed, each word anywhere: subject, message, note, file name or contact; `conversations.texts.tokens` says how words match.

    A number also stands for the conversation, or the ticket, of that number.
    """
    terms, wanted = tokens.query(search), number(search)
    values: dict[str, Any] = {f"asked_{n}": term for n, term in enumerate(terms)}
    for n, term in enumerate(terms):
        if " <-> " in term or " & " in term:  # in one text, whereas a document is made of several
            values[f"asked_anywhere_{n}"] = term.replace(" <-> ", " & ")  # and does not keep the places of its words
    if wanted is not None:
        values["asked_number"] = wanted
    return Question(_words, (len(terms), *sorted(values)), values, size=len(terms), of=of)


def _words(form: tuple[Any, ...], of: Rows, **asked: Any) -> list[Part]:
    return [
        _word(asked[f"asked_{n}"], asked.get(f"asked_anywhere_{n}"), asked.get("asked_number"), of)
        for n in range(form[0])
    ]


def _word(term: str, anywhere: str | None, wanted: int | None, of: Rows) -> Part:
    query, ids = TokensQuery(term), _holding(TokensQuery(term), of)
    document = of(SearchDocument).filter(
        workspace=OuterRef("workspace"), conversation=OuterRef("pk"), tokens=TokensQuery(anywhere or term)
    )
    holds = Q(Probe(document))
    if anywhere is not None:
        held = of(Message).filter(workspace=OuterRef("workspace"), conversation=OuterRef("pk"), tokens=query)
        named = of(Attachment).filter(
            workspace=OuterRef("workspace"), message__conversation=OuterRef("pk"), tokens=query
        )
        holds &= Q(tokens=query) | Q(contact__tokens=query) | Q(Probe(held)) | Q(Probe(named))
    if wanted is not None:
        holds |= Q(number=wanted) | Q(ticket__number=wanted)
        ids = ids.union(numbered(wanted, of))
    return Part(holds, lambda since: ids)


def number(search: str) -> int | None:
    """The number of a conversation or a ticket that may be meant: `42` or `#42`."""
    return whole_number(search.strip().removeprefix("#"), most=HIGHEST_NUMBER)


def numbered(wanted: int, of: Rows = own) -> QuerySet[Any]:
    """The ids of the conversations of that number, or of the ticket of that number."""
    return _ids(of(Conversation).filter(number=wanted)).union(_ids(of(Conversation).filter(ticket__number=wanted)))


def _holding(query: TokensQuery, of: Rows) -> QuerySet[Any]:
    """Ids of the conversations with a subject, a contact, a message, a note or the name of a file that matches."""
    contacts = of(Contact).filter(tokens=query).order_by().values("pk")
    of_people = _ids(of(Conversation).filter(Among("contact", contacts)))
    written = of(Message).filter(tokens=query).order_by().values("conversation")
    attached = of(Attachment).filter(tokens=query).order_by().values("message__conversation")
    # A UNION over one key: an OR across tables could use no index.
    return _ids(of(Conversation).filter(tokens=query)).union(of_people, written, attached)


def _ids(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.order_by().values("pk")


# --- Any part of a text -------------------------------------------------------------------------


def containing(text: str, last: str) -> Question:
    """Any part of a subject, of the last message of a kind (`last_activity`), or of a contact's name or address, in any case."""
    terms, values = inside(text), {"asked_pattern": patterns.within(text)}
    if terms is None:
        return Question(_containing, (last,), values, led=None)
    return Question(_containing, (last,), values, led={"asked_inside": or_cut(terms)}, by=f"{last}_at")


def _containing(form: tuple[Any, ...], of: Rows, *, asked_pattern: str, asked_inside: str | None = None) -> list[Part]:
    last = form[0]

    def like(*columns: str) -> Q:
        return Q(*((f"{column}__like_in_any_case", asked_pattern) for column in columns), _connector=Q.OR)

    def ids(since: datetime | None) -> QuerySet[Any]:
        # What a text has to be like is asked of its own row, before anything is joined to it.
        query, rows = TokensQuery(asked_inside or ""), of(Conversation)
        written = of(Message).filter(like("body"), tokens=query, **{f"conversation__{last}": F("pk")})
        if since is not None:
            rows = rows.filter(**{f"{last}_at__gte": since})
            # It was written at that very moment.
            day = Day(Value(since, output_field=DateTimeField()))
            written = written.alias(day=Day("created_at")).filter(
                day__gte=day, **{f"conversation__{last}_at__gte": since}
            )
        contacts = of(Contact).filter(like("name", "email"), tokens=query).order_by().values("pk")
        return _ids(rows.filter(like("subject"), tokens=query)).union(
            _ids(rows.filter(Among("contact", contacts))), written.order_by().values("conversation")
        )

    holds = like("subject", f"{last}__body", "contact__name", "contact__email")
    return [Part(holds, None if asked_inside is None else ids)]


def inside(text: str) -> str | None:
    """What the tokens hold of all texts in which another may occur, in any case, but of the `tokens.CUT` ones. None where they
    cannot tell."""
    found = substrings.outline(text)
    if found is None:
        return None
    terms = list(found.terms)
    if len(found.ending) >= _LEAST:
        terms += _any_of(tokens.exactly(found.ending), _words_like.rows(like=patterns.ending(found.ending)))
    if len(found.middle) >= _LEAST:
        # What begins with it is found without being listed.
        middle, longer = patterns.within(found.middle), patterns.beginning(found.middle)
        terms += _any_of(tokens.beginning(found.middle), _words_like.rows(like=middle, unlike=longer))
    return " & ".join(terms if len(terms) < 2 else map("({})".format, terms)) if terms else None


def or_cut(terms: str | None) -> str:
    """The same with the texts of which the tokens do not hold everything; None for those alone."""
    return tokens.any_of(*filter(None, [terms, tokens.exactly(tokens.CUT)]))


@compiled
def _words_like(*, like: str, unlike: str | None = None) -> QuerySet[SearchWord, tuple[str]]:
    found = SearchWord.objects.filter(word__like=like)
    if unlike is not None:
        found = found.exclude(word__like=unlike)
    return found.order_by().values_list("word")[: _MOST_WORDS + 1]


def _any_of(itself: str, longer: Sequence[tuple[str]]) -> list[str]:
    """One term for a word and those with it in them; none where they are so many that they tell nothing."""
    known = dict.fromkeys([itself, *(tokens.exactly(word) for (word,) in longer)])
    return [] if len(longer) > _MOST_WORDS else [" | ".join(known)]

"""Searching conversations: by the words that people type, or by any part of a text. One way for every screen, format and admin.

What is looked for becomes `Part`s, all of which a conversation must hold; `words` and `containing` make them. `newest` finds the
newest conversations that hold them: a frequent word by walking from the newest on, a rare one by its index. See docs/adr/0014.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Any, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, Func, Model, OuterRef, Q, QuerySet, Subquery

from accounts.tenancy import TenantModel
from accounts.text import whole_number
from conversations.models import Contact, Conversation, Message, SearchDocument, SearchWord
from conversations.models.searched import TokensQuery, cut
from conversations.texts import substrings, tokens
from tickets.queries import HIGHEST_NUMBER

M = TypeVar("M", bound=Model)
R = TypeVar("R", bound=QuerySet[Any])
Rows = Callable[[type[TenantModel]], QuerySet[Any]]
"""Among which rows of a model to look."""

SAMPLE = 300
"""So many of the newest conversations tell how frequent something is."""
_PAGE = 31  # rows of an ordinary page, and one more
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
    ids: QuerySet[Any] | None
    """The ids of all conversations that may, by indexes; None where no index can tell."""
    is_exact: bool = True
    """Whether all of `ids` do."""


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


# --- What is looked for -------------------------------------------------------------------------


def words(search: str, of: Rows = own) -> list[Part]:
    """What was typed, each word anywhere: subject, message, note or contact; `conversations.texts.tokens` says how words match.

    A number also stands for the conversation, or the ticket, of that number.
    """
    wanted = number(search)
    parts = []
    for term in tokens.query(search):
        query = TokensQuery(term)
        ids = _holding(query, of)
        holds = Q(_document(term, of))
        if " <-> " in term or " & " in term:  # in one text, whereas a document is made of several
            held = of(Message).filter(workspace=OuterRef("workspace"), conversation=OuterRef("pk"), tokens=query)
            holds &= Q(tokens=query) | Q(contact__tokens=query) | Q(Probe(held))
        if wanted is not None:
            holds |= Q(number=wanted) | Q(ticket__number=wanted)
            ids = ids.union(numbered(wanted, of))
        parts.append(Part(holds, ids))
    return parts


def containing(text: str, exactly: Q, of: Rows = own) -> Part:
    """Any part of a subject, a message, a note, or a contact's name or address; `exactly` says which of them count."""
    query = inside(text, of)
    if query is None:
        return Part(exactly, None, is_exact=False)
    cut_off = of(Message).filter(cut("body")).order_by().values("conversation")
    ids = _holding(query, of).union(cut_off, _ids(of(Conversation).filter(cut("subject"))))
    return Part(exactly, ids, is_exact=False)


def number(search: str) -> int | None:
    """The number of a conversation or a ticket that may be meant: `42` or `#42`."""
    return whole_number(search.strip().removeprefix("#"), most=HIGHEST_NUMBER)


def numbered(wanted: int, of: Rows = own) -> QuerySet[Any]:
    """The ids of the conversations of that number, or of the ticket of that number."""
    return _ids(of(Conversation).filter(number=wanted)).union(_ids(of(Conversation).filter(ticket__number=wanted)))


def _document(term: str, of: Rows) -> Probe:
    # A document does not keep the places of its words.
    query = TokensQuery(term.replace(" <-> ", " & "))
    rows = of(SearchDocument).filter(workspace=OuterRef("workspace"), conversation=OuterRef("pk"), tokens=query)
    return Probe(rows)


def _holding(query: TokensQuery, of: Rows) -> QuerySet[Any]:
    """Ids of the conversations with a subject, a contact, a message or a note that matches."""
    contacts = of(Contact).filter(tokens=query).order_by().values("pk")
    of_people = _ids(of(Conversation).filter(Among("contact", contacts)))
    written = of(Message).filter(tokens=query).order_by().values("conversation")
    # A UNION over one key: an OR across tables could use no index.
    return _ids(of(Conversation).filter(tokens=query)).union(of_people, written)


def _ids(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.order_by().values("pk")


def inside(text: str, of: Rows = own) -> TokensQuery | None:
    """For rows in whose text another may occur, in any case: all those but the `cut` ones. None where words cannot tell."""
    found = substrings.outline(text)
    if found is None:
        return None
    terms = list(found.terms)
    if len(found.ending) >= _LEAST:
        terms += _any_of(found.ending, of(SearchWord).filter(word__endswith=found.ending), tokens.exactly)
    if len(found.middle) >= _LEAST:
        # What begins with it is found without being listed.
        longer = of(SearchWord).filter(word__contains=found.middle).exclude(word__startswith=found.middle)
        terms += _any_of(found.middle, longer, tokens.beginning)
    return TokensQuery(" & ".join(terms if len(terms) < 2 else map("({})".format, terms))) if terms else None


def _any_of(part: str, longer: QuerySet[SearchWord], itself: Callable[[str], str]) -> list[str]:
    """One term for a word and those with it in them; none where they are so many that they tell nothing."""
    found = list(longer.order_by().values_list("word", flat=True)[: _MOST_WORDS + 1])
    known = dict.fromkeys([itself(part), *map(tokens.exactly, found)])
    return [] if len(found) > _MOST_WORDS else [" | ".join(known)]


# --- Who holds it -------------------------------------------------------------------------------


def matching(rows: R, parts: Sequence[Part]) -> R:
    """Those of some few rows that hold all parts; none where there is nothing to look for."""
    return rows.filter(*(part.holds for part in parts)) if parts else rows.none()


def newest(
    rows: QuerySet[M],
    count: int,
    start: int = 0,
    *,
    parts: Sequence[Part],
    by: str,
    shown: Callable[[Any], QuerySet[Any, Any]] = lambda found: found,
) -> list[Any]:
    """The newest `count` of the rows that hold all parts, without the first `start`. `by` orders them and has an index.

    `shown` gives those that are found the columns that are wanted, which are joined to nothing else.

    The newest rows are asked one by one. If several of them have what is wanted, it is frequent, and going on a little leads to
    enough; if not, an index leads to all that have it.
    """
    if not parts:
        return []
    ordered = rows.order_by(f"-{by}", *(() if by == "pk" else ("-pk",)))
    names = [f"holds_{n}" for n in range(len(parts))]
    asked = {name: ExpressionWrapper(part.holds, BooleanField()) for name, part in zip(names, parts, strict=True)}
    sample = list(ordered.annotate(**asked).values_list("pk", *names)[:SAMPLE])
    near = [pk for pk, *held in sample if all(held)]
    if len(near) >= count or len(sample) < SAMPLE:
        return list(shown(ordered.filter(pk__in=near[start:count]))) if near[start:] else []
    indexed = [n for n, part in enumerate(parts) if part.ids is not None]
    if not indexed:
        return list(shown(matching(ordered, parts))[start:count])
    if len(near) > isqrt(count * 4 // _PAGE):
        # Half as far again as it should take: what was frequent lately may have been rare before.
        far = count * SAMPLE * 3 // (len(near) * 2)
        near_by = ordered.filter(**{f"{by}__gte": Subquery(ordered.values(by)[far : far + 1])})
        found = list(shown(matching(near_by, parts))[start:count])
        if len(found) == count - start:
            return found
    # Of several parts, the rarest leads to the others.
    rarest = min(indexed, key=lambda n: sum(bool(held[n]) for _, *held in sample))
    others = [part.holds for n, part in enumerate(parts) if n != rarest or not part.is_exact]
    all_of_them = ordered.filter(Among("pk", parts[rarest].ids), *others)  # type: ignore[arg-type]  # it is one of `indexed`
    return list(shown(ordered.filter(pk__in=all_of_them.values("pk")[start:count])))

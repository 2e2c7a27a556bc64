"""Finding the passages that answer a question.

Texts are compared by their significant words, found by full-text search: no model, no outside service. Words that many of
the found texts share weigh less. Searched are articles, macros, and the team's answers in solved conversations, as far as
the one who asks may read them (see `Audience`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from django.contrib.postgres.search import SearchRank
from django.db.models import F, QuerySet

from accounts.models import Membership
from conversations.knowledge import redaction, stems
from conversations.knowledge.passages import Passage, SourceKind
from conversations.models import (
    Article,
    Audience,
    Contact,
    Conversation,
    Handler,
    Macro,
    Message,
    MessageKind,
    SenderKind,
    Status,
)
from conversations.models.knowledge import ArticleQuerySet
from conversations.models.searched import TokensQuery

MOST_PASSAGES = 3
_CANDIDATES = 300  # messages; the newest
_MOST_WRITTEN = 50  # articles, and macros; those that match best
_LEAST_SHARED = 2
_LEAST_SHARE = 0.25  # of the question's words that a text must share
_IN_TITLE = 0.15  # how much more a text counts for a word of the question in its title
_EXCERPT = 1_500  # characters of an article
_SECTION = re.compile(r"^(?=#{1,6} )", re.M)
_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}")


# --- Knowledge ----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Text:
    """A candidate with its stems: an article, a macro, or a customer's earlier question."""

    row: Article | Macro | Message
    title: set[str]
    words: set[str]
    score: float = 0.0
    share: float = 0.0


def similar(
    wanted: Iterable[str],
    audience: Audience,
    *,
    own: QuerySet[Conversation] | None = None,
    contact: Contact | None = None,
) -> list[Passage]:
    """The passages that share the wanted stems, best match first; none rather than a poor match.

    `own` conversations are left out, and those that the assistant answers. A customer's own solved conversations are
    those of `contact`.
    """
    wanted = list(wanted)
    if not wanted:
        return []
    texts = [*_written(wanted, audience), *_asked(wanted, audience, own, contact)]
    weight = {
        word: math.log(1 + len(texts) / (1 + sum(word in text.words or word in text.title for text in texts)))
        for word in wanted
    }
    total = sum(weight.values()) or 1.0
    for text in texts:
        shared = [word for word in wanted if word in text.words or word in text.title]
        if len(shared) < min(_LEAST_SHARED, len(wanted)) or len(shared) / len(wanted) < _LEAST_SHARE:
            continue
        text.share = sum(weight[word] for word in shared) / total
        text.score = text.share + _IN_TITLE * sum(weight[word] for word in shared if word in text.title) / total
    ranked = sorted((text for text in texts if text.score), key=lambda text: text.score, reverse=True)
    return list(islice(_passages(ranked, wanted, audience), MOST_PASSAGES))


def _written(wanted: Sequence[str], audience: Audience) -> Iterator[_Text]:
    """Articles, and for the team macros as well."""
    query = TokensQuery(stems.query(wanted))
    articles = _articles(audience)
    rank = SearchRank(F("tokens"), query)
    for article in articles.filter(tokens=query).order_by(rank.desc(), "-pk")[:_MOST_WRITTEN]:
        yield _Text(article, stems.stems(article.title), stems.stems(article.body))
    if audience != Audience.CUSTOMER:
        for macro in Macro.objects.filter(tokens=query).order_by(rank.desc(), "-pk")[:_MOST_WRITTEN]:
            yield _Text(macro, stems.stems(macro.name), stems.stems(macro.body))


def _articles(audience: Audience) -> ArticleQuerySet:
    articles = Article.objects.get_queryset()
    assert isinstance(articles, ArticleQuerySet)
    return articles.published() if audience == Audience.TEAM else articles.public()


def _asked(
    wanted: Sequence[str], audience: Audience, own: QuerySet[Conversation] | None, contact: Contact | None
) -> Iterator[_Text]:
    """Customers' questions in solved conversations."""
    asked = Message.objects.filter(
        tokens=TokensQuery(stems.query(wanted)),
        kind=MessageKind.MESSAGE,
        sender_kind=SenderKind.CUSTOMER,
        conversation__status__in=(Status.RESOLVED, Status.CLOSED),
        conversation__handler=Handler.PEOPLE,
    )
    if audience == Audience.TICKETS:
        asked = asked.filter(conversation__ticket__isnull=False)
    elif audience == Audience.CUSTOMER:
        asked = asked.filter(conversation__contact=contact)
    if own is not None:
        asked = asked.exclude(conversation__in=own.order_by().values("pk"))
    # Not by the plain id: its index runs through all workspaces, and is walked to the end where few messages match.
    for message in asked.only("conversation_id", "body").order_by((F("id") + 0).desc())[:_CANDIDATES]:
        yield _Text(message, set(), stems.stems(message.body or ""))


def _passages(ranked: Sequence[_Text], wanted: Sequence[str], audience: Audience) -> Iterator[Passage]:
    """The passage of each text; a conversation counts by its best question, and gives none without an answer."""
    best: dict[int, Message] = {}
    for text in ranked:
        if isinstance(text.row, Message):
            best.setdefault(text.row.conversation_id, text.row)
    answered = _answers(list(best.values())[: MOST_PASSAGES * 2], best, audience)
    for text in ranked:
        if isinstance(text.row, Message) and text.row.conversation_id in answered:
            # An answer of which little is left is weak evidence, however similar the questions are.
            text.share *= answered[text.row.conversation_id].kept
            text.score *= answered[text.row.conversation_id].kept
    for text in sorted(ranked, key=lambda text: text.score, reverse=True):
        row = text.row
        if isinstance(row, Article):
            excerpt = _excerpt(row.body, {*wanted})
            yield Passage(kind=SourceKind.ARTICLE, id=row.public_id, title=row.title, text=excerpt, share=text.share)
        elif isinstance(row, Macro):
            body = _PLACEHOLDER.sub("", row.body).strip()
            yield Passage(kind=SourceKind.MACRO, id=row.public_id, title=row.name, text=body, share=text.share)
        elif best[row.conversation_id] is row and row.conversation_id in answered:
            conversation, answer, asked, _ = answered[row.conversation_id]
            yield Passage(
                kind=SourceKind.CONVERSATION,
                id=conversation.public_id,
                title=conversation.subject,
                text=answer[:4_000],
                asked=asked[:1_000],
                number=conversation.number,
                share=text.share,
            )


class _Answered(NamedTuple):
    """A solved conversation: its answer and question without personal details, and the share of the answer that is left."""

    conversation: Conversation
    answer: str
    asked: str
    kept: float


def _answers(asked: Sequence[Message], questions: Mapping[int, Message], audience: Audience) -> dict[int, _Answered]:
    """By conversation, the team's longest answer after the question, redacted.

    Conversations without an answer, or with nothing left of it, are missing.
    """
    if not asked:
        return {}
    after = {message.conversation_id: message.pk for message in asked}
    rows = Conversation.objects.select_related("contact").in_bulk(list(after))
    messages = Message.objects.filter(conversation__in=after, kind=MessageKind.MESSAGE)
    fullest: dict[int, str] = {}
    people = {*Membership.objects.values_list("user__name", flat=True)}
    for row in rows.values():
        people |= {row.contact.name, row.contact.email, row.contact.external_id or "", row.contact.company}
    for message in messages.only("conversation_id", "body", "sender_kind", "sender_name").order_by("id"):
        pk, body = message.conversation_id, (message.body or "").strip()
        people.add(message.sender_name)
        if message.sender_kind == SenderKind.AGENT and message.pk > after[pk] and len(body) > len(fullest.get(pk, "")):
            fullest[pk] = body
    known = [pk for pk in fullest if pk in rows]
    texts = [text for pk in known for text in (fullest[pk], questions[pk].body or "")]
    shown = redaction.redacted(texts, articles=_articles(audience), people=people)
    return {
        pk: _Answered(rows[pk], answer, question, len(stems.stems(answer)) / len(stems.stems(fullest[pk])))
        for pk, answer, question in zip(known, shown[::2], shown[1::2], strict=True)
        if answer
    }


def _excerpt(body: str, wanted: set[str]) -> str:
    """The part of an article that answers: the section with all the wanted stems, or the whole article.

    A long text is quoted from the paragraph on that shares most of them.
    """
    body = body.strip()
    opening, *sections = [part.strip() for part in _SECTION.split(body) if part.strip()] or [""]
    about = wanted & stems.stems(body)
    # The text above the first heading introduces the rest, and is never enough by itself.
    if about - stems.stems(opening):
        body = next((section for section in sections if about <= stems.stems(section)), body)
    if len(body) <= _EXCERPT:
        return body
    parts = [part.strip() for part in re.split(r"\n\s*\n", body) if part.strip()]
    start = max(range(len(parts)), key=lambda n: (len(wanted & stems.stems(parts[n])), -n))
    excerpt = parts[start][:_EXCERPT]
    for part in parts[start + 1 :]:
        if len(excerpt) + len(part) + 2 > _EXCERPT:
            break
        excerpt += f"\n\n{part}"
    return excerpt

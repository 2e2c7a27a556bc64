"""What a draft is made from: the public thread of a ticket, and the desk's own earlier answers to similar questions.

Similar means sharing words, found by the full-text index over messages: no model, no outside service. Words that many
of the found messages share weigh less.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from django.contrib.postgres.search import SearchQuery
from django.db.models import QuerySet

from conversations import ticket_queries
from conversations.assistant.engine import Passage, Question, SourceKind, Turn
from conversations.models import Conversation, Handler, Message, MessageKind, SenderKind, Status
from tickets.models import Ticket

MOST_TURNS = 50
MOST_CHARACTERS = 8_000
MOST_PASSAGES = 3
_CANDIDATES = 300
_MOST_WORDS = 24
_LEAST_SHARED = 2
_LEAST_SHARE = 0.25  # of the question's words that an earlier one must share
_WORD = re.compile(r"[^\W_]{3,}")
_COMMON = frozenset({
    "about", "after", "again", "all", "also", "and", "another", "any", "are", "because", "been", "before", "but",
    "can", "cannot", "could", "did", "does", "doesn", "doing", "don", "each", "even", "every", "for", "from", "get",
    "gets", "getting", "good", "got", "had", "has", "have", "hello", "help", "her", "here", "him", "his", "how",
    "into", "isn", "its", "just", "know", "let", "like", "more", "much", "need", "not", "now", "off", "one", "only",
    "other", "our", "out", "over", "please", "regards", "said", "says", "she", "since", "some", "still", "such",
    "team", "tell", "than", "thank", "thanks", "that", "the", "their", "them", "then", "there", "these", "they",
    "this", "too", "tried", "try", "trying", "use", "used", "using", "very", "want", "was", "way", "were", "what",
    "when", "where", "which", "while", "who", "why", "will", "with", "would", "yes", "yet", "you", "your",
})  # fmt: skip


def question(ticket: Ticket) -> Question:
    """Everything a draft for the ticket is made from. `turns` is empty where nothing public was said yet."""
    primary = ticket_queries.primaries([ticket]).get(ticket.pk)
    turns = _turns(ticket_queries.public_messages(ticket))
    subject = primary.subject if primary else ticket.subject
    asked = [turn.text for turn in turns if turn.is_from_customer]
    return Question(
        subject=subject,
        customer_name=primary.contact.name if primary else "",
        turns=tuple(turns),
        passages=tuple(similar(words([subject, *asked]), ticket)) if turns else (),
    )


def thread_question(conversation: Conversation, *, until: Message) -> Question:
    """Everything an answer of the assistant is made from, in a conversation of its own: what was said up to a message."""
    said = Message.objects.filter(conversation=conversation, kind=MessageKind.MESSAGE, pk__lte=until.pk)
    turns = _turns(said)
    asked = [turn.text for turn in turns if turn.is_from_customer]
    # The last question decides; what was asked before helps only where that says too little.
    passages = similar(words(asked[-1:])) or (similar(words(asked[-2:])) if len(asked) > 1 else [])
    return Question(subject=conversation.subject, customer_name="", turns=tuple(turns), passages=tuple(passages))


def _turns(said: QuerySet[Message]) -> list[Turn]:
    """The last messages, oldest first, as far as they fit."""
    turns: list[Turn] = []
    left = MOST_CHARACTERS
    for message in said.order_by("-id")[:MOST_TURNS]:
        if left <= 0:
            break
        turns.insert(0, Turn(is_from_customer=message.is_from_customer, text=(message.body or "")[-left:]))
        left -= len(message.body or "")
    return turns


def words(texts: Sequence[str]) -> list[str]:
    """The words that tell what texts are about, each once, the last text's first."""
    found = (word for text in reversed(texts) for word in _WORD.findall(text.lower()))
    return list(dict.fromkeys(word for word in found if word not in _COMMON))[:_MOST_WORDS]


def similar(wanted: Sequence[str], ticket: Ticket | None = None) -> list[Passage]:
    """Answers that solved similar conversations, the most similar first; none rather than a poor match.

    A ticket's own conversations are left out, and those that the assistant answers.
    """
    if not wanted:
        return []
    asked = Message.objects.filter(
        search=SearchQuery(" | ".join(wanted), config="simple", search_type="raw"),
        kind=MessageKind.MESSAGE,
        sender_kind=SenderKind.CUSTOMER,
        conversation__status__in=(Status.RESOLVED, Status.CLOSED),
        conversation__handler=Handler.PEOPLE,
    )
    if ticket is not None:
        asked = asked.exclude(conversation__ticket=ticket.pk)
    candidates = list(asked.order_by("-id").values_list("pk", "conversation_id", "body")[:_CANDIDATES])
    shared = {pk: {*wanted} & {*_WORD.findall((body or "").lower())} for pk, _, body in candidates}
    rarity = {
        word: math.log(1 + len(candidates) / (1 + sum(word in has for has in shared.values()))) for word in wanted
    }
    best: dict[int, tuple[float, int]] = {}
    for pk, conversation_id, _ in candidates:
        enough = len(shared[pk]) >= min(_LEAST_SHARED, len(wanted)) and len(shared[pk]) / len(wanted) >= _LEAST_SHARE
        score = sum(rarity[word] for word in shared[pk])
        if enough and score > best.get(conversation_id, (0.0, 0))[0]:
            best[conversation_id] = (score, pk)
    ranked = sorted(best, key=lambda conversation_id: best[conversation_id], reverse=True)[: MOST_PASSAGES * 2]
    return _answers({conversation_id: best[conversation_id][1] for conversation_id in ranked})[:MOST_PASSAGES]


def _answers(asked: dict[int, int]) -> list[Passage]:
    """The team's fullest answer after each question; conversations that were solved without one give none."""
    if not asked:
        return []
    rows = Conversation.objects.select_related("contact").in_bulk(list(asked))
    said = Message.objects.filter(conversation__in=asked, kind=MessageKind.MESSAGE).order_by("id")
    questions: dict[int, str] = {}
    fullest: dict[int, str] = {}
    for message in said:
        conversation_id, body = message.conversation_id, (message.body or "").strip()
        if message.pk == asked[conversation_id]:
            questions[conversation_id] = body
        elif (
            message.pk > asked[conversation_id]
            and message.sender_kind == SenderKind.AGENT
            and len(body) > len(fullest.get(conversation_id, ""))
        ):
            fullest[conversation_id] = body
    return [
        Passage(
            kind=SourceKind.CONVERSATION,
            id=rows[pk].public_id,
            title=rows[pk].subject,
            text=_anonymous(fullest[pk], rows[pk])[:4_000],
            asked=_anonymous(questions[pk], rows[pk])[:1_000],
            number=rows[pk].number,
        )
        for pk in asked
        if pk in fullest
    ]


def _anonymous(text: str, conversation: Conversation) -> str:
    """The text without the earlier customer's name and address: it may end up in front of another customer."""
    contact = conversation.contact
    for known, instead in ((contact.email, "…"), (contact.name, "…"), (contact.external_id or "", "…")):
        if len(known) > 2:
            text = re.sub(rf"(?<!\w){re.escape(known)}(?!\w)", instead, text, flags=re.IGNORECASE)
    return text

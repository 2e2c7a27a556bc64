"""Making the question for an engine: the thread, and the passages found in the knowledge base and earlier conversations."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.permissions import Actor, ActorKind, holds_scope
from conversations.assistant import intents
from conversations.assistant.choice import Choice, HandOver
from conversations.assistant.engines.protocol import Call, Question, Turn
from conversations.knowledge import stems
from conversations.knowledge.search import similar
from conversations.models import (
    AssistantThread,
    Audience,
    Contact,
    Conversation,
    Message,
    MessageKind,
)
from conversations.permissions import ConversationScope
from conversations.queries import tickets as ticket_queries
from tickets.models import Ticket

MOST_TURNS = 50
MOST_CHARACTERS = 8_000


def audience_of(actor: Actor) -> Audience:
    """Which knowledge the actor may be answered from."""
    if actor.kind == ActorKind.CONTACT:
        return Audience.CUSTOMER
    if actor.kind == ActorKind.API_KEY:
        return Audience.KEY if holds_scope(actor.scopes, ConversationScope.READ) else Audience.TICKETS
    return Audience.TEAM


def question(ticket: Ticket, audience: Audience) -> Question:
    """Everything a draft for the ticket is made from. `turns` is empty while there is no public message."""
    primary = ticket_queries.primaries([ticket]).get(ticket.pk)
    own = Conversation.objects.filter(ticket=ticket)
    return _draft_question(
        primary.subject if primary else ticket.subject,
        primary.contact if primary else None,
        ticket_queries.public_messages(ticket),
        own,
        audience,
    )


def conversation_question(conversation: Conversation, audience: Audience) -> Question:
    """Everything a draft for one conversation is made from."""
    messages = Message.objects.filter(conversation=conversation, kind=MessageKind.MESSAGE)
    own = Conversation.objects.filter(pk=conversation.pk)
    return _draft_question(conversation.subject, conversation.contact, messages, own, audience)


def _draft_question(
    subject: str,
    contact: Contact | None,
    messages: QuerySet[Message],
    own: QuerySet[Conversation],
    audience: Audience,
) -> Question:
    turns = _turns(messages)
    asked = [turn.text for turn in turns if turn.is_from_customer]
    found = similar(stems.significant([subject, *asked]), audience, own=own) if turns else []
    return Question(
        subject=subject,
        customer_name=contact.name if contact else "",
        turns=tuple(turns),
        passages=tuple(found),
    )


def thread_question(thread: AssistantThread, *, until: Message, audience: Audience, choice: Choice) -> Question:
    """Everything an answer of the assistant is made from, in a thread of its own, up to a message."""
    conversation = thread.conversation
    messages = Message.objects.filter(conversation=conversation, kind=MessageKind.MESSAGE, pk__lte=until.pk)
    turns = _turns(messages)
    asked = [turn.text for turn in turns if turn.is_from_customer]
    own = Conversation.objects.filter(pk=conversation.pk)
    # The last question decides; the one before is added where the last answers a question of the assistant or finds nothing.
    last = stems.significant(asked[-2:] if thread.is_asking else asked[-1:])
    found = similar(last, audience, own=own, contact=conversation.contact)
    if not found and len(asked) > 1:
        found = similar(stems.significant(asked[-2:]), audience, own=own, contact=conversation.contact)
    call, reason = _person_wanted(until.body or "", choice)
    return Question(
        subject=conversation.subject,
        customer_name="",
        turns=tuple(turns),
        passages=tuple(found),
        was_asked_back=thread.is_asking,
        is_handed_over=thread.handed_over_at is not None,
        is_settled=len(asked) > 1 and intents.is_settled(until.body or ""),
        reason=reason,
        call=call,
        asks_first=choice.hand_over == HandOver.ASK and call is None and thread.handed_over_at is None,
    )


def _person_wanted(text: str, choice: Choice) -> tuple[Call | None, str]:
    if intents.asks_for_person(text):
        return Call.ASKED, "The customer asked for a person."
    if topic := intents.topic_of(text, choice.topics):
        return Call.POLICY, f"“{topic}” is a topic for people."
    return None, ""


def _turns(messages: QuerySet[Message]) -> list[Turn]:
    """The last messages, oldest first, as far as they fit."""
    turns: list[Turn] = []
    left = MOST_CHARACTERS
    for message in messages.order_by("-created_at", "-id")[:MOST_TURNS]:
        if left <= 0:
            break
        turns.insert(0, Turn(is_from_customer=message.is_from_customer, text=(message.body or "")[-left:]))
        left -= len(message.body or "")
    return turns

"""The assistant's part of the demo: customers who ask it in the app, and the drafts that it offers the team."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from accounts.permissions import Actor
from conversations import actions
from conversations.assistant import actions as assistant_actions
from conversations.assistant import questions, runs
from conversations.assistant.choice import Choice
from conversations.assistant.engines.builtin import Builtin
from conversations.assistant.engines.protocol import Draft
from conversations.demo import cast
from conversations.demo.month import Tale, at_work
from conversations.models import AssistantRun, Audience, Channel, Conversation, Message

if TYPE_CHECKING:
    from conversations.demo.play import Desk


class Chat(NamedTuple):
    """What a customer writes to the assistant, turn by turn, how long ago it began, and what an agent says in the end."""

    ago: timedelta
    turns: tuple[str, ...]
    reply: str = ""


def _days(days: int, hours: int, minutes: int = 0) -> timedelta:
    return timedelta(days=days, hours=hours, minutes=minutes)


CHATS = (
    Chat(_days(12, 3), ("My station blinks amber twice since the update to firmware 4.2, and it is offline", "Thanks, that worked!")),
    Chat(_days(11, 5, 20), ("The rain gauge counts twice the rain since I cleaned it", "Perfect, problem solved.")),
    Chat(_days(9, 2), ("How long do batteries last in winter?", "That helps, thank you. All good now")),
    Chat(_days(8, 4, 10), ("My order has not moved in tracking for four days", "I want to talk to a human, please"), "Hello, Priya here. I have opened a search with the carrier; you hear from me by tomorrow noon."),
    Chat(_days(6, 6), ("The outdoor sensor is too warm at noon", "Great, it works now")),
    Chat(_days(5, 1, 40), ("Do you sponsor sailing races?", "We are a club of forty members on the lake"), "What a nice idea. I have asked Mara, who decides on such things."),
    Chat(_days(4, 7), ("How do I return something within thirty days?", "Perfect, that answers my question")),
    Chat(_days(2, 3, 30), ("Station is offline since the firmware update, two amber blinks", "It works again, thanks!")),
    Chat(_days(1, 2), ("How do I rotate my API key?",)),
    Chat(timedelta(hours=3, minutes=12), ("Can I pay by invoice as a school?", "human please")),
    Chat(timedelta(minutes=41), ("My gauge never tips, the number inside the lid is 2611",)),
    Chat(timedelta(minutes=9), ("The display shows hieroglyphs when I hold it upside down",)),
)  # fmt: skip


def tales(desk: Desk) -> Iterator[Tale]:
    """Each chat, to be played among everything else that happens."""
    for customer, chat in zip(cast.CUSTOMERS[-len(CHATS) :], CHATS, strict=True):
        yield _chat(desk, customer, chat)


def _chat(desk: Desk, customer: cast.Customer, chat: Chat) -> Tale:
    at = yield desk.now - chat.ago
    contact = desk.contact(customer, Channel.API, at)
    thread = None
    for words in chat.turns:
        run = assistant_actions.ask_assistant(
            workspace=desk.workspace, content=words, thread=thread, contact=contact, by=desk.system, at=at
        )
        thread = run.thread
        at = yield at + timedelta(seconds=2)
        _answer(run, by=desk.system, at=at)
        at = yield at + timedelta(seconds=50 + len(words))
    if thread is None or not chat.reply:
        return
    at = yield at_work(at + timedelta(minutes=14))
    by, user = desk.actors[cast.PRIYA.email], desk.users[cast.PRIYA.email]
    assistant_actions.take_over(thread=thread, to=user, by=by, at=at)
    actions.reply(conversation=Conversation.objects.get(pk=thread.conversation_id), body=chat.reply, by=by, at=at)


def _answer(run: AssistantRun, *, by: Actor, at: datetime) -> None:
    """What the worker would have done then."""
    claimed = runs.claim(run.pk, at)
    assert claimed is not None  # nobody else works on the demo
    question = questions.thread_question(claimed.thread, until=claimed.question, audience=Audience.KEY, choice=Choice())
    draft = [*Builtin().answer(question)][-1]
    assistant_actions.answer_run(
        run=claimed, draft=draft, engine=Builtin.name, question=question, took_ms=140, by=by, at=at
    )


def offer(conversation: Conversation, body: str, *, by: Actor, at: datetime) -> None:
    """Now and then the assistant had drafted what the agent is about to send, or something less good."""
    rng = Random(f"draft {conversation.number}")  # noqa: S311  # the same demo every time
    if rng.random() > 0.35:
        return
    kind = rng.choices(("same", "shorter", "other"), weights=(5, 3, 2))[0]
    parts = body.split("\n\n")
    texts = {"same": body, "shorter": "\n\n".join(parts[:-1]) or body[: len(body) * 3 // 4], "other": _OTHER}
    assistant_actions.make_suggestion(
        conversation=conversation, draft=Draft(text=texts[kind]), engine=Builtin.name, took_ms=rng.randrange(40, 300),
        by=by, at=at,
    )  # fmt: skip


def judge(reply: Message, *, by: Actor) -> None:
    """What the reply makes of the drafts; the demo's reactions are never heard."""
    assistant_actions.judge_suggestions(conversation=reply.conversation, reply=reply, by=by, at=reply.created_at)


_OTHER = "Hello,\n\nplease have a look at our articles; they should answer this."

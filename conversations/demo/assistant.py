"""The assistant's part of the demo: customers who ask it in the app, and its suggestions for the team."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from rest_framework import serializers

from accounts.permissions import Actor
from conversations import actions
from conversations.assistant import actions as assistant_actions
from conversations.assistant import questions, runs
from conversations.assistant.choice import Choice
from conversations.assistant.engines.builtin import Builtin
from conversations.assistant.engines.protocol import Draft
from conversations.demo import cast
from conversations.demo.documents import Fields, table
from conversations.demo.month import Tale, at_work
from conversations.demo.phrases import phrases
from conversations.models import AssistantRun, Audience, Channel, Conversation, Message

if TYPE_CHECKING:
    from conversations.demo.play import Desk


@dataclass(frozen=True, slots=True)
class Chat:
    """What a customer asks the assistant, how long ago it began, and what an agent answers in the end."""

    ago: timedelta
    questions: tuple[str, ...]
    reply: str


class _Ago(Fields):
    days = serializers.IntegerField(min_value=0, default=0)
    hours = serializers.IntegerField(min_value=0, default=0)
    minutes = serializers.IntegerField(min_value=0, default=0)


class _Chat(Fields):
    ago = _Ago()
    questions = serializers.ListField(child=serializers.CharField(), allow_empty=False)
    reply = serializers.CharField(default="")


class _Chats(Fields):
    chats = _Chat(many=True)


def chats() -> list[Chat]:
    """The chats of the content. Raises Invalid."""
    return [
        Chat(timedelta(**chat["ago"]), tuple(chat["questions"]), chat["reply"])
        for chat in table("chats.toml", _Chats)["chats"]
    ]


def tales(desk: Desk) -> Iterator[Tale]:
    """Each chat, to be played among everything else that happens."""
    every = chats()
    for customer, chat in zip(cast.customers()[-len(every) :], every, strict=True):
        yield _chat(desk, customer, chat)


def _chat(desk: Desk, customer: cast.Customer, chat: Chat) -> Tale:
    at = yield desk.now - chat.ago
    contact = desk.contact(customer, Channel.API, at)
    thread = None
    for question in chat.questions:
        run = assistant_actions.ask_assistant(
            workspace=desk.workspace, content=question, thread=thread, contact=contact, by=desk.system, at=at
        )
        thread = run.thread
        at = yield at + timedelta(seconds=2)
        _answer(run, by=desk.system, at=at)
        at = yield at + timedelta(seconds=50 + len(question))
    if thread is None or not chat.reply:
        return
    at = yield at_work(at + timedelta(minutes=14))
    by, user = desk.actors[cast.PRIYA.email], desk.users[cast.PRIYA.email]
    assistant_actions.take_over(thread=thread, to=user, by=by, at=at)
    actions.reply(conversation=Conversation.objects.get(pk=thread.conversation_id), body=chat.reply, by=by, at=at)


def _answer(run: AssistantRun, *, by: Actor, at: datetime) -> None:
    """Does what the worker would have done at that time."""
    claimed = runs.claim(run.pk, at)
    assert claimed is not None  # nobody else works on the demo
    question = questions.thread_question(claimed.thread, until=claimed.question, audience=Audience.KEY, choice=Choice())
    draft = [*Builtin().answer(question)][-1]
    assistant_actions.answer_run(
        run=claimed, draft=draft, engine=Builtin.name, question=question, took_ms=140, by=by, at=at
    )


def offer(conversation: Conversation, body: str, *, by: Actor, at: datetime) -> None:
    """Add a suggestion before some replies: the reply's own text, or a worse one."""
    rng = Random(f"draft {conversation.number}")  # noqa: S311  # the same demo every time
    if rng.random() > 0.35:
        return
    kind = rng.choices(("same", "shorter", "other"), weights=(5, 3, 2))[0]
    parts = body.split("\n\n")
    texts = {
        "same": body,
        "shorter": "\n\n".join(parts[:-1]) or body[: len(body) * 3 // 4],
        "other": phrases().poor_suggestion,
    }
    assistant_actions.make_suggestion(
        conversation=conversation, draft=Draft(text=texts[kind]), engine=Builtin.name, took_ms=rng.randrange(40, 300),
        by=by, at=at,
    )  # fmt: skip


def judge(reply: Message, *, by: Actor) -> None:
    """Decide the outcome of the suggestions by the reply; the demo's events run no reactions."""
    assistant_actions.judge_suggestions(conversation=reply.conversation, reply=reply, by=by, at=reply.created_at)

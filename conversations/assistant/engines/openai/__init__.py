"""The engine behind any OpenAI-compatible endpoint, which the operator names in the environment.

`prompts` says what a model is told, `wire` asks it, `reply` reads the answer as it comes, `words` says what it means.
It asks in every case: without sources, and when people have been called, the model still has the thread.

A failure is of one of these kinds: `not_configured`, `timeout`, `rate_limited`, `refused` (the request is not taken as it
is), `unavailable`, `cut` (a stream without its end), `garbage` (no chat completion), `empty` (no text) and `filtered`
(withheld by the service).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

from conversations.assistant.choice import OPENAI
from conversations.assistant.engines.openai import requests, texts
from conversations.assistant.engines.openai.prompts import prompt
from conversations.assistant.engines.openai.reply import Reply
from conversations.assistant.engines.openai.texts import Order, Said
from conversations.assistant.engines.protocol import Draft, EngineFailed, Question, Step
from conversations.knowledge.passages import Passage

__all__ = ["PAUSE", "OpenAI", "prompt"]

PAUSE = 0.25  # seconds between two looks at an answer that is still coming
HANDED_OVER = "A teammate will take over and answer here."
ASKS_LEAVE = "I'm not sure about that. Shall I bring in a teammate?"
ASKS_TWICE = "The assistant found no answer after one question."
_DRAFT_ORDERS = frozenset({Order.NONE})
_ANSWER_ORDERS = frozenset({Order.ASK, Order.HAND_OVER})


class OpenAI:
    """Chat completions at `ASSISTANT_BASE_URL`, by the model `ASSISTANT_MODEL`."""

    name = OPENAI
    is_outside = True

    def draft(self, question: Question) -> Draft:
        """A reply for an agent to send; a text of None where the model has none. Raises EngineFailed."""
        *_, reply = requests.ask(prompt(question), is_streamed=False)
        said = _whole(reply, _DRAFT_ORDERS)
        if said.order == Order.NONE:
            return Draft(text=None, usage=reply.usage)
        return Draft(text=_text(said, reply), sources=_sources(said, question), usage=reply.usage)

    def answer(self, question: Question) -> Iterator[Draft]:
        """What the model writes for the customer, passed on a few times a second. Raises EngineFailed.

        Where a person is wanted, one is called whatever the model says, and nobody is asked back twice.
        """
        shown = time.monotonic()
        with closing(requests.ask(prompt(question, is_draft=False), is_streamed=True)) as replies:
            for reply in replies:
                if (now := time.monotonic()) - shown < PAUSE or reply.is_complete:
                    continue
                if text := texts.read(reply.text, orders=_ANSWER_ORDERS, is_whole=False).text:
                    shown = now
                    yield Draft(text=text, usage=reply.usage)
        said = _whole(reply, _ANSWER_ORDERS)
        is_called = said.order == Order.HAND_OVER or (question.wants_person and not question.is_handed_over)
        asks_twice = said.order == Order.ASK and question.was_asked_back
        if is_called or asks_twice:
            words_for_none = ASKS_LEAVE if question.asks_leave else HANDED_OVER
            text = _text(said, reply) if said.text else words_for_none
            reason = said.reason or texts.in_short(question.reason) or (ASKS_TWICE if asks_twice else "")
            yield Draft(text=text, step=Step.HAND_OVER, reason=reason, usage=reply.usage)
        elif said.order == Order.ASK:
            yield Draft(text=_text(said, reply), step=Step.ASK, usage=reply.usage)
        else:
            yield Draft(text=_text(said, reply), sources=_sources(said, question), usage=reply.usage)


def _whole(reply: Reply, orders: frozenset[Order]) -> Said:
    return texts.read(reply.text, orders=orders, is_whole=reply.ending != "length")


def _text(said: Said, reply: Reply) -> str:
    """The text for the reader, who sees where it broke off. Raises EngineFailed where there is none."""
    if not said.text:
        raise EngineFailed("the service answered no text", code="validation_error", kind="empty", usage=reply.usage)
    return texts.with_ellipsis(said.text) if reply.ending == "length" else said.text


def _sources(said: Said, question: Question) -> tuple[Passage, ...]:
    """The sources that it cites, of those that were given; all of them where it cites none."""
    given = question.passages
    return tuple(given[number - 1] for number in said.cited if number <= len(given)) or given

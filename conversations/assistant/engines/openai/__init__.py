"""The engine behind any OpenAI-compatible endpoint, which the operator names in the environment.

`prompts` writes the request, `client` sends it, `reply` reads the answer as it streams, `model_text` parses its text.
The model is asked in every case: without sources, or after a hand-over, it still has the thread.

A failure is of one of these kinds: `not_configured`, `timeout`, `rate_limited`, `refused` (the request is not taken as it
is), `unavailable`, `cut` (a stream without its end), `garbage` (no chat completion), `empty` (no text) and `filtered`
(withheld by the service).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

from conversations.assistant.choice import OPENAI
from conversations.assistant.engines.openai import client, model_text
from conversations.assistant.engines.openai.model_text import ModelText, Order
from conversations.assistant.engines.openai.prompts import prompt
from conversations.assistant.engines.openai.reply import Reply
from conversations.assistant.engines.protocol import Draft, EngineFailed, Question, Step
from conversations.knowledge.passages import Passage

__all__ = ["PAUSE", "OpenAI", "prompt"]

PAUSE = 0.25  # seconds between two partial answers
HANDED_OVER = "A teammate will take over and answer here."
ASKS_FIRST = "I'm not sure about that. Shall I bring in a teammate?"
ASKS_TWICE = "The assistant found no answer after one question."
_DRAFT_ORDERS = frozenset({Order.NONE})
_ANSWER_ORDERS = frozenset({Order.ASK, Order.HAND_OVER})


class OpenAI:
    """Chat completions at `ASSISTANT_BASE_URL`, by the model `ASSISTANT_MODEL`."""

    name = OPENAI
    is_outside = True

    def draft(self, question: Question) -> Draft:
        """A reply for an agent to send; a text of None where the model has none. Raises EngineFailed."""
        *_, reply = client.ask(prompt(question), is_streamed=False)
        parsed = _whole(reply, _DRAFT_ORDERS)
        if parsed.order == Order.NONE:
            return Draft(text=None, usage=reply.usage)
        return Draft(text=_text(parsed, reply), sources=_sources(parsed, question), usage=reply.usage)

    def answer(self, question: Question) -> Iterator[Draft]:
        """The answer to the customer, in parts a few times a second. Raises EngineFailed.

        Where a person is wanted it hands over, whatever the model says, and it asks back only once.
        """
        shown = time.monotonic()
        with closing(client.ask(prompt(question, is_draft=False), is_streamed=True)) as replies:
            for reply in replies:
                if (now := time.monotonic()) - shown < PAUSE or reply.is_complete:
                    continue
                if text := model_text.read(reply.text, orders=_ANSWER_ORDERS, is_whole=False).text:
                    shown = now
                    yield Draft(text=text, usage=reply.usage)
        parsed = _whole(reply, _ANSWER_ORDERS)
        is_called = parsed.order == Order.HAND_OVER or (question.wants_person and not question.is_handed_over)
        asks_twice = parsed.order == Order.ASK and question.was_asked_back
        if is_called or asks_twice:
            fallback = ASKS_FIRST if question.asks_first else HANDED_OVER
            text = _text(parsed, reply) if parsed.text else fallback
            reason = parsed.reason or model_text.in_short(question.reason) or (ASKS_TWICE if asks_twice else "")
            yield Draft(text=text, step=Step.HAND_OVER, reason=reason, usage=reply.usage)
        elif parsed.order == Order.ASK:
            yield Draft(text=_text(parsed, reply), step=Step.ASK, usage=reply.usage)
        else:
            yield Draft(text=_text(parsed, reply), sources=_sources(parsed, question), usage=reply.usage)


def _whole(reply: Reply, orders: frozenset[Order]) -> ModelText:
    return model_text.read(reply.text, orders=orders, is_whole=reply.ending != "length")


def _text(parsed: ModelText, reply: Reply) -> str:
    """The text, with an ellipsis where it was cut off. Raises EngineFailed where there is none."""
    if not parsed.text:
        raise EngineFailed("the service answered no text", code="validation_error", kind="empty", usage=reply.usage)
    return model_text.with_ellipsis(parsed.text) if reply.ending == "length" else parsed.text


def _sources(parsed: ModelText, question: Question) -> tuple[Passage, ...]:
    """The given sources that the text cites, or all of them where it cites none."""
    given = question.passages
    return tuple(given[number - 1] for number in parsed.cited if number <= len(given)) or given

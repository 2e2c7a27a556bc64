"""The engine that needs no outside service: it quotes the passage that matches the question best.

Where nothing matches it asks the customer one question, and then hands over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from conversations.assistant.choice import BUILTIN
from conversations.assistant.engines.protocol import Call, Draft, Question, Step
from conversations.knowledge.courtesies import without_farewell, without_greeting
from conversations.knowledge.passages import Passage, SourceKind
from conversations.texts import names

ENOUGH = 0.4
"""The share of the question, weighted by word, that a passage must cover to be an answer."""
_HEADING = re.compile(r"^#{1,6}[ \t]+", re.M)

UNKNOWN = "I'm not sure about that."
TELL_MORE = "Could you tell me in one or two sentences what you were doing and what happened instead?"
OR_PERSON = "If you would rather talk to a teammate, just say so."
MAY_I = "Shall I bring in a teammate?"
CALLED = "I have handed this over to our team. A teammate will answer you here."
NOTED = "Thank you, I have added this to your question. A teammate will answer you here."
SETTLED = "Good to hear. If anything else comes up, just write here again."
_STEPS = 4  # parts in which an answer comes


class Builtin:
    """Suggestions and answers from the workspace's own knowledge."""

    name = BUILTIN
    is_outside = False

    def draft(self, question: Question) -> Draft:
        """The best passage with a greeting for this customer; a text of None where there is none."""
        if not question.passages:
            return Draft(text=None)
        best = question.passages[0]
        first = names.first_name(question.customer_name)
        greeting = f"Hello {first}," if first else "Hello,"
        return Draft(text=f"{greeting}\n\n{_HEADING.sub('', without_greeting(best.text))}", sources=(best,))

    def answer(self, question: Question) -> Iterator[Draft]:
        """The answer in a few steps with its sources, a question to the customer, or a hand-over."""
        whole = _answer(question)
        text = whole.text or ""
        for step in range(1, _STEPS):
            part = text[: text.rfind(" ", 0, len(text) * step // _STEPS)].rstrip()
            if part:
                yield Draft(text=part, sources=whole.sources)
        yield whole


def _answer(question: Question) -> Draft:
    if question.is_settled:
        return Draft(text=SETTLED)
    known = tuple(passage for passage in question.passages if passage.share >= ENOUGH)
    if question.wants_person and not question.is_handed_over:
        lead = "" if question.call == Call.ASKED else "This needs a person. "
        return Draft(text=lead + CALLED, step=Step.HAND_OVER, reason=question.reason)
    if known:
        return Draft(text=_cited(known), sources=known)
    if question.is_handed_over:
        return Draft(text=NOTED)
    if question.was_asked_back:
        offer = MAY_I if question.asks_first else CALLED
        return Draft(
            text=f"{UNKNOWN} {offer}", step=Step.HAND_OVER, reason="The assistant found no answer after one question."
        )
    return Draft(text=f"{UNKNOWN} {_focus(question)} {OR_PERSON}", step=Step.ASK)


def _cited(passages: tuple[Passage, ...]) -> str:
    best, *others = passages
    text = f"{_plain(best.text)}\n\n{_CITED[best.kind].format(title=best.label)}"
    # Other conversations are not listed: their numbers mean nothing to this customer.
    if titles := [f"“{one.label}”" for one in others if one.kind != SourceKind.CONVERSATION]:
        text += f" Similar: {', '.join(titles)}."
    return text


_CITED = {
    SourceKind.ARTICLE: "From the article “{title}”.",
    SourceKind.MACRO: "From our saved reply “{title}”.",
    SourceKind.CONVERSATION: "From the resolved conversation {title}.",
}


def _focus(question: Question) -> str:
    """The question to ask: which of the two closest articles is meant, or what happened."""
    near = [passage.title for passage in question.passages if passage.kind == SourceKind.ARTICLE][:2]
    if not near:
        return TELL_MORE
    return f"Is this about “{near[0]}”?" if len(near) == 1 else f"Is this about “{near[0]}” or about “{near[1]}”?"


def _plain(answer: str) -> str:
    """An answer without greeting and signature, which name other people; headings become plain lines."""
    return _HEADING.sub("", without_farewell(without_greeting(answer)))

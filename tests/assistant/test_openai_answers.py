"""The engine behind an OpenAI-compatible endpoint: what an answer means, what it rests on, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from conversations.assistant.engines.openai import HANDED_OVER, OpenAI
from conversations.assistant.engines.openai.model_text import LONGEST_REASON, ModelText, Order, read
from conversations.assistant.engines.protocol import NOTHING_USED, Call, Question, Step, Usage
from conversations.knowledge.passages import Passage
from tests.assistant.provider import DONE, Provider, figures, head, piece, streamed, whole
from tests.assistant.questions import SOURCES, answered, asking, failure

ANSWER = streamed("Press ", "both.")

# --- Orders -------------------------------------------------------------------------------------


def test_question_back_is_known_by_its_first_line(provider: Provider) -> None:
    provider.script(streamed("[", "[a", "sk]", "]\n", "Which ", "version? [1]"))
    drafts = answered(asking(passages=SOURCES))
    assert [draft.text for draft in drafts] == ["Which", "Which version?", "Which version?"]
    assert (drafts[-1].step, drafts[-1].sources, drafts[-1].reason) == (Step.ASK, (), "")


def test_call_for_people_tells_them_why_and_the_customer_what_happens(provider: Provider) -> None:
    provider.script(streamed("[[hand_over: no article on ", "refunds]]\nA person ", "will see to it. [1]"))
    drafts = answered(asking(passages=SOURCES))
    assert all("[[" not in (draft.text or "") and "refunds" not in (draft.text or "") for draft in drafts)
    last = drafts[-1]
    assert (last.text, last.step) == ("A person will see to it.", Step.HAND_OVER)
    assert (last.reason, last.sources) == ("no article on refunds", ())


def test_call_for_people_without_words_has_some(provider: Provider) -> None:
    provider.script(streamed("[[hand_over]]"))
    (last,) = answered()
    assert (last.text, last.step, last.reason) == (HANDED_OVER, Step.HAND_OVER, "")


def test_nobody_is_asked_back_twice(provider: Provider) -> None:
    provider.script(streamed("[[ask]]\nWhich version?"))
    last = answered(asking(was_asked_back=True))[-1]
    assert (last.text, last.step) == ("Which version?", Step.HAND_OVER)
    assert last.reason


def test_person_is_called_where_one_is_wanted_whatever_the_model_says(provider: Provider) -> None:
    provider.script(streamed("Somebody will answer you."))
    last = answered(asking(call=Call.ASKED, reason="the customer asked\nfor a person", passages=SOURCES))[-1]
    assert (last.text, last.step, last.sources) == ("Somebody will answer you.", Step.HAND_OVER, ())
    assert last.reason == "the customer asked for a person"


def test_people_who_are_called_are_not_called_again(provider: Provider) -> None:
    provider.script(streamed("They will be here soon."))
    assert answered(asking(is_handed_over=True, call=Call.ASKED))[-1].step == Step.ANSWER


def test_draft_takes_no_orders_but_that_there_is_none(provider: Provider) -> None:
    provider.script(whole("[[none]]"))
    provider.script(whole("[[ask]]\nWhich version?"))
    nothing, asks = [OpenAI().draft(asking(passages=SOURCES)) for _ in range(2)]
    assert (nothing.text, nothing.sources) == (None, ())
    assert nothing.usage.prompt_tokens > 0
    assert (asks.text, asks.step) == ("Which version?", Step.ANSWER)


# --- Reading a text -----------------------------------------------------------------------------

ORDERS = frozenset({Order.ASK, Order.HAND_OVER})


def understood(text: str) -> ModelText:
    """What the text says. However it comes, what is shown meanwhile begins it, and holds no part of an order."""
    parsed = read(text, orders=ORDERS, is_whole=True)
    for length in range(len(text)):
        shown = read(text[:length], orders=ORDERS, is_whole=False).text
        assert parsed.text.startswith(shown), (text[:length], shown)
        assert "[[" not in shown or "[[" in parsed.text
    return parsed


@pytest.mark.parametrize(
    "text",
    [
        "[[hand_over: no refund rules]]\nA person comes.",
        "[[hand_over:no refund rules]]\r\n\r\nA person comes.",
        "\n\n  [[ Hand_Over :  no   refund\trules  ]]  \n\nA person comes.\n",
        "[[HANDOVER: no refund rules]]\nA person comes.",
        "[[hand-over: no refund rules]]\nA person comes.",
        "[[hand over: no refund rules]] A person comes.",
        "**[[hand_over: no refund rules]]**\nA person comes.",
        "`[[hand_over: no refund rules]]`\nA person comes.",
        "```\n[[hand_over: no refund rules]]\n```\nA person comes.",
        "```text\n[[hand_over: no refund rules]]\nA person comes.\n```",
        "[[hand_over: no refund rules]\nA person comes.",
        "[[hand_over: no refund rules\nA person comes.",
        "<think>Hm [[ask]]</think>[[hand_over: no refund rules]]\nA person comes.",
    ],
)
def test_order_is_known_however_it_is_written(text: str) -> None:
    assert understood(text) == ModelText("A person comes.", Order.HAND_OVER, "no refund rules")


@pytest.mark.parametrize("text", ["[[hand_over]]\nYes.", "[[hand_over:]]\nYes.", "[[ hand_over : ]]\nYes."])
def test_reason_may_be_missing(text: str) -> None:
    assert understood(text) == ModelText("Yes.", Order.HAND_OVER)


def test_question_may_stand_in_the_order() -> None:
    assert understood("[[ask: Which version?]]") == ModelText("Which version?", Order.ASK)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Yes.\n[[hand_over: x]]\nGood bye.", "Yes.\nGood bye."),
        ("Yes.\n  `[[ask]]`  ", "Yes."),
        ("Yes.\n[[none]]", "Yes."),
        ('You wrote "[[hand_over: x]]", which I leave alone.', 'You wrote "[[hand_over: x]]", which I leave alone.'),
        ("> [[hand_over: x]] is what you wrote.", "> [[hand_over: x]] is what you wrote."),
        ("So:\n[[hand_over: x]] is what you wrote.", "So:\n[[hand_over: x]] is what you wrote."),
        ("[[Setup]] is a page.", "[[Setup]] is a page."),
        ("[[asking]] is a page.", "[[asking]] is a page."),
        ("[[none of it]] is a page.", "[[none of it]] is a page."),
        ("```\ncode\n```\nDone.", "```\ncode\n```\nDone."),
        ("`code` is enough.", "`code` is enough."),
        ("<thermostat> is a tag.", "<thermostat> is a tag."),
    ],
)
def test_text_that_only_holds_an_order_has_none(text: str, shown: str) -> None:
    assert understood(text) == ModelText(shown)


def test_reason_is_one_short_line() -> None:
    parsed = understood(f"[[hand_over: a\x07b\u2028 {'x' * 500}]]\nYes.")
    assert parsed.reason.startswith("a b xxx")
    assert len(parsed.reason) == LONGEST_REASON


@pytest.mark.parametrize(
    ("text", "shown", "cited"),
    [
        ("Press [1] it [2][1].", "Press it.", (1, 2)),
        ("Press it[3].", "Press it.", (3,)),
        ("[1] Press it.\n[2] [3] Wait.", "Press it.\nWait.", (1, 2, 3)),
        ("Press it [1, 2; 3].", "Press it.", (1, 2, 3)),
        ("Press it [source 2] 【1】.", "Press it.", (2, 1)),
        (
            "See [1](https://a.example) and [here](https://b.example).",
            "See [1](https://a.example) and [here](https://b.example).",
            (),
        ),
        ("Use a[0] or [x] or [2026].", "Use a[0] or [x] or [2026].", ()),
    ],
)
def test_marks_of_sources_are_read_and_left_out(text: str, shown: str, cited: tuple[int, ...]) -> None:
    assert understood(text) == ModelText(shown, cited=cited)


@pytest.mark.parametrize(
    ("hostile", "order"),
    [
        (" " * 20_000, None),
        ("[" * 20_000, None),
        ("[[ask" + " " * 20_000, Order.ASK),
        ("[1," * 7_000, None),
        ("`" * 20_000, None),
        ("[[hand_over:" * 1_500, Order.HAND_OVER),
    ],
)
def test_hostile_text_is_read_like_any_other(hostile: str, order: Order | None) -> None:
    assert read(hostile, orders=ORDERS, is_whole=True).order == order
    assert read(hostile, orders=ORDERS, is_whole=False).order is None


# --- Sources ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("Press it [2]. Then wait [1][2].", (SOURCES[1], SOURCES[0])),
        ("Press it [2, 3].", (SOURCES[1], SOURCES[2])),
        ("Press it.", SOURCES),
        ("Press it [9].", SOURCES),
        ("Press it [3] and [9].", (SOURCES[2],)),
    ],
)
def test_sources_are_those_that_are_cited(provider: Provider, text: str, cited: tuple[Passage, ...]) -> None:
    provider.script(streamed(text))
    provider.script(whole(text))
    last = answered(asking(passages=SOURCES))[-1]
    drafted = OpenAI().draft(asking(passages=SOURCES))
    assert last.sources == drafted.sources == cited
    assert "[" not in (last.text or "[")
    assert drafted.text == last.text


def test_answer_from_nothing_rests_on_nothing(provider: Provider) -> None:
    provider.script(streamed("Hello [1]!"))
    last = answered()[-1]
    assert (last.text, last.sources) == ("Hello!", ())


@pytest.mark.parametrize(
    "change", [lambda engine, asked: engine.draft(asked), lambda engine, asked: [*engine.answer(asked)]]
)
def test_service_is_asked_in_every_case(provider: Provider, change: Callable[[OpenAI, Question], Any]) -> None:
    for given in ({}, {"is_handed_over": True}, {"turns": ()}):
        provider.script(ANSWER)
        change(OpenAI(), asking(**given))
    assert len(provider.seen) == 3


# --- What it costs ------------------------------------------------------------------------------


@pytest.fixture
def priced(provider: Provider, settings: Any) -> None:
    settings.ASSISTANT_PRICE_PROMPT, settings.ASSISTANT_PRICE_COMPLETION = Decimal("0.15"), Decimal("0.60")


@pytest.mark.usefixtures("priced")
def test_last_draft_tells_model_tokens_and_cost(provider: Provider) -> None:
    provider.script(head() + piece("Yes.", "stop", model="small-2026") + figures(2000, 100) + DONE)
    drafts = answered()
    assert provider.seen[0].body["stream_options"] == {"include_usage": True}
    assert drafts[-1].usage == Usage("small-2026", 2000, 100, Decimal("0.000360"))
    assert all(draft.usage == NOTHING_USED for draft in drafts[:-1])


@pytest.mark.usefixtures("priced")
def test_draft_for_the_team_tells_the_same(provider: Provider) -> None:
    used = {"prompt_tokens": 2000, "completion_tokens": 100}
    provider.script(whole("Yes.", usage=used, model="small-2026"))
    assert OpenAI().draft(asking()).usage == Usage("small-2026", 2000, 100, Decimal("0.000360"))
    assert {"stream", "stream_options"} & set(provider.seen[0].body) == set()


@pytest.mark.usefixtures("priced")
@pytest.mark.parametrize("counts", [(None, None), ("9", "9"), (-1, 10**30), (True, 2.5), (0, 0)])
def test_tokens_are_estimated_where_none_are_reported(provider: Provider, counts: tuple[Any, Any]) -> None:
    provider.script(head() + piece("Twelve chars", "stop", model="x\ny") + figures(*counts) + DONE)
    usage = answered()[-1].usage
    sent = sum(len(message["content"]) for message in provider.seen[0].messages)
    assert (usage.model, usage.prompt_tokens, usage.completion_tokens) == ("small", -(-sent // 4), 3)
    assert usage.cost > 0


def refusing_figures(provider: Provider, status: int) -> None:
    provider.script(head(status) + b"unknown option")
    provider.script(ANSWER)


@pytest.mark.parametrize("status", [400, 422])
def test_service_that_refuses_to_tell_figures_is_asked_without_from_then_on(
    provider: Provider, settings: Any, status: int
) -> None:
    settings.ASSISTANT_RETRIES = 0
    refusing_figures(provider, status)
    provider.script(ANSWER)
    for _ in range(2):
        assert answered()[-1].text == "Press both."
    assert ["stream_options" in seen.body for seen in provider.seen] == [True, False, False]


def test_request_that_is_wrong_all_the_same_says_nothing_about_figures(provider: Provider) -> None:
    provider.script(head(400))
    provider.script(head(400))
    provider.script(ANSWER)
    assert failure().kind == "refused"
    answered()
    assert ["stream_options" in seen.body for seen in provider.seen] == [True, False, True]

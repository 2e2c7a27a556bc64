"""The engine behind an OpenAI-compatible endpoint: what it takes for an answer, what for a failure, and what it costs."""

from __future__ import annotations

import gzip
import logging
import threading
from typing import Any

import pytest

from conversations.assistant.engines.openai import OpenAI, client
from conversations.assistant.engines.openai.model_text import LONGEST_TEXT
from conversations.assistant.engines.protocol import NOTHING_USED, EngineFailed
from tests.assistant.provider import (
    DONE,
    END,
    RESET,
    Endless,
    Provider,
    event,
    figures,
    head,
    piece,
    streamed,
    whole,
)
from tests.assistant.questions import answered, asking, failure

ANSWER = streamed("Press ", "both.")


# --- A stream as it should be -------------------------------------------------------------------


def test_answer_is_shown_as_it_comes(provider: Provider) -> None:
    provider.script(ANSWER)
    assert [draft.text for draft in answered()] == ["Press", "Press both.", "Press both."]
    (seen,) = provider.seen
    assert (seen.path, seen.headers["authorization"]) == ("/v1/chat/completions", "Bearer sk-very-secret")
    assert (seen.body["model"], seen.body["stream"]) == ("small", True)


def test_answer_that_is_not_streamed_is_understood(provider: Provider) -> None:
    provider.script(whole("Press both."))
    assert [draft.text for draft in answered()][-1] == "Press both."


def test_stream_is_known_by_what_it_says_not_by_its_header(provider: Provider) -> None:
    provider.script(head(content_type="application/json") + piece("Yes.") + END)
    provider.script(head(content_type="text/event-stream") + whole("Yes.").partition(b"\r\n\r\n")[2])
    assert [answered()[-1].text for _ in range(2)] == ["Yes.", "Yes."]


def test_comments_other_fields_and_empty_choices_are_no_part_of_the_answer(provider: Provider) -> None:
    provider.script(
        head() + b": working\r\n\r\nevent: x\r\nid: 1\r\nnonsense\r\n\r\n" + event(choices=[]),
        event(choices=[{"delta": {"role": "assistant"}}]) + piece("Yes."),
        event(choices=[{"delta": None, "finish_reason": "stop"}]) + DONE,
    )
    assert answered()[-1].text == "Yes."


def test_event_may_come_in_any_pieces(provider: Provider) -> None:
    text = "Größe 🙂 ist 4"
    provider.script(*(bytes([one]) for one in streamed(*text)))
    assert answered()[-1].text == text


def test_letter_that_is_split_between_two_events_is_whole_again(provider: Provider) -> None:
    halves = [
        rb'data: {"choices":[{"delta":{"content":"a\u0000\ud83d"}}]}',
        rb'data: {"choices":[{"delta":{"content":"\ude42b\ud800"}}]}',
    ]
    provider.script(head() + b"\n\n".join([*halves, b""]) + END)
    assert answered()[-1].text == "a🙂b"


def test_text_is_passed_on_while_the_service_still_writes(provider: Provider) -> None:
    go_on = threading.Event()
    provider.script(head() + piece("Press both."), go_on, END)
    coming = OpenAI().answer(asking())
    assert next(coming).text == "Press both."
    go_on.set()
    assert [draft.text for draft in coming] == ["Press both."]


def test_reader_that_stops_closes_the_connection(provider: Provider) -> None:
    provider.script(head() + piece("Press"), Endless(piece(" on"), 0.01))
    coming = OpenAI().answer(asking())
    next(coming)
    coming.close()  # type: ignore[attr-defined]
    assert provider.hung_up.wait(60)


def test_thoughts_of_a_model_are_for_nobody(provider: Provider) -> None:
    provider.script(streamed("<th", "ink>The customer ", "is angry.</thi", "nk>\n\nPress both."))
    drafts = answered()
    assert {draft.text for draft in drafts} == {"Press both."}


# --- Trying again -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [[head(429)], [head(500)], [head(502)], [head(503)], [head(504)], [RESET], [head(), RESET], [b"no http\r\n\r\n"]],
)
def test_request_is_repeated_while_nothing_was_answered(provider: Provider, trouble: list[Any]) -> None:
    provider.script(*trouble)
    provider.script(*trouble)
    provider.script(ANSWER)
    assert answered()[-1].text == "Press both."
    assert len(provider.seen) == 3


@pytest.mark.parametrize(("status", "kind"), [(429, "rate_limited"), (503, "unavailable")])
def test_repeats_are_counted(provider: Provider, settings: Any, status: int, kind: str) -> None:
    settings.ASSISTANT_RETRIES = 1
    for _ in range(3):
        provider.script(head(status))
    failed = failure()
    assert (failed.kind, failed.code, failed.usage) == (kind, "unknown_error", NOTHING_USED)
    assert len(provider.seen) == 2


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 408, 413, 501])
def test_other_refusals_are_final(provider: Provider, status: int) -> None:
    provider.script(head(status, Location=f"{provider.url}/elsewhere"))
    with pytest.raises(EngineFailed) as failed:
        OpenAI().draft(asking())
    assert failed.value.kind == ("unavailable" if status == 501 else "refused")
    assert failed.value.usage == NOTHING_USED
    assert len(provider.seen) == 1


def test_nothing_is_repeated_once_text_was_passed_on(provider: Provider) -> None:
    go_on = threading.Event()
    provider.script(head() + piece("Press"), go_on, RESET)
    provider.script(ANSWER)
    coming = OpenAI().answer(asking())
    assert next(coming).text == "Press"
    go_on.set()
    with pytest.raises(EngineFailed) as failed:
        list(coming)
    assert failed.value.kind == "cut"
    assert len(provider.seen) == 1


def test_refused_connection_is_unavailable(provider: Provider, settings: Any) -> None:
    settings.ASSISTANT_BASE_URL = "http://127.0.0.1:9/v1"
    assert failure().kind == "unavailable"


@pytest.mark.parametrize("pause", ["0", "0.01", "Thu, 01 Jan 2026 00:00:00 GMT", "soon", "-1", "nan"])
def test_pause_that_the_service_asks_for_is_kept(provider: Provider, pause: str) -> None:
    provider.script(head(429, Retry_After=pause))
    provider.script(ANSWER)
    assert answered()[-1].text == "Press both."


@pytest.mark.parametrize("pause", ["600", "Thu, 01 Jan 2099 00:00:00 GMT"])
def test_pause_longer_than_the_time_left_is_a_failure_at_once(provider: Provider, pause: str) -> None:
    provider.script(head(429, Retry_After=pause))
    assert failure().kind == "rate_limited"
    assert len(provider.seen) == 1


# --- Time and size ------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [[], [head()], [head() + piece("Press")]])
def test_silence_is_a_timeout(provider: Provider, settings: Any, after: list[bytes]) -> None:
    settings.ASSISTANT_SILENCE = 0.1
    provider.script(*after, provider.closing)
    failed = failure()
    assert (failed.kind, failed.code) == ("timeout", "unknown_error")
    assert failed.usage.prompt_tokens > 0
    assert len(provider.seen) == 1


@pytest.mark.parametrize(
    "drip",
    [
        [b"HTTP/1.1 200 OK\r\nX-Long: ", Endless(b"x", 0.02)],
        [head(), Endless(b": still working\n\n", 0.02)],
        [head() + b"data: ", Endless(b" ", 0.02)],
        [head(), Endless(piece("a "), 0.02)],
        [head(content_type="application/json") + b'{"choices": ', Endless(b" ", 0.02)],
    ],
)
def test_slow_drip_ends_with_the_whole_time(provider: Provider, settings: Any, drip: list[Any]) -> None:
    settings.ASSISTANT_TIMEOUT = 0.5
    provider.script(*drip)
    assert failure().kind == "timeout"
    assert provider.hung_up.wait(60)


def test_draft_that_never_comes_is_a_timeout(provider: Provider, settings: Any) -> None:
    settings.ASSISTANT_TIMEOUT = 0.4
    provider.script(provider.closing)
    with pytest.raises(EngineFailed) as failed:
        OpenAI().draft(asking())
    assert failed.value.kind == "timeout"


def test_endless_answer_is_kept_as_far_as_it_may_be(provider: Provider) -> None:
    provider.script(head(), Endless(piece("word " * 200)))
    text = answered()[-1].text or ""
    assert text.endswith("word…")
    assert LONGEST_TEXT - 10 < len(text) <= LONGEST_TEXT
    assert provider.hung_up.wait(60)


@pytest.mark.parametrize("noise", [b": x\n" * 10_000, b"x" * 65_536, b"\n" * 65_536])
def test_endless_noise_is_no_answer(provider: Provider, noise: bytes) -> None:
    provider.script(head(), Endless(noise))
    assert failure().kind == "garbage"
    assert provider.hung_up.wait(60)


def test_what_is_compressed_is_never_unpacked(provider: Provider) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    provider.script(head(content_type="application/json", Content_Encoding="gzip") + bomb)
    assert failure().kind == "garbage"
    assert provider.seen[0].headers["accept-encoding"] == "identity"


def test_finished_answer_does_not_wait_for_a_connection_that_stays_open(
    provider: Provider, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "LINGER", 0.05)
    settings.ASSISTANT_TIMEOUT = settings.ASSISTANT_SILENCE = 60
    # The request that waits would get a failure.
    provider.script(head() + piece("Yes.", "stop"), provider.closing, event(error="too late"))
    assert answered()[-1].text == "Yes."


# --- Streams that lie ---------------------------------------------------------------------------

EMPTY = head() + END
BODY_OF_NO_USE = [
    head(content_type="text/html") + b"<html><body>Welcome</body></html>",
    head() + b"",
    head() + b": only\n\n: comments\n\n",
    head() + b"data: not json\n\n",
    head() + b"data: [1, 2]\n\n",
    head() + b'data: "text"\n\n',
    head() + b"data: {}\n\n",
    head() + event(choices=None),
    head() + event(choices="x"),
    head() + event(choices=["x"]),
    head() + event(choices=[{"delta": "x"}]),
    head() + b'data: {"choices":[{"delta":{"content":"\xff\xfe"}}]}\n\n',
    head() + b"data: " + b"[" * 100_000 + b"\n\n",
    head(content_type="application/json") + b'{"choices": [{"mess',
    head(content_type="application/json") + b"[]",
    head(content_type="application/json") + b'{"message": {"content": "Hi"}}',
]


@pytest.mark.parametrize("answer", BODY_OF_NO_USE)
def test_something_else_than_an_answer_is_garbage(provider: Provider, answer: bytes) -> None:
    provider.script(answer)
    failed = failure()
    assert (failed.kind, failed.code) == ("garbage", "validation_error")
    assert failed.usage.prompt_tokens > 0
    assert len(provider.seen) == 1


def test_garbage_after_the_first_piece_is_a_failure(provider: Provider) -> None:
    provider.script(head() + piece("Press") + b"data: oops\n\n" + END)
    assert failure().kind == "garbage"


@pytest.mark.parametrize("answer", [EMPTY, streamed("  \n"), whole(""), whole(None), whole(["x"]), streamed("\x00")])
def test_answer_without_text_is_of_no_use(provider: Provider, answer: bytes) -> None:
    provider.script(answer)
    failed = failure()
    assert (failed.kind, failed.code) == ("empty", "validation_error")


def test_stream_that_is_cut_is_a_failure_even_when_its_text_looks_whole(provider: Provider) -> None:
    provider.script(head() + piece("Press both buttons."))
    provider.script(ANSWER)
    failed = failure()
    assert (failed.kind, failed.code) == ("cut", "unknown_error")
    assert failed.usage.completion_tokens == 5
    assert len(provider.seen) == 1


def test_body_shorter_than_promised_is_cut(provider: Provider) -> None:
    provider.script(head(Content_Length="5000") + piece("Press both buttons."))
    assert failure().kind == "cut"


@pytest.mark.parametrize("end", [DONE, piece(None, "stop")])
def test_either_end_is_an_end(provider: Provider, end: bytes) -> None:
    provider.script(head() + piece("Yes.") + end)
    assert answered()[-1].text == "Yes."


@pytest.mark.parametrize(
    ("error", "kind"),
    [({"message": "secret words"}, "unavailable"), ("secret words", "unavailable"), ({"code": 429}, "rate_limited")],
)
@pytest.mark.parametrize("before", [b"", piece("Press")])
def test_error_inside_the_stream_is_a_failure(provider: Provider, error: Any, kind: str, before: bytes) -> None:
    provider.script(head() + before + event(error=error) + DONE)
    failed = failure()
    assert (failed.kind, failed.code) == (kind, "unknown_error")
    assert "secret words" not in str(failed)


def test_answer_that_ran_out_of_tokens_ends_with_an_ellipsis(provider: Provider) -> None:
    provider.script(head() + piece("Press both and [") + piece("1", "length") + DONE)
    provider.script(whole("Press both and", finish="length"))
    assert [answered()[-1].text for _ in range(2)] == ["Press both and…", "Press both and…"]


def test_withheld_answer_is_a_failure_with_its_cost(provider: Provider) -> None:
    provider.script(head() + piece("I", "content_filter") + figures(40, 2) + DONE)
    failed = failure()
    assert (failed.kind, failed.code) == ("filtered", "validation_error")
    assert (failed.usage.prompt_tokens, failed.usage.completion_tokens) == (40, 2)


# --- Nothing leaks ------------------------------------------------------------------------------

CONFIDED = "My password is hunter2"
PRESS = piece("Press")
BROKEN = head(Transfer_Encoding="chunked") + b"%x\r\n%b\r\n" % (len(PRESS), PRESS) + b"body of the provider\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        head(401) + b"body of the provider",
        head() + b"data: body of the provider\n\n",
        b"body of the provider\r\n\r\n",
        BROKEN,
    ],
)
def test_failure_tells_nothing_of_body_key_or_customer(
    provider: Provider, caplog: pytest.LogCaptureFixture, answer: bytes
) -> None:
    for _ in range(3):
        provider.script(answer)
    question = asking(CONFIDED)
    logging.getLogger("test").warning("failed", exc_info=failure(question))
    assert "EngineFailed" in caplog.text
    for secret in ("body of the provider", "sk-very-secret", CONFIDED):
        assert secret not in caplog.text


@pytest.mark.parametrize("key", ["sk-secret\r\nX: y", "sk-secret-é", "sk-secret\x00"])
def test_key_that_cannot_be_sent_is_not_shown(provider: Provider, settings: Any, caplog: Any, key: str) -> None:
    settings.ASSISTANT_API_KEY = key
    failed = failure()
    logging.getLogger("test").warning("failed", exc_info=failed)
    assert "EngineFailed" in caplog.text
    assert (failed.kind, "sk-secret" in caplog.text) == ("not_configured", False)
    assert provider.seen == []


@pytest.mark.parametrize("url", ["", "ftp://127.0.0.1/v1", "http://:x", "nonsense"])
def test_address_that_cannot_be_used_is_reported(provider: Provider, settings: Any, url: str) -> None:
    settings.ASSISTANT_BASE_URL = url
    failed = failure()
    assert (failed.kind, failed.code, failed.usage) == ("not_configured", "unknown_error", NOTHING_USED)

"""Requests to the service over HTTP, with their timeouts, retries and failures.

A request is repeated while nothing of the answer has been passed on, and only where that is safe: the connection was
refused or broke, or the service answered 429, 500, 502, 503 or 504. A redirect is never followed.
"""

from __future__ import annotations

import email.utils
import functools
import logging
import random
import re
import socket
import ssl
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import httpx2
from django.conf import settings
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay

from accounts import clock
from conversations.assistant.engines.openai.model_text import LONGEST_TEXT
from conversations.assistant.engines.openai.prompts import Messages
from conversations.assistant.engines.openai.reply import Reply, garbage
from conversations.assistant.engines.protocol import EngineFailed

logger = logging.getLogger(__name__)

CONNECT = 10.0  # seconds
LINGER = 2.0  # seconds that a finished answer may keep the connection open, for its token counts
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0  # seconds before a repeat; each is twice the one before, with jitter
_BUSY = frozenset({500, 502, 503, 504})
_REFUSES_OPTION = frozenset({400, 422})

_without_usage: set[str] = set()
"""Endpoints that refused to report token counts in a stream, as this process has learnt."""


class _Retryable(Exception):
    """A failure after which the request may be repeated, after `after` seconds if the service named a time."""

    def __init__(self, failure: EngineFailed, after: float | None = None) -> None:
        self.failure = failure
        self.after = after


class _OptionRefused(Exception):
    """The refusal may be due to the request for token counts alone."""

    def __init__(self, failure: EngineFailed) -> None:
        self.failure = failure


def ask(messages: Messages, *, is_streamed: bool) -> Generator[Reply, None, None]:
    """Yield the reply whenever it has grown, and when it is complete. Raises EngineFailed."""
    end = time.monotonic() + settings.ASSISTANT_TIMEOUT
    base: str = settings.ASSISTANT_BASE_URL.rstrip("/")
    if not base:
        raise EngineFailed("ASSISTANT_BASE_URL is not set", kind="not_configured")
    body: dict[str, Any] = {"model": settings.ASSISTANT_MODEL, "messages": messages}
    if is_streamed:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    if base in _without_usage:
        body.pop("stream_options", None)
    tries = Retrying(
        retry=retry_if_exception_type(_Retryable),
        wait=_pause,
        stop=stop_after_attempt(settings.ASSISTANT_RETRIES + 1) | stop_before_delay(settings.ASSISTANT_TIMEOUT),
        before_sleep=_log,
        reraise=True,
    )
    try:
        for attempt in tries:
            with attempt:
                for reply in _attempt(base, body, end):
                    if is_streamed and "stream_options" not in body:
                        _without_usage.add(base)
                    yield reply
    except _Retryable as again:
        raise again.failure from None


def _pause(tried: RetryCallState) -> float:
    """The pause that the service asks for, or twice the one before, with jitter."""
    again = _again(tried)
    if again.after is not None:
        return again.after
    longest: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tried.attempt_number - 1))
    return longest * random.uniform(0.5, 1)  # noqa: S311 (spreads load, no secret)


def _log(tried: RetryCallState) -> None:
    logger.info("assistant_asked_again kind=%s repeat=%s", _again(tried).failure.kind, tried.attempt_number)


def _again(tried: RetryCallState) -> _Retryable:
    again = tried.outcome.exception() if tried.outcome else None
    assert isinstance(again, _Retryable)  # nothing else is repeated
    return again


def _attempt(base: str, body: dict[str, Any], end: float) -> Iterator[Reply]:
    """One request, or a second without token counts where the service refuses to report them."""
    try:
        yield from _request(base, body, end)
    except _OptionRefused:
        del body["stream_options"]
        yield from _request(base, body, end)


def _request(base: str, body: dict[str, Any], end: float) -> Iterator[Reply]:
    reply = Reply(asked=sum(len(message["content"]) for message in body["messages"]))
    left = end - time.monotonic()
    if left <= 0:
        raise _out_of_time(reply, is_used=False)
    # A service that does not stream sends nothing until the answer is complete.
    silence = min(settings.ASSISTANT_SILENCE, left) if body.get("stream") else left
    connect = min(CONNECT, left)
    timeout = httpx2.Timeout(connect=connect, read=silence, write=silence, pool=connect)
    with _Watch(left) as watch:
        try:
            with (
                httpx2.Client(verify=_certificates(), timeout=timeout, follow_redirects=False) as client,
                client.stream(
                    "POST",
                    f"{base}/chat/completions",
                    json=body,
                    headers=_headers(),
                    extensions={"trace": watch.trace},
                ) as response,
            ):
                _accept(response, body)
                reply.is_begun = True
                for more in reply.read(_chunks(response, watch)):
                    if len(reply.text) >= LONGEST_TEXT:
                        reply.ending = "length"
                        break
                    if more:
                        yield reply
                    if reply.is_complete:
                        watch.hurry(LINGER)
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError, UnicodeError):
            # Their messages quote the address or the key.
            raise EngineFailed("the service cannot be asked as it is configured", kind="not_configured") from None
        except httpx2.RequestError as error:
            if not reply.is_complete:
                raise _broken(error, reply, watch) from None
    if not reply.is_complete:
        raise _cut(reply)
    reply.check()
    yield reply


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Reading them takes 50 ms."""
    return httpx2.create_ssl_context()


def _headers() -> dict[str, str]:
    """Compression is refused: an answer that is compressed all the same counts as invalid."""
    headers = {"Accept-Encoding": "identity"}
    if settings.ASSISTANT_API_KEY:
        headers["Authorization"] = f"Bearer {settings.ASSISTANT_API_KEY}"
    return headers


def _accept(response: httpx2.Response, body: Mapping[str, Any]) -> None:
    """Raises the failure of a refused request. Its body is never read: it may quote the key or the customer."""
    status = response.status_code
    if status == 429:
        failure = EngineFailed("the service asks to wait (429)", kind="rate_limited")
        raise _Retryable(failure, _retry_after(response.headers))
    if status in _BUSY:
        failure = EngineFailed(f"the service is not available ({status})", kind="unavailable")
        raise _Retryable(failure, _retry_after(response.headers))
    if not 200 <= status < 300:
        failure = EngineFailed(
            f"the service refused the request ({status})", kind="unavailable" if status > 500 else "refused"
        )
        if status in _REFUSES_OPTION and "stream_options" in body:
            raise _OptionRefused(failure)
        raise failure


def _chunks(response: httpx2.Response, watch: _Watch) -> Iterator[bytes]:
    """The body in chunks. A connection that the watch has closed ends like a complete one, so that is checked here."""
    for chunk in response.iter_raw():
        if watch.is_over:
            break
        yield chunk
    if watch.is_over:
        raise httpx2.ReadTimeout("the time is up")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that the service asks to wait, from a number or a date; None where it does not."""
    header = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", header, re.ASCII):
        return float(header)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - clock.now().timestamp())
    except (ValueError, OverflowError):
        return None


def _broken(error: httpx2.RequestError, reply: Reply, watch: _Watch) -> EngineFailed | _Retryable:
    """The failure that a broken connection stands for."""
    if isinstance(error, httpx2.ConnectTimeout) and not watch.is_over:
        return _Retryable(EngineFailed("the service could not be reached in time", kind="timeout"))
    if watch.is_over or isinstance(error, httpx2.TimeoutException):
        return _out_of_time(reply, is_used=watch.is_connected)
    return _cut(reply, type(error).__name__)


def _out_of_time(reply: Reply, *, is_used: bool) -> EngineFailed:
    reply.is_begun = reply.is_begun or is_used
    return EngineFailed("the service took too long", kind="timeout", usage=reply.usage)


def _cut(reply: Reply, how: str = "") -> EngineFailed | _Retryable:
    """The failure of an answer that was cut off: the missing part may be the one that matters."""
    if reply.text:
        return EngineFailed("the service broke off its answer", kind="cut", usage=reply.usage)
    if reply.is_begun and not how and not reply.has_events:
        return garbage(reply.usage)
    message = f"the service did not answer: {how}" if how else "the service did not answer"
    return _Retryable(EngineFailed(message, kind="unavailable", usage=reply.usage))


class _Watch:
    """Closes a connection when its time is up: a service that sends a byte now and then would never run into the timeouts
    of single reads."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._is_hurried = False
        self._stream: Any = None
        self._timer = self._started(seconds)

    @property
    def is_connected(self) -> bool:
        return self._stream is not None

    def trace(self, name: str, info: Mapping[str, Any]) -> None:
        """Remember the connection, and again when it is encrypted: the extension `trace` of a request."""
        if hasattr(stream := info.get("return_value"), "get_extra_info"):
            self._stream = stream
            if self.is_over:
                self._cut()

    def hurry(self, seconds: float) -> None:
        """Close the connection in this many seconds at the latest."""
        if not self._is_hurried:
            self._is_hurried = True
            self._timer.cancel()
            self._timer = self._started(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()

    def _started(self, seconds: float) -> threading.Timer:
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        return timer

    def _cut(self) -> None:
        self.is_over = True
        if self._stream is not None:
            try:
                self._stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended meanwhile

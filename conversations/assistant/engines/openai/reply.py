"""Reading a service's answer: a stream of events or one JSON object, whatever its headers call it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings

from conversations.assistant.engines.openai import model_text
from conversations.assistant.engines.protocol import NOTHING_USED, EngineFailed, Usage

MOST_BYTES = 8 * 1024 * 1024
LONGEST_LINE = 1024 * 1024  # bytes, of a stream
LONGEST_MODEL = 100
CHARACTERS_PER_TOKEN = 4  # where the service does not report its tokens
_MOST_TOKENS = 10**9
_MILLION = Decimal(1_000_000)
_SMALLEST_COST = Decimal("0.000001")
_BLANK = b" \t\r\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def garbage(usage: Usage = NOTHING_USED) -> EngineFailed:
    """The failure of a service that sent something else than an answer."""
    return EngineFailed("the service answered something else", code="validation_error", kind="garbage", usage=usage)


@dataclass(slots=True)
class Reply:
    """An answer as far as it has been received. `asked` is the length of the request, in characters."""

    asked: int
    text: str = ""
    ending: str = ""
    """Why the model stopped, as the service reports it: `stop`, `length`, `content_filter`."""
    is_begun: bool = False
    """The service accepted the request, so that it costs something."""
    is_done: bool = False
    has_events: bool = False
    _model: str = ""
    _prompt_tokens: int = 0
    _completion_tokens: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether the service has sent everything."""
        return self.is_done or bool(self.ending)

    @property
    def usage(self) -> Usage:
        """What the service reported, estimated where it reported nothing; nothing before it accepted the request."""
        if not self.is_begun:
            return NOTHING_USED
        read = self._prompt_tokens or math.ceil(self.asked / CHARACTERS_PER_TOKEN)
        written = self._completion_tokens or math.ceil(len(self.text) / CHARACTERS_PER_TOKEN)
        cost = (read * settings.ASSISTANT_PRICE_PROMPT + written * settings.ASSISTANT_PRICE_COMPLETION) / _MILLION
        model = self._model or model_text.clean(settings.ASSISTANT_MODEL)[:LONGEST_MODEL]
        return Usage(model, read, written, cost.quantize(_SMALLEST_COST))

    def read(self, chunks: Iterable[bytes]) -> Iterator[bool]:
        """Read a body event by event, and yield each time whether the text has grown. Raises EngineFailed."""
        for line in self._lines(chunks):
            is_event, data = self._data(line)
            if data == b"[DONE]":
                self.is_done = True
                return
            if is_event and data:
                before = len(self.text)
                self._take(_object(data, self))
                yield len(self.text) > before

    def check(self) -> None:
        """Raises EngineFailed where a complete answer may not be used."""
        if self.ending == "content_filter":
            raise EngineFailed(
                "the service withheld its answer", code="validation_error", kind="filtered", usage=self.usage
            )

    def _lines(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The lines of a stream as they arrive; an object that is not streamed is a single line."""
        kept, size, is_object = bytearray(), 0, None
        for chunk in chunks:
            size += len(chunk)
            kept += chunk
            if size > MOST_BYTES or (not is_object and len(kept) > LONGEST_LINE + len(chunk)):
                raise garbage(self.usage)
            if is_object is None and (start := kept.removeprefix(_BYTE_ORDER_MARK).lstrip(_BLANK)):
                is_object = start.startswith(b"{")
                kept = start
            if not is_object and b"\n" in chunk:
                *lines, kept = kept.split(b"\n")
                yield from map(bytes, filter(None, lines))
        yield bytes(kept)

    def _data(self, line: bytes) -> tuple[bool, bytes]:
        """Whether the line is an event, and its data; comments and other fields are none."""
        line = line.strip(_BLANK)
        if line.startswith(b"{"):
            # The whole of an answer that is not streamed. In a stream such a line is an unknown field.
            is_whole = not self.has_events
            self.is_done = self.is_done or is_whole
            return is_whole, line
        name, _, data = line.partition(b":")
        return name == b"data", data.strip(_BLANK) if name == b"data" else b""

    def _take(self, event: dict[str, Any]) -> None:
        self.has_events = True
        if error := event.get("error"):
            status = error.get("code") if isinstance(error, dict) else None
            kind = "rate_limited" if status == 429 else "unavailable"
            raise EngineFailed("the service reported an error", kind=kind, usage=self.usage)
        if isinstance(model := event.get("model"), str) and model.isprintable():
            self._model = model_text.clean(model)[:LONGEST_MODEL]
        usage, choices = event.get("usage"), event.get("choices")
        if isinstance(usage, dict):
            self._prompt_tokens = _tokens(usage.get("prompt_tokens")) or self._prompt_tokens
            self._completion_tokens = _tokens(usage.get("completion_tokens")) or self._completion_tokens
            choices = [] if choices is None else choices
        if not isinstance(choices, list):
            raise garbage(self.usage)
        for choice in choices[:1]:
            if not isinstance(choice, dict):
                raise garbage(self.usage)
            delta = choice.get("delta") or choice.get("message") or {}
            if not isinstance(delta, dict):
                raise garbage(self.usage)
            if isinstance(piece := delta.get("content"), str):
                self.text += piece
            if isinstance(ending := choice.get("finish_reason"), str):
                self.ending = ending


def _object(data: bytes, reply: Reply) -> dict[str, Any]:
    try:
        event = json.loads(data.decode())
    except (ValueError, RecursionError):
        raise garbage(reply.usage) from None
    if not isinstance(event, dict):
        raise garbage(reply.usage)
    return event


def _tokens(count: object) -> int:
    return count if isinstance(count, int) and not isinstance(count, bool) and 0 < count <= _MOST_TOKENS else 0

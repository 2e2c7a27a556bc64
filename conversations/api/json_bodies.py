"""JSON bodies: strict parsing, fast rendering, and media types that never refuse a client."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import IO, Any, NoReturn

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from conversations.api.problems import NotStorable

# orjson reads nesting that it cannot write again, in an error that repeats the input for instance.
DEEPEST = 200


class JSONParser(BaseParser):
    """JSON as RFC 8259 has it: no NaN, no lone surrogates, UTF-8 alone, nesting bounded. An empty body is `{}`."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        raw = stream.read()
        if not raw:
            return {}
        try:
            data = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise _refusal(raw) from error
        if raw.count(b"[") + raw.count(b"{") > DEEPEST and _is_deeper(data, DEEPEST):
            raise ParseError(f"The body is nested more than {DEEPEST} levels deep.")
        return data


def _refusal(raw: bytes) -> ParseError:
    """The error for a body that orjson refused, with the path of a lone surrogate or an infinite number."""
    plain = ParseError("The body is not valid JSON.")
    try:
        # As floats, for Python refuses to read an integer of very many digits.
        data = json.loads(raw.decode(), parse_int=float, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return plain
    rest: list[tuple[str | None, Any]] = [(None, data)]
    while rest:
        path, value = rest.pop()
        if isinstance(value, str) and not _is_text(value):
            return NotStorable("This holds characters that are not text.", path)
        if isinstance(value, float) and math.isinf(value):
            return NotStorable("This number is too large.", path)
        inner: list[tuple[str, Any]] = []
        if isinstance(value, dict):
            if not all(map(_is_text, value)):
                return NotStorable("This has a name that is not text.", path)
            inner = list(value.items())
        elif isinstance(value, list):
            inner = [(str(index), one) for index, one in enumerate(value)]
        rest += [(f"{path}.{step}" if path else step, one) for step, one in reversed(inner)]
    return plain


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _is_text(value: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in value)


def _is_deeper(root: Any, limit: int) -> bool:
    level = [root]
    for _ in range(limit):
        level = [
            inner
            for value in level
            if isinstance(value, (dict, list))
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return True


class JSONRenderer(BaseRenderer):
    """JSON by orjson."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else orjson.dumps(data)


class TakeFirst(BaseContentNegotiation):
    """Answers in the format's own media type whatever `Accept` says, as the documented products do."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        known = list(parsers)
        kind = (request.content_type or "").split(";")[0].strip().lower()
        if not kind or kind.endswith("+json"):
            return known[0]
        return next((parser for parser in known if parser.media_type == kind), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type

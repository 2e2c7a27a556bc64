"""Input fields that accept their own JSON type alone: a number is not a text, and `"true"` is not true."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.text import VISIBLE, is_blank

DEEPEST_JSON = 32
_LARGEST = 2**63
_LARGEST_FLOAT = 9.2e18


class Text(serializers.CharField):
    """A JSON string, kept exactly as sent. Lone surrogates and NUL are refused."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("trim_whitespace", False)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if any("\ud800" <= char <= "\udfff" for char in data):
            self.fail("invalid")
        return super().to_internal_value(data)


class NonBlankText(Text):
    """A JSON string that is not blank; `text.check` knows a few more invisible characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(RegexValidator(VISIBLE, self.error_messages["blank"], "blank"))


MAYBE_EMAIL: dict[str, Any] = {
    "anyOf": [{"type": "string", "format": "email", "maxLength": 254}, {"type": "string", "maxLength": 0}]
}
"""In OpenAPI: an email address, or an empty string, as an empty form sends it."""


class Choice(serializers.ChoiceField):
    """A JSON string out of a fixed list."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    """A JSON boolean."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


@extend_schema_field({"type": "object", "additionalProperties": {}})
class JsonObject(serializers.JSONField):
    """A JSON object of any content that PostgreSQL can keep and that prints again as it came."""

    default_error_messages = {
        "not_an_object": "This must be a JSON object.",
        "too_deep": f"This is nested more than {DEEPEST_JSON} levels deep.",
        "not_text": "This holds characters that are not text.",
        "too_large": "This holds a number beyond 64 bits.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("not_an_object")
        self._check(data)
        return data

    def _check(self, root: Any) -> None:
        level = [root]
        for _ in range(DEEPEST_JSON):
            inner: list[Any] = []
            for value in level:
                if isinstance(value, dict):
                    inner += [*value, *value.values()]
                elif isinstance(value, list):
                    inner += value
                elif isinstance(value, str) and "\x00" in value:
                    self.fail("not_text")
                # PostgreSQL prints a large float with all its digits, which is then no 64-bit integer to anyone; and the
                # shortest spelling of a float, which it is given, may lie some digits beyond the float.
                elif (isinstance(value, float) and not abs(value) < _LARGEST_FLOAT) or (
                    isinstance(value, int) and not -_LARGEST <= value < _LARGEST
                ):
                    self.fail("too_large")
            if not inner:
                return
            level = inner
        self.fail("too_deep")


def first_given(data: Mapping[str, Any], *names: str) -> tuple[str | None, str]:
    """Of several names for one text the first that is not blank, with its text; (None, "") where all are."""
    return next(((name, data[name]) for name in names if not is_blank(data.get(name) or "")), (None, ""))


def milliseconds(moment: datetime) -> str:
    """ISO 8601 in UTC with exactly three fractional digits and `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def seconds(moment: datetime) -> str:
    """ISO 8601 in UTC with whole seconds and `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")[:-6] + "Z"

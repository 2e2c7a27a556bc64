"""A call of a webhook: its headers and its body, read as JSON or as a form without ever failing."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from conversations.channels.email.ingress import forms
from conversations.channels.email.ingress.forms import Form


@dataclass(frozen=True)
class Call:
    """What was posted. The names of headers may be in any case."""

    body: bytes = field(repr=False)
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def kind(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.content_type.partition(";")[0].strip().lower()

    @cached_property
    def json(self) -> Any:
        """The body as JSON; None for what is none."""
        if self.body[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"{", b"["):
            return None
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def object(self) -> dict[str, Any]:
        """The body as a JSON object; {} for what is none."""
        return self.json if isinstance(self.json, dict) else {}

    @cached_property
    def form(self) -> Form:
        """The body as a form; an empty one for what is none."""
        return forms.read(self.body, self.content_type)

    @property
    def password(self) -> str:
        """The user and password of HTTP's basic authentication, as `user:password`; "" without them."""
        scheme, _, encoded = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return ""
        try:
            return base64.b64decode(encoded.strip()).decode()
        except ValueError:
            return ""


def text(value: Any) -> str:
    """A value of JSON that should be a text; "" for what is none."""
    return value if isinstance(value, str) else ""


def as_list(value: Any) -> list[Any]:
    """A value of JSON that should be a list; [] for what is none."""
    return value if isinstance(value, list) else []


def as_object(value: Any) -> dict[str, Any]:
    """A value of JSON that should be an object; {} for what is none."""
    return value if isinstance(value, dict) else {}


def parsed(value: bytes | str) -> Any:
    """JSON inside a field; None for what is none."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def as_bytes(value: Any) -> bytes:
    """A text of JSON as the bytes that it was made of, as far as that can be known."""
    return text(value).encode("utf-8", "surrogatepass")

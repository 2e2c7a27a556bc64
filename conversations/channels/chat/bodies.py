"""What the frame sends: a JSON object, or one with files beside it, read strictly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError

from accounts.errors import Invalid
from accounts.web import bodies
from conversations.texts import validation

DEEPEST = 20
_MULTIPART = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Body:
    """The fields of an object, and the files that came with it. What is asked for by type raises Invalid with the field."""

    data: Mapping[str, Any]
    files: Sequence[File[bytes]] = ()

    def text(self, name: str, *, longest: int, within: Mapping[str, Any] | None = None, field: str = "") -> str:
        """A text that can be kept; "" where there is none."""
        value = (self.data if within is None else within).get(name)
        field = field or name
        if value is None:
            return ""
        if not isinstance(value, str):
            raise Invalid(f"{field} must be a text", field=field)
        return validation.check(value, field, longest=longest, blank=True)

    def loose(self, name: str, *, longest: int) -> str:
        """A text that nothing depends on: "" for anything that cannot be kept."""
        value = self.data.get(name)
        is_text = isinstance(value, str) and validation.can_be_kept(value)
        return cast(str, value)[:longest] if is_text else ""

    def object(self, name: str) -> Mapping[str, Any]:
        """An object; an empty one where there is none."""
        value = self.data.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise Invalid(f"{name} must be an object", field=name)
        return value

    def flag(self, name: str) -> bool:
        value = self.data.get(name)
        if not isinstance(value, bool):
            raise Invalid(f"{name} must be true or false", field=name)
        return value


class TooLarge(Exception):
    """The body is over its limit."""


def has_files(request: HttpRequest) -> bool:
    """Whether the request says that files come with it."""
    return (request.content_type or "").lower() == _MULTIPART


def read(request: HttpRequest) -> Body:
    """The body of a request. Raises Invalid for what cannot be read, and TooLarge."""
    if bodies.TOO_LARGE in request.META:
        raise TooLarge
    try:
        if not has_files(request):
            return Body(_parsed(request.body))
        data, files = request.POST.get("json", ""), request.FILES.getlist("files")
    except (SuspiciousOperation, BadRequest, MultiPartParserError, UnreadablePostError, UnicodeError) as error:
        if type(error).__name__ == "RequestDataTooBig":
            raise TooLarge from error
        raise Invalid("the body cannot be read") from error
    return Body(_parsed(data.encode(errors="surrogatepass")), [one for one in files if isinstance(one, UploadedFile)])


def _parsed(raw: bytes) -> Mapping[str, Any]:
    if not raw.strip():
        return {}
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Invalid("the body is not valid JSON") from error
    if not isinstance(found, dict):
        raise Invalid("the body must be an object")
    if _is_deep(found):
        raise Invalid(f"the body is nested more than {DEEPEST} levels deep")
    return found


def _is_deep(found: Any) -> bool:
    level = [found]
    for _ in range(DEEPEST):
        inner = [one for one in level if isinstance(one, dict | list)]
        level = [value for one in inner for value in (one.values() if isinstance(one, dict) else one)]
        if not level:
            return False
    return True

"""Reading a body by its serializer, which is built once: REST framework copies all of its fields for each instance."""

from __future__ import annotations

from functools import cache
from typing import Any

from rest_framework import serializers

Shape = type[serializers.Serializer[Any]]


def body(shape: Shape, sent: Any) -> dict[str, Any]:
    """The body as the serializer has it. Raises ValidationError.

    The serializer keeps nothing of one body for the next, and knows no request.
    """
    if sent is None:
        shape(data=None).is_valid(raise_exception=True)  # has an error of its own for a body that is `null`
    read: dict[str, Any] = _reader(shape).run_validation(sent)
    return read


@cache
def _reader(shape: Shape) -> serializers.Serializer[Any]:
    return shape(data=None)

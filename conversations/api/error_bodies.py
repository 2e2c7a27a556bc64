"""What a wire format's error bodies look like."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from rest_framework.serializers import BaseSerializer

from conversations.api.problems import Problem


class ErrorBodies:
    """A format's error bodies. Subclasses give `body` and `serializer`; some also another status or plain text."""

    def status(self, problem: Problem) -> int:
        """The status as this format has it."""
        return problem.status

    def body(self, problem: Problem) -> Any:
        """The JSON value of the error body."""
        raise NotImplementedError

    def serializer(self, status: int) -> type[BaseSerializer[Any]] | str:
        """What the error body of a status looks like, for OpenAPI: a serializer class, or a media type for plain text."""
        raise NotImplementedError

    def response(self, problem: Problem, request: HttpRequest) -> HttpResponse:
        """The complete response."""
        return HttpResponse(
            orjson.dumps(self.body(problem)),
            status=self.status(problem),
            content_type="application/json",
            headers=dict(problem.headers),
        )

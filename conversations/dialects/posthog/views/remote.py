"""What posthog-js asks besides its chat: settings, flags, and taking what it has observed, which the desk throws away."""

from __future__ import annotations

import base64
import binascii
import io
import zlib
from typing import Any
from urllib.parse import parse_qs

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import tenancy
from accounts.credentials.authentication import BadKey
from accounts.errors import NotFound
from accounts.web.addresses import address_of
from conversations.api import reading
from conversations.api.json_bodies import JSONParser
from conversations.api.limits import Buckets
from conversations.api.views import DialectViewSet
from conversations.chat import queries
from conversations.dialects.posthog import HEADERS, TITLE, remote_config, widget_answers, widget_inputs
from conversations.dialects.posthog.error_bodies import ERROR_BODIES, PosthogError
from conversations.models import Widget

LOOKS = Buckets(240)
"""Settings and flags that one address asks for."""
LONGEST_BODY = 256 * 1024
"""What is unpacked of a compressed request for flags."""
_TOKEN = OpenApiParameter(
    "token",
    OpenApiTypes.STR,
    OpenApiParameter.PATH,
    description="The public token of a chat widget. The path also answers with a trailing slash.",
)
_NOT_FOUND = OpenApiResponse(PosthogError, description="There is no widget with this token.")


class OpenViewSet(DialectViewSet):
    """Calls without a credential, which change nothing: no transaction, and no key to count."""

    tag = TITLE
    error_bodies = ERROR_BODIES
    own_headers = HEADERS
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    is_idempotent = False

    def open_transaction(self, request: Request) -> None:
        """None: nothing is written."""


class RemoteConfig(OpenViewSet):
    """The settings of posthog-js, which are public."""

    @extend_schema(
        operation_id="getPosthogRemoteConfig",
        summary="Retrieve the client's settings",
        parameters=[_TOKEN],
        responses={200: widget_answers.PosthogRemoteConfig, 404: _NOT_FOUND},
    )
    def retrieve(self, request: Request, token: str) -> HttpResponseBase:
        """What posthog-js does in a page: the chat is on as its widget is set, and everything else is off."""
        widget = self._widget(token)
        with tenancy.scope(widget.workspace):
            return _cached(Response(remote_config.config(widget, token, self.at)))

    @extend_schema(
        operation_id="getPosthogRemoteConfigScript",
        summary="Retrieve the client's settings as a script",
        parameters=[_TOKEN],
        responses={(200, "text/javascript"): OpenApiTypes.STR, 404: _NOT_FOUND},
    )
    def script(self, request: Request, token: str) -> HttpResponseBase:
        """The same settings as a script, which posthog-js loads first."""
        widget = self._widget(token)
        with tenancy.scope(widget.workspace):
            written = remote_config.script(widget, token, self.at)
        return _cached(HttpResponse(written, content_type="text/javascript; charset=utf-8"))

    def _widget(self, token: str) -> Widget:
        LOOKS.take(hash(address_of(self.request._request)))
        widget = queries.find(token)
        if widget is None:
            raise NotFound("There is no widget with this token.")
        return widget


class Flags(OpenViewSet):
    """Feature flags, of which the desk has none."""

    @extend_schema(
        operation_id="listPosthogFlags",
        summary="List feature flags",
        request=widget_inputs.FlagsInput,
        responses={200: widget_answers.PosthogFlags},
    )
    def list(self, request: Request) -> Response:
        """There are none. The body may also be compressed by gzip, or a form with JSON or base64 in `data`."""
        LOOKS.take(hash(address_of(request._request)))
        sent = self.read_packed(request._request)
        data = reading.body(widget_inputs.FlagsInput, sent)
        if queries.find(data.get("token") or data.get("api_key") or "") is None:
            raise BadKey("no such widget")
        return Response(remote_config.FLAGS)

    def read_packed(self, request: HttpRequest) -> Any:
        """The JSON of a body in any of the client's spellings. Raises ParseError."""
        raw = request.body
        try:
            if raw.startswith(b"\x1f\x8b"):
                raw = zlib.decompressobj(wbits=31).decompress(raw, LONGEST_BODY)
            elif raw.startswith(b"data="):
                data = parse_qs(raw.decode(), max_num_fields=4)["data"][0]
                raw = data.encode() if data.startswith("{") else base64.b64decode(data.replace(" ", "+"))
        except (zlib.error, binascii.Error, ValueError, KeyError) as error:
            raise ParseError("The body cannot be unpacked.") from error
        return JSONParser().parse(io.BytesIO(raw))


class Captures(OpenViewSet):
    """What the client has observed in a page."""

    @extend_schema(
        operation_id="capturePosthogEvents",
        summary="Take the client's events",
        request=None,
        responses={200: widget_answers.PosthogCaptured},
    )
    def create(self, request: Request) -> Response:
        """Whatever it is, in whatever encoding: it is thrown away. Also at `/i/v0/e`, `/s`, `/batch`, `/i/v1/logs` and
        `/i/v1/metrics`."""
        return Response(widget_answers.PosthogCaptured(True).data)

    def check_size(self, request: Request) -> None:
        """What is too large was thrown away already."""


def _cached(response: HttpResponseBase) -> HttpResponseBase:
    response["Cache-Control"] = "public, max-age=60"
    response["Access-Control-Allow-Origin"] = "*"  # also for a cache that is asked without an origin first
    return response

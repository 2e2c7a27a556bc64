"""What is not served below PostHog's paths is answered in PostHog's shape."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.conftest import Key
from tests.dialects.posthog_client import refusal

pytestmark = pytest.mark.django_db

UNSERVED = [
    "/api/projects", "/api/environments", "/api/organizations", "/api/projects/@current", "/api/projects/1/insights",
    "/api/environments/1/query", "/api/organizations/@current/members", "/api/projects/1/conversations/tickets/1/a/b/c/d",
    "/api/projects/1/feature_flags/7/activity", "/api/organizations//x", "/api/projects/%00/conversationz",
    "/api/projects/a%0Ab", "/api/environments/é/x", "/api/projects/1/conversations/tickets//",
]  # fmt: skip


@pytest.mark.parametrize("path", [*UNSERVED, *(f"{path}/" for path in UNSERVED)])
def test_unserved_path_is_404_in_the_shape_whatever_the_method_and_the_key(path: str, acme_key: Key) -> None:
    client = Client(raise_request_exception=False)
    for method in ("GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"):
        for headers in ({}, {"Authorization": f"Bearer {acme_key.secret}"}, {"Authorization": "Bearer nonsense"}):
            answer: Any = client.generic(method, path, b"{", content_type="application/json", headers=headers)
            assert refusal(answer) == (404, "invalid_request", "not_found", None), (method, headers)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "tickets"), ("PUT", "tickets/unread_count"), ("GET", "tickets/1/reply"), ("PUT", ""), ("PATCH", "views"),
        ("GET", "7c2a1b90-3d4e-4f5a-8b6c-0d1e2f3a4b5c/cancel"), ("OPTIONS", "tickets"), ("TRACE", "tickets"),
    ],
)  # fmt: skip
def test_unserved_method_is_405_in_the_shape_whatever_the_key(method: str, path: str, acme_key: Key) -> None:
    client = Client(raise_request_exception=False)
    for prefix in ("projects", "environments"):
        for slash in ("", "/"):
            where = f"/api/{prefix}/@current/conversations/{path}".rstrip("/") + slash
            for headers in ({}, {"Authorization": f"Bearer {acme_key.secret}"}):
                answer: Any = client.generic(method, where, b"{", content_type="application/json", headers=headers)
                assert refusal(answer) == (405, "invalid_request", "method_not_allowed", None), where

"""Each format states its own headers, and what all formats share names none of their products."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from conversations.api import discovery
from tests.dialects import harness

DIALECTS = {dialect.name: dialect for dialect in discovery.all_dialects()}
PATHS = {
    "bancroft": "/api/v1/conversations/",
    "hexclave": "/api/v1/internal/conversations",
    "posthog": "/api/projects/@current/conversations/tickets",
    "woes": "/api/v1/conversations",
}
OWN = {
    "bancroft": {"X-API-Key"},
    "hexclave": {"X-Stack-access-type", "X-Hexclave-secret-server-key"},
    "posthog": {"Last-Event-ID", "X-PostHog-Session-Id"},
    "woes": {"X-User-Hash"},
}


def listed(value: str) -> set[str]:
    return set(value.split(", "))


@pytest.mark.parametrize("name", OWN)
def test_preflight_allows_a_formats_own_headers_and_no_other_formats(name: str) -> None:
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    answer = Client().options(PATHS[name], headers=asked)
    assert answer.status_code == 204
    allowed = listed(answer["Access-Control-Allow-Headers"])
    assert OWN[name] | {"Authorization", "Content-Type", "Idempotency-Key", "*"} <= allowed
    for other, dialect in DIALECTS.items():
        assert other == name or not allowed & {*dialect.headers.credentials, *dialect.headers.request}


@pytest.mark.parametrize("name", OWN)
def test_page_may_read_a_formats_own_headers_even_where_there_is_nothing(name: str) -> None:
    missing = {"woes": "/api/v1/conversations/x/y", "bancroft": "/api/integrations/x", "hexclave": "/api/latest/x"}
    answer = Client().get(missing.get(name, "/api/projects/x/y"), headers={"Origin": "https://shop.example"})
    assert answer.status_code == 404
    shown = listed(answer["Access-Control-Expose-Headers"])
    assert shown == {"Retry-After", "Idempotent-Replayed", *DIALECTS[name].headers.response}


def test_what_formats_share_names_none_of_them() -> None:
    words = re.compile("|".join([*DIALECTS, "x-stack", "dogfood"]), re.IGNORECASE)
    shared = sorted((harness.ROOT / "conversations" / "api").rglob("*.py"))
    assert shared
    assert [f"{path.name}: {word}" for path in shared for word in words.findall(path.read_text())] == []

"""What the tests of the assistant share."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from conversations.assistant import openai
from conversations.assistant.openai import wire
from tests.assistant import provider as endpoint


@pytest.fixture
def provider(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[endpoint.Provider]:
    """A running endpoint that the settings name, asked without pauses and looked at after each piece."""
    settings.ASSISTANT_API_KEY, settings.ASSISTANT_MODEL = "sk-very-secret", "small"
    settings.ASSISTANT_TIMEOUT, settings.ASSISTANT_SILENCE, settings.ASSISTANT_RETRIES = 10, 10, 2
    settings.ASSISTANT_PRICE_PROMPT = settings.ASSISTANT_PRICE_COMPLETION = Decimal(0)
    monkeypatch.setattr(wire, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(wire, "_without_figures", set())
    monkeypatch.setattr(openai, "PAUSE", 0)
    with endpoint.running() as running:
        settings.ASSISTANT_BASE_URL = running.url
        yield running

"""What the tests of the assistant share: an endpoint that follows a script, and one running desk.

A part of that desk that a test has killed is started again before the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Workspace
from conversations.assistant.choice import HandOver
from conversations.assistant.engines import openai
from conversations.assistant.engines.openai import client as service
from tests.assistant import provider as endpoint
from tests.assistant.running_desk import SUFFIX, Client, Desk
from tests.assistant.running_desk import desk as new_desk
from tests.assistant.talk import PERSON, answered, choose
from tests.dialects import harness
from tests.dialects.posthog_client import Posthog, posthog_api  # noqa: F401 (a fixture)


@pytest.fixture
def provider(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[endpoint.Provider]:
    """A running endpoint that the settings name, asked without pauses and looked at after each piece."""
    settings.ASSISTANT_API_KEY, settings.ASSISTANT_MODEL = "sk-very-secret", "small"
    settings.ASSISTANT_TIMEOUT, settings.ASSISTANT_SILENCE, settings.ASSISTANT_RETRIES = 120, 120, 2
    settings.ASSISTANT_PRICE_PROMPT = settings.ASSISTANT_PRICE_COMPLETION = Decimal(0)
    monkeypatch.setattr(service, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(service, "_without_usage", set())
    monkeypatch.setattr(openai, "PAUSE", 0)
    with endpoint.running() as running:
        settings.ASSISTANT_BASE_URL = running.url
        yield running


@pytest.fixture(scope="session")
def running_desk(django_db_setup: None, django_db_blocker: Any) -> Iterator[Desk]:
    """On a database of its own. Its tests are marked `django_db`, so that there is one to copy."""
    with django_db_blocker.unblock(), new_desk() as made:
        yield made


@pytest.fixture
def desk(running_desk: Desk, django_db_blocker: Any) -> Iterator[Desk]:
    """The same, web process and worker running, while this test writes to its database."""
    with django_db_blocker.unblock(), harness.on_the_desks_database(SUFFIX):
        running_desk.restore()
        yield running_desk


@pytest.fixture
def client(desk: Desk) -> Client:
    """A workspace that asks the provider."""
    return Client(desk)


@pytest.fixture
def handed(api: Posthog) -> dict[str, Any]:
    """A conversation in which the customer asked for a person, and no agent has answered yet."""
    return answered(api, PERSON)


@pytest.fixture
def proposed(api: Posthog, acme: Workspace) -> dict[str, Any]:
    """The assistant knows no answer and asks whether people are to be called in."""
    choose(acme, hand_over=HandOver.ASK)
    made = answered(api, "The frobnicator hums in D minor")
    return answered(api, "It is the large one, in the cellar", conversation=made["id"])

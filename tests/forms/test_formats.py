"""A conversation of a form in every wire format: each has a word of its own for the channel."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from conversations.models import Conversation
from tests.conftest import Key
from tests.forms.conftest import Visitor


@pytest.mark.parametrize(
    ("path", "headers", "word"),
    [
        pytest.param("/api/v1/conversations", {"Authorization": "Bearer {}"}, ("channel", "api"), id="woes"),
        pytest.param("/api/v1/conversations/", {"X-API-Key": "{}"}, ("channel", "web"), id="bancroft"),
        pytest.param(
            "/api/v1/internal/conversations?projectId={}",
            {
                "x-stack-access-type": "server", "x-stack-project-id": "internal",
                "x-stack-secret-server-key": "{}",
            },
            ("source", "chat"), id="hexclave",
        ),
    ],
)  # fmt: skip
def test_list_prints_a_forms_conversation(
    visitor: Visitor, acme_key: Key, path: str, headers: dict[str, str], word: tuple[str, str]
) -> None:
    visitor.send()
    row = Conversation.objects.get()
    sent = {name: value.format(acme_key.secret) for name, value in headers.items()}
    answer = Client().get(path.format(row.workspace.public_id), headers=sent)
    assert answer.status_code == 200
    body: Any = answer.json()
    [one] = next(value for value in body.values() if isinstance(value, list))
    assert word[1] in str(one.get(word[0], one)), one
    assert row.subject in str(one)

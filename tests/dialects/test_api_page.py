"""docs/api.md: what can be copied from it works as it stands, against a running desk."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import timedelta
from typing import Any

import pytest

from accounts import clock
from accounts.credentials import identity
from accounts.models import KeyKind, Workspace
from conversations.models import Conversation
from conversations.permissions import ConversationScope
from tests.dialects.harness import ROOT
from tests.dialects.scene import Scene
from tests.factories import api_key
from tickets.models import Ticket
from tickets.permissions import TicketScope

pytestmark = pytest.mark.django_db
PAGE = (ROOT / "docs" / "api.md").read_text()
# Fails on a refusal, with its body; a stream need not be watched to its end.
_CURL = 'curl() { command curl --fail-with-body --silent --show-error --max-time 60 "$@"; }\n'


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_every_call_of_the_page_works_as_it_is_pasted(desk: str) -> None:
    scene = Scene()
    token = identity.issue_token(
        scene.workspace, external_id="cus_123", email="ada@example.com", lifetime=timedelta(hours=1), at=clock.now()
    )
    scopes = (ConversationScope.WRITE, TicketScope.WRITE)
    names = {
        "DESK": desk,
        "KEY": api_key(scene.workspace, scopes=scopes)[1],
        "CLIENT_KEY": api_key(scene.workspace, kind=KeyKind.CLIENT, scopes=scopes[:1])[1],
        "PROJECT": str(scene.workspace.public_id),
        "TOKEN": token,
    }
    calls = [block for block in blocks("sh") if "curl" in block and "$DESK" in block]
    assert len(calls) == 7
    for block in calls:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", _CURL + block], env=os.environ | names, capture_output=True, text=True
        )
        assert done.returncode == 0, block + done.stdout + done.stderr
    rows = Conversation.all_workspaces.filter(workspace=scene.workspace, handler="people").order_by("pk")
    assert [(row.subject, row.contact.email) for row in rows] == [
        ("Need help with auth", "ada@example.com"),
        ("Help with order #1234", "ada@example.com"),
        ("Cannot change my avatar", "ada@example.com"),
        ("Your migration", "ada@example.com"),
        ("Export fails", "jo@example.com"),
    ]
    assert rows[0].preview == "I am getting a 401 from POST /orders."
    assert Ticket.all_workspaces.get(workspace=scene.workspace).last_message_text == "The file is empty."


def test_programs_of_the_page_prove_a_customer(acme: Workspace) -> None:
    made: dict[str, Any] = {}
    for block in blocks("python") + [re.sub("^  ", "", block, flags=re.M) for block in re.findall(r"^  ```python\n(.*?)^  ```", PAGE, re.M | re.S)]:  # fmt: skip
        exec(block, made)
    proof = made["user_hash"](acme.identity_secret, " Ada@Example.com")
    assert identity.proves_email(acme, "ada@example.com", proof)
    token = made["customer_token"](acme.identity_secret, str(acme.public_id), "cus_1", "ada@example.com", "Ada")
    assert identity.read_token(acme, token) == identity.Customer("cus_1", "ada@example.com", "Ada")

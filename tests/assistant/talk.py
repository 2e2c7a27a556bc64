"""Helpers for talking to the assistant by the API, and for looking at the results."""

from __future__ import annotations

from typing import Any

from accounts import actions as account_actions
from accounts import clock, journal
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.assistant.choice import Choice
from conversations.models import AssistantThread, Conversation
from tests.dialects.assistant_client import asked, read, work
from tests.dialects.posthog_client import Posthog

PERSON = "I want to talk to a human, please"


def choose(workspace: Workspace, **values: Any) -> None:
    account_actions.update_workspace(
        workspace=workspace, settings=Choice(**values).settings, by=Actor.system(workspace.pk), at=clock.now()
    )


def row_of(made: dict[str, Any]) -> Conversation:
    return Conversation.all_workspaces.select_related("ticket", "assistant_thread").get(public_id=made["id"])


def thread_of(made: dict[str, Any]) -> AssistantThread:
    return AssistantThread.all_workspaces.select_related("conversation").get(conversation__public_id=made["id"])


def answered(api: Posthog, content: str, **body: Any) -> dict[str, Any]:
    """Ask, let the worker answer, and read the conversation."""
    made = asked(api, content, **body)
    work(made)
    now: dict[str, Any] = read(api, made)
    return now


def run_reactions() -> None:
    """Run the reactions to all events so far."""
    while journal.drain():
        pass

"""Which engine answers for a workspace."""

from __future__ import annotations

from accounts.models import Workspace
from conversations.assistant.choice import OPENAI, choice
from conversations.assistant.engines.protocol import Engine


def of(workspace: Workspace) -> Engine:
    """The workspace's engine."""
    from conversations.assistant.engines import builtin, openai

    return openai.OpenAI() if choice(workspace).engine == OPENAI else builtin.Builtin()

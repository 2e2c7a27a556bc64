"""`manage.py set_assistant --workspace SLUG --engine builtin|openai [--approve-ai]`"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from accounts import actions, clock
from accounts.management.base import DeskCommand, find_workspace, system
from conversations.assistant.engine import ENGINES, OPENAI, Choice


class Command(DeskCommand):
    """Chooses which engine drafts a workspace's answers."""

    help = """Choose which engine drafts answers in a workspace.

The engine builtin needs nothing outside the desk: it offers what solved similar conversations before. The engine openai
asks the OpenAI-compatible service at ASSISTANT_BASE_URL; it answers only once the workspace has approved, by --approve-ai,
that what customers write leaves the desk. Without --approve-ai an approval that was given is taken back.

Example: manage.py set_assistant --workspace acme --engine openai --approve-ai"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG", help="whose assistant it is")
        parser.add_argument("--engine", required=True, choices=ENGINES, help="who drafts")
        parser.add_argument("--approve-ai", action="store_true", help="customers' messages may leave the desk")

    def run(self, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        chosen = Choice(engine=options["engine"], is_approved=options["approve_ai"])
        actions.update_workspace(workspace=workspace, settings=chosen.settings, by=system(workspace), at=clock.now())
        if chosen.engine == OPENAI and not settings.ASSISTANT_BASE_URL:
            self.say("ASSISTANT_BASE_URL is not set: the engine will give no drafts until it is.")
        if not chosen.is_allowed:
            self.say("The engine will give no drafts until the workspace approves: add --approve-ai.")
        self.say(f"{workspace.slug}: {chosen.engine}, data may {'' if chosen.is_approved else 'not '}leave the desk.")

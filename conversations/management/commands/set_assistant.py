"""`manage.py set_assistant --workspace SLUG --engine builtin|openai [--approve-ai] [--hand-over auto|ask] [--budget N]`"""

from __future__ import annotations

from argparse import ArgumentTypeError
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from accounts import actions, clock
from accounts.management.base import DeskCommand, find_workspace, system
from conversations.assistant import choice as choices
from conversations.assistant.choice import ENGINES, OPENAI, HandOver


def budget(given: str) -> str:
    """An amount, or `none`."""
    try:
        amount = None if given == "none" else Decimal(given)
    except InvalidOperation as error:
        raise ArgumentTypeError("an amount such as 20 or 12.50, or none") from error
    if amount is not None and not 0 <= amount <= choices.HIGHEST_BUDGET:
        raise ArgumentTypeError(f"an amount from 0 to {choices.HIGHEST_BUDGET}, or none")
    return given


class Command(DeskCommand):
    """Chooses the engine that answers in a workspace, and its settings."""

    help = """Choose the engine that answers and suggests replies in a workspace, and its settings.

The engine builtin works offline, from articles, macros and resolved conversations. The engine openai uses the
OpenAI-compatible service at ASSISTANT_BASE_URL. It needs --approve-ai, which allows sending customer messages to the
model; running the command without --approve-ai withdraws that approval.

When it has no answer, the assistant hands over (--hand-over auto) or asks the customer first (ask). Messages with all
words of a --topic are handed over at once. A --budget limits the spending in a calendar month, in the currency of
ASSISTANT_PRICE_PROMPT; none removes the limit. Options that are not given stay unchanged.

Example: manage.py set_assistant --workspace acme --engine openai --approve-ai --budget 20 --topic "refund" --topic legal"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG", help="the workspace of the assistant")
        parser.add_argument("--engine", required=True, choices=ENGINES, help="the engine")
        parser.add_argument("--approve-ai", action="store_true", help="allow sending customer messages to the model")
        parser.add_argument("--hand-over", choices=[*HandOver], help="what to do when it has no answer")
        parser.add_argument("--topic", action="append", metavar="WORDS", help="a topic for people; can be repeated")
        parser.add_argument("--no-topics", action="store_true", help="remove all topics for people")
        parser.add_argument("--budget", type=budget, metavar="AMOUNT", help="per calendar month, or none")

    def run(self, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        chosen = replace(choices.choice(workspace), engine=options["engine"], is_approved=options["approve_ai"])
        if options.get("hand_over"):
            chosen = replace(chosen, hand_over=HandOver(options["hand_over"]))
        if options.get("topic") or options.get("no_topics"):
            chosen = replace(chosen, topics=choices.clean_topics(options.get("topic") or []))
        if options.get("budget"):
            chosen = replace(chosen, budget=None if options["budget"] == "none" else Decimal(options["budget"]))
        actions.update_workspace(workspace=workspace, settings=chosen.settings, by=system(workspace), at=clock.now())
        if chosen.engine == OPENAI and not settings.ASSISTANT_BASE_URL:
            self.say("ASSISTANT_BASE_URL is not set: the engine gives no answers until it is set.")
        if not chosen.is_allowed:
            self.say("The engine gives no answers until customer messages may be sent: add --approve-ai.")
        self.say(
            f"{workspace.slug}: {chosen.engine}, customer messages {'may' if chosen.is_approved else 'may not'} be sent to the model."
        )

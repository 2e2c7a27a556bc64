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
from conversations.assistant import engine
from conversations.assistant.engine import ENGINES, OPENAI, HandOver


def budget(given: str) -> str:
    """An amount, or `none`."""
    try:
        amount = None if given == "none" else Decimal(given)
    except InvalidOperation as error:
        raise ArgumentTypeError("an amount such as 20 or 12.50, or none") from error
    if amount is not None and not 0 <= amount <= engine.HIGHEST_BUDGET:
        raise ArgumentTypeError(f"an amount from 0 to {engine.HIGHEST_BUDGET}, or none")
    return given


class Command(DeskCommand):
    """Chooses which engine answers in a workspace, and what it may do."""

    help = """Choose which engine answers and drafts in a workspace, and what it may do.

The engine builtin needs nothing outside the desk: it answers from articles, macros and solved conversations. The engine
openai asks the OpenAI-compatible service at ASSISTANT_BASE_URL; it answers only once the workspace has approved, by
--approve-ai, that what customers write leaves the desk. Without --approve-ai an approval that was given is taken back.

Where it knows no answer the assistant calls people in (--hand-over auto), or asks the customer first (ask). Messages with
all the words of a --topic go to people at once. A --budget is the most that may be spent in a calendar month, in the
currency of ASSISTANT_PRICE_PROMPT; none lifts it. What is not named stays as it is.

Example: manage.py set_assistant --workspace acme --engine openai --approve-ai --budget 20 --topic "refund" --topic legal"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG", help="whose assistant it is")
        parser.add_argument("--engine", required=True, choices=ENGINES, help="who answers")
        parser.add_argument("--approve-ai", action="store_true", help="customers' messages may leave the desk")
        parser.add_argument("--hand-over", choices=[*HandOver], help="what to do where it knows no answer")
        parser.add_argument("--topic", action="append", metavar="WORDS", help="left to people; may be repeated")
        parser.add_argument("--no-topics", action="store_true", help="leave no topic to people")
        parser.add_argument("--budget", type=budget, metavar="AMOUNT", help="for a calendar month, or none")

    def run(self, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        chosen = replace(engine.choice(workspace), engine=options["engine"], is_approved=options["approve_ai"])
        if options.get("hand_over"):
            chosen = replace(chosen, hand_over=HandOver(options["hand_over"]))
        if options.get("topic") or options.get("no_topics"):
            chosen = replace(chosen, topics=engine.clean_topics(options.get("topic") or []))
        if options.get("budget"):
            chosen = replace(chosen, budget=None if options["budget"] == "none" else Decimal(options["budget"]))
        actions.update_workspace(workspace=workspace, settings=chosen.settings, by=system(workspace), at=clock.now())
        if chosen.engine == OPENAI and not settings.ASSISTANT_BASE_URL:
            self.say("ASSISTANT_BASE_URL is not set: the engine will give no answers until it is.")
        if not chosen.is_allowed:
            self.say("The engine will give no answers until the workspace approves: add --approve-ai.")
        self.say(f"{workspace.slug}: {chosen.engine}, data may {'' if chosen.is_approved else 'not '}leave the desk.")

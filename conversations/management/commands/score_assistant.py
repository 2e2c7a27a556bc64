"""`manage.py score_assistant --workspace SLUG [--most N]`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts import tenancy
from accounts.management.base import DeskCommand, find_workspace
from conversations.assistant import scoring
from conversations.assistant.engines import builtin


class Command(DeskCommand):
    """Tries the assistant's knowledge on the workspace's own history."""

    help = """Test the assistant on the workspace's own history, and print how often it would have been right.

The first question of each resolved conversation is looked up without that conversation. Nothing leaves the installation,
and nothing is changed. Low numbers mean that articles are missing; wrong answers are listed.

Example: manage.py score_assistant --workspace acme --most 500"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG", help="the workspace whose history is used")
        parser.add_argument(
            "--most", type=int, default=200, metavar="N", help="how many conversations, the newest first"
        )

    def run(self, **options: Any) -> None:
        with tenancy.scope(find_workspace(options["workspace"])):
            tried = scoring.trials(max(1, options["most"]))
        self.stdout.write(f"{len(tried)} resolved conversations tried; the assistant answers from {builtin.ENOUGH} on.")
        if not tried:
            return
        self.stdout.write(f"{'from':>6} {'answered':>9} {'right':>6} {'of those':>9}")
        for score in scoring.scores(tried):
            rate = f"{100 * score.right / score.answered:.0f} %" if score.answered else "–"
            self.stdout.write(f"{score.threshold:>6} {score.answered:>9} {score.right:>6} {rate:>9}")
        for trial in tried:
            if trial.share is not None and trial.share >= builtin.ENOUGH and not trial.is_right:
                self.stdout.write(
                    f"Wrong: #{trial.number} would have been answered from {trial.label} ({trial.share:.2f})."
                )

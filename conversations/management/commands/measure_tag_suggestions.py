"""`manage.py measure_tag_suggestions --workspace SLUG [--most N]`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts import clock, tenancy
from accounts.management.base import DeskCommand, find_workspace
from accounts.permissions import Actor
from conversations.knowledge import tagging


class Command(DeskCommand):
    """Tries the suggestion of tags on the workspace's own history."""

    help = """Measure on the workspace's own history how often suggested tags would have been right, and keep the result.

Each of the newest tagged conversations is tried as if it had no tags, by all the others. Tags are suggested where more than
60 % of them would have been right, and nowhere else; a task measures again every night. Nothing leaves the installation.

Example: manage.py measure_tag_suggestions --workspace acme --most 500"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG", help="the workspace whose history is used")
        parser.add_argument(
            "--most", type=int, default=300, metavar="N", help="how many conversations, the newest first"
        )

    def run(self, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        by = Actor.system(workspace.pk)
        with tenancy.scope(workspace):
            found = tagging.measure(workspace, max(1, options["most"]), by=by, at=clock.now())
        self.stdout.write(f"{found[0].tried} tagged conversations tried.")
        self.stdout.write(f"{'from':>6} {'suggested':>10} {'right':>6} {'precision':>10} {'coverage':>9}")
        for score in found:
            self.stdout.write(
                f"{score.threshold:>6} {score.suggested:>10} {score.right:>6} {score.precision:>10.0%} {score.coverage:>9.0%}"
            )
        chosen = tagging.best(found)
        if chosen is None:
            self.stdout.write("No tags are suggested: too few of them would have been right.")
        else:
            self.stdout.write(f"Tags are suggested from {chosen.threshold} on.")
